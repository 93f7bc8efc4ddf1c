"""The commands every bot has: /start, /help, /status, /whoami, and an echo for the rest."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.capability import NEW_MESSAGES, Capability, Command, Context
from bot.database import DatabaseError
from bot.guards.settings import HOUR, GuardSettings
from bot.parting import all_parts
from bot.parts import Parts
from bot.sessions import Session
from bot.status import bot_view, watchdog_view
from bot.times import stamp

_log = logging.getLogger("bot")


def make_basics(parts: Parts, help_text: Callable[[bool], str]) -> Capability:
    """The capability that is always on; `help_text` lists what all capabilities offer."""
    basics = _Basics(parts, help_text)
    return Capability(
        name="basics",
        rest="Anything else is sent back to you.",
        commands=(
            Command("start", "who you are to me", basics.start),
            Command("help", "this list", basics.show_help),
            Command("status", "how I am, and what the watchdog says", basics.status),
            Command("whoami", "what I know of you", basics.whoami),
        ),
        fallbacks=(
            MessageHandler(filters.COMMAND & filters.ChatType.PRIVATE & NEW_MESSAGES, _unknown),
            # In a group it would repeat every word.
            MessageHandler(
                filters.TEXT & ~filters.COMMAND & filters.ChatType.PRIVATE & NEW_MESSAGES,
                basics.echo,
            ),
        ),
    )


class _Basics:
    """The everyday commands."""

    def __init__(self, parts: Parts, help_text: Callable[[bool], str]) -> None:
        self._guards, self._clean = parts.settings.guards, parts.settings.clean
        self._reporter, self._sessions = parts.reporter, parts.sessions
        self._help_text = help_text

    async def start(self, update: Update, context: Context) -> None:
        """Who somebody is, which has to be known before ALLOWED_USERS can be set."""
        user = update.effective_user
        who = f"your user id is {user.id}" if user else "you have no user id here"
        _log.info("/start from User ID: %s", user.id if user else None)
        await answer(update, f"Hello, {who}. /help lists what I can do.")

    async def show_help(self, update: Update, context: Context) -> None:
        """What there is."""
        await answer(update, self._help_text(self._lists(update)))

    async def status(self, update: Update, context: Context) -> None:
        """How the bot is, from inside and from outside."""
        listed = self._lists(update)
        lines = [*bot_view(self._reporter, listed), *await watchdog_view(os.environ, listed)]
        await answer(update, "\n".join(lines))

    async def whoami(self, update: Update, context: Context) -> None:
        """What is known of somebody."""
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None:
            return
        session = None
        with suppress(DatabaseError):
            session = await self._sessions.find(chat.id, user.id, time.time())
        name = f" (@{user.username})" if user.username else ""
        lines = [
            f"user id: {user.id}{name}",
            f"chat id: {chat.id}",
            f"on the list of users: {_describe_listing(self._guards, user.id)}",
            _describe_session(session, self._sessions.ttl),
        ]
        await answer(update, "\n".join(lines))

    async def echo(self, update: Update, context: Context) -> None:
        """Send back what nobody else wants."""
        if update.effective_message is not None and update.effective_message.text:
            await answer(update, self._clean(update.effective_message.text))

    def _lists(self, update: Update) -> bool:
        return self._guards.lists(update.effective_user.id if update.effective_user else None)


async def answer(update: Update, text: str) -> None:
    """Reply to the message in `update`, if it has one, in as many messages as are needed."""
    if update.effective_message is not None:
        for message in all_parts(text):
            await update.effective_message.reply_text(message)


def _describe_listing(guards: GuardSettings, user: int) -> str:
    if not guards.allowed_users:
        return "there is none"
    return "yes" if guards.lists(user) else "no"


def _describe_session(session: Session | None, ttl: float) -> str:
    if session is None:
        return "session: none"
    end = f"ends {ttl / HOUR:g} h after the last"
    return f"session: since {stamp(session.began)}, messages: {session.messages}, {end}"


async def _unknown(update: Update, context: Context) -> None:
    await answer(update, "I do not know this command. /help lists those I do.")
