"""Coming up: reach the server, see that the token is accepted, leave a webhook alone, then poll.

A server that cannot be reached is tried for a bounded time and then left to the supervisor (75).
A refused token is asked about twice, because a captive portal answers 404 too (77). A webhook is
somebody's production: starting to poll would delete it, so it is refused (78) unless told so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from telegram.error import InvalidToken, TelegramError

from bot.capability import App
from bot.exits import Exit, ExitCode
from bot.figures import Figures, Phase
from bot.polling import begin_handling, begin_polling, describe_error, pause_after
from bot.settings import Settings

Step = Callable[[], Awaitable[None]]

_log = logging.getLogger("bot.startup")


async def come_up(application: App, settings: Settings, figures: Figures) -> None:
    """Bring the bot from nothing to polling; raises `Exit` 75, 77 or 78."""
    deadline = figures.clock() + settings.startup_seconds

    async def patiently(step: Step) -> None:
        await _try_until(deadline, step, settings, figures)

    await patiently(application.initialize)
    figures.username = application.bot.username
    await patiently(lambda: _mind_webhook(application, settings))
    await patiently(lambda: begin_polling(application, figures, settings.poll_timeout))
    await begin_handling(application, figures)
    figures.phase, figures.note = Phase.SERVING, None


async def _try_until(deadline: float, step: Step, settings: Settings, figures: Figures) -> None:
    """Repeat `step` until it works, or its next try would come after `deadline`."""
    attempt = refusals = 0
    while True:
        try:
            return await step()
        except InvalidToken as error:
            refusals += 1
            pause, found = settings.token_confirm_seconds, describe_error(error)
            figures.note = f"Telegram refuses the bot token ({found}), asking once more"
            if refusals > 1:
                raise refused(settings) from None
        except TelegramError as error:
            pause, found = pause_after(error, attempt), describe_error(error)
            figures.note = f"{settings.api_root} does not answer as it should yet ({found})"
            if figures.clock() + pause > deadline:
                raise _unreachable(settings, found) from None
        attempt += 1
        _log.warning("%s; next try in %.1f s", figures.note, pause)
        await asyncio.sleep(pause)


async def _mind_webhook(application: App, settings: Settings) -> None:
    webhook = await application.bot.get_webhook_info()
    if not webhook.url:
        return
    if not settings.delete_webhook:
        raise Exit(
            ExitCode.CONFIG,
            f"a webhook is set for this bot ({webhook.url}), and polling would delete it; "
            "delete it yourself, or set BOT_DELETE_WEBHOOK=true",
        )
    _log.warning("Deleting the webhook %s, as BOT_DELETE_WEBHOOK says", webhook.url)


async def explain_death(
    error: BaseException, application: App, settings: Settings, figures: Figures
) -> Exit:
    """Why polling died, once getMe has been asked: 77 for a refused token, else 1 to restart."""
    if not isinstance(error, InvalidToken):
        _log.critical("Polling died of an unexpected error", exc_info=error)
        return Exit(ExitCode.CRASH, f"polling died: {describe_error(error)}")
    _log.error("Polling died: the token was refused; asking once more with getMe")
    await asyncio.sleep(settings.token_confirm_seconds)
    return await _ask_again(application, settings, figures)


async def _ask_again(application: App, settings: Settings, figures: Figures) -> Exit:
    try:
        await application.bot.get_me()
    except InvalidToken:
        return refused(settings)
    except TelegramError as error:
        found = describe_error(error)
        return Exit(ExitCode.CRASH, f"polling died, and getMe has no answer either: {found}")
    return Exit(ExitCode.CRASH, "polling died of a refusal, but the token is accepted now")


def refused(settings: Settings) -> Exit:
    """The end of a bot whose token was refused twice."""
    return Exit(
        ExitCode.REFUSED,
        f"{settings.api_root} refuses the token of the bot {settings.bot_id}: it was revoked or "
        "mistyped; take the current one from @BotFather and set TELEGRAM_BOT_TOKEN",
    )


def _unreachable(settings: Settings, found: str) -> Exit:
    return Exit(
        ExitCode.TEMPORARY,
        f"{settings.api_root} could not be used for {settings.startup_seconds:g} s: {found}",
    )
