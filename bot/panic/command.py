"""/panic_close_all CODE: from the message to the outcome in the chat.

The order is what makes it safe: who, when and how it was sent; the code, judged and remembered in
one transaction together with the run it allows; only then the action, once. The message is deleted
whatever came of it. Nothing here logs a word of the message.
"""

import asyncio
import logging
import time
from typing import Any

from telegram import Bot, Message, Update
from telegram.error import BadRequest, Forbidden, TelegramError
from telegram.ext import filters

from bot.capability import App, Capability, Command, Context
from bot.database import DatabaseError
from bot.notices.notices import describe_run
from bot.panic.action import Action, Outcome, Run, run_action
from bot.panic.store import Attempt, PanicStore
from bot.panic.words import Request, late_news, refusal, screen, verdict_on
from bot.parts import Parts
from bot.redaction import redact

COMMAND = "panic_close_all"
# After an outcome could not be sent, how long to wait before each next try, in seconds.
_PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0)

_log = logging.getLogger("bot.panic")


def make_panic(parts: Parts) -> Capability:
    """The panic command; off until its three settings are set."""
    settings = parts.settings.panic
    panic = _Panic(parts) if settings.missing is None else None

    async def close_all(update: Update, context: Context) -> None:
        if panic is not None and update.effective_message and update.effective_user:
            await panic.respond(update, context)

    return Capability(
        name="panic",
        commands=(
            # Edited messages as well: a code in one is deleted, too.
            Command(COMMAND, "the emergency action, with a CODE", close_all, filters.ALL),
        ),
        missing=settings.missing,
        details=_describe(parts),
        figures=panic.figures if panic else dict,
        started=panic.tell_late if panic else None,
    )


def _describe(parts: Parts) -> tuple[str, ...]:
    settings = parts.settings.panic
    if settings.action is None:
        return ()
    people = len(settings.authorized_users)
    return (
        f"Action: {settings.action.title}, {settings.timeout_seconds:g} s at most",
        f"Authorized users: {people}",
    )


class _Panic:
    """The command at work."""

    def __init__(self, parts: Parts) -> None:
        import pyotp  # only who has set a secret waits for it

        settings = parts.settings.panic
        assert settings.action is not None
        self._settings, self._action = settings, settings.action
        self._clean, self._notices = parts.settings.clean, parts.notices
        self._store = PanicStore(parts.database, settings.otp_secret)
        self._codes = pyotp.TOTP(settings.otp_secret).generate_otp
        self._counts = {"runs": 0, "refused": 0, "failed": 0}
        self._running = 0

    def figures(self) -> dict[str, Any]:
        """For /health."""
        return {**self._counts, "running": self._running}

    async def respond(self, update: Update, context: Context) -> None:
        """Answer one message; whatever comes of it, it is deleted."""
        message, user = update.effective_message, update.effective_user
        assert message is not None and user is not None
        deletion = asyncio.create_task(_delete(message))
        words = context.args or []
        now = time.time()
        request = Request(
            user=user.id,
            date=message.date.timestamp(),
            repeated=message.forward_origin is not None or update.message is None,
            words=len(words),
        )
        reason = screen(request, self._settings, now)
        attempt = Attempt(user.id, message.chat_id, message.message_id, " ".join(words))
        run = None if reason else await self._judge(attempt, now, message)
        if reason:
            await self._refuse(message, user.id, reason)
        if run is not None:
            await self._execute(run, message.get_bot())
        if not await deletion:
            await _say(message, "I could not delete your message: please delete it yourself.")

    async def _judge(self, attempt: Attempt, now: float, message: Message) -> Run | None:
        try:
            judged = await self._store.judge(attempt, now, self._codes)
        except DatabaseError as error:
            _log.error("Panic: %s", error)
            text = "Nothing was done: my database fails, so this code cannot be marked as used."
            await self._refuse(message, attempt.user, text)
            return None
        if judged is None:
            _log.warning("Telegram sent again what has been run already; it is not run again")
            return None
        judgement, run = judged
        if run is None:
            await self._refuse(message, attempt.user, refusal(judgement))
        return run

    async def _refuse(self, message: Message, user: int, text: str) -> None:
        self._counts["refused"] += 1
        _log.warning("Panic refused to the user %d: %s", user, text)
        await _say(message, text)

    async def _execute(self, run: Run, bot: Bot) -> None:
        _log.warning("Panic %s by the user %d: %s", run.number, run.user, self._action.title)
        self._counts["runs"] += 1
        self._running += 1
        work = asyncio.create_task(self._act(self._action, run))
        try:
            # The action does not wait for Telegram, which may be what is slow today.
            await _try_to_send(bot, run.chat, f"Code accepted. Now: {self._action.title}.")
            text = await work
        finally:
            work.cancel()
            self._running -= 1
        self._notices.post(describe_run(str(run.number), run.user, text), run.chat)
        await self._tell(bot, run, text)

    async def _act(self, action: Action, run: Run) -> str:
        """Run it and keep the outcome; returns what the chat is told."""
        outcome = await run_action(action, run, self._settings.timeout_seconds)
        if not outcome.ok:
            self._counts["failed"] += 1
        text = self._clean(redact(verdict_on(Outcome(outcome.ok, outcome.text.strip()))))
        _log.warning("Panic %s: %s", run.number, " ".join(text.split()))
        try:
            await self._store.finish(run, text)
        except DatabaseError:
            text += "\n(My database fails: after a restart I shall call this outcome unknown.)"
        return text

    async def _tell(self, bot: Bot, run: Run, text: str) -> None:
        if await _send_patiently(bot, run.chat, text):
            await self._settle(run)

    async def _settle(self, run: Run) -> None:
        try:
            await self._store.settle(run)
        except DatabaseError:
            _log.error("Panic %s was told, but that cannot be stored: it is told again", run.number)

    async def tell_late(self, application: App) -> None:
        """At the start: tell what was cut off by the end of the bot before this one."""
        try:
            past_runs = await self._store.untold()
        except DatabaseError as error:
            _log.error("Panic: what was cut off before is not known: %s", error)
            return
        for past in past_runs:
            _log.warning("Panic %s was not told to the end; telling it now", past.run.number)
            await self._tell(application.bot, past.run, late_news(past))


async def _delete(message: Message) -> bool:
    try:
        return await message.delete()
    except TelegramError as error:
        # One that is gone already, because it was sent to us twice, is as good as deleted.
        return "not found" in str(error)


async def _say(message: Message, text: str) -> None:
    """Not as a reply: what it would quote is being deleted."""
    await _try_to_send(message.get_bot(), message.chat_id, text)


async def _try_to_send(bot: Bot, chat: int, text: str) -> None:
    try:
        await bot.send_message(chat, text)
    except TelegramError as error:
        _log.warning("Panic: the chat could not be told: %s", redact(str(error)))


async def _send_patiently(bot: Bot, chat: int, text: str) -> bool:
    """Whether the chat has been told, or never can be."""
    for pause in (*_PAUSES, 0.0):
        try:
            await bot.send_message(chat, text)
            return True
        except (Forbidden, BadRequest) as error:
            _log.error("Panic: the chat cannot be told the outcome: %s", redact(str(error)))
            return True
        except TelegramError as error:
            _log.warning("Panic: the outcome was not delivered: %s", redact(str(error)))
            await asyncio.sleep(pause)
    return False
