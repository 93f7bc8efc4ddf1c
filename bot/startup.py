"""Coming up: reach the server, see that the token is accepted, then let updates come.

A server that cannot be reached is tried for a bounded time and then left to the supervisor (75).
A refused token is asked about twice, because a captive portal answers 404 too (77). What
else may stand against it (a webhook that is somebody else's: 78) the receiver knows.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from telegram.error import InvalidToken, TelegramError

from bot.capability import App
from bot.exits import Exit, ExitCode
from bot.figures import Figures, Phase
from bot.polling import begin_handling, describe_error, pause_after
from bot.receiving import Receiver
from bot.settings import Settings
from bot.times import stamp

Step = Callable[[], Awaitable[None]]

_log = logging.getLogger("bot.startup")


async def come_up(
    application: App, settings: Settings, figures: Figures, receiver: Receiver
) -> None:
    """Bring the bot from nothing to receiving updates; raises `Exit` 75, 77 or 78."""
    await _try_for_a_while(application.initialize, settings, figures)
    figures.username = application.bot.username
    await _wait_to_poll(settings, figures)
    await _try_for_a_while(receiver.begin, settings, figures)
    await begin_handling(application, figures)
    figures.phase, figures.note = Phase.SERVING, None


async def _try_for_a_while(step: Step, settings: Settings, figures: Figures) -> None:
    await _try_until(figures.clock() + settings.startup_seconds, step, settings, figures)


async def _wait_to_poll(settings: Settings, figures: Figures) -> None:
    """Give whoever polled before us the time to end."""
    seconds = 0.0 if settings.webhook.on else settings.polling_delay
    if not seconds:
        return
    until = stamp(time.time() + seconds)
    figures.note = f"polling begins at {until}, after {seconds:g} s (TG_POLLING_STARTUP_DELAY)"
    _log.info("%s", figures.note)
    await asyncio.sleep(seconds)


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
