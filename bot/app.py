"""The bot's life on the event loop: wired here, and nowhere else."""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Any

from telegram.error import BadRequest, NetworkError, TelegramError
from telegram.ext import Application

from bot.banner import log_banner
from bot.begun import Begun, path_beside
from bot.calls import CallRequest
from bot.capability import App, Capability, Context
from bot.catalogue import health_of, install, make_catalogue
from bot.caution import Caution
from bot.database import Database
from bot.dispatch import TrackedProcessor
from bot.exits import Exit, ExitCode
from bot.figures import Figures, Phase
from bot.heartbeat import beat, beat_interval, report_upward
from bot.notices.notices import Notices
from bot.notify import Notifier
from bot.parts import Parts
from bot.polling import PollingRequest, await_death, describe_error
from bot.quarantine import Quarantine
from bot.receiving import Receiver, make_receiver
from bot.report import Reporter
from bot.sending import make_limiter
from bot.sessions import Sessions
from bot.settings import READ_TIMEOUT, Settings
from bot.shutdown import wind_down
from bot.startup import come_up, explain_death
from bot.stop import StopRequest
from bot.webhook.registration import CarefulBot

_log = logging.getLogger("bot")


async def live(
    settings: Settings, figures: Figures, reporter: Reporter, stop: StopRequest, database: Database
) -> ExitCode:
    """Poll until a stop is asked for; raises `Exit` when the bot cannot go on."""
    stop.attach()
    sessions = Sessions(database, settings.guards.session_seconds)
    begun = Begun(path_beside(database.path))
    notices = Notices("" if settings.notices.missing else settings.notices.chat)
    parts = Parts(settings, figures, reporter, database, sessions, begun, notices)
    catalogue = make_catalogue(parts)
    quarantine = Quarantine(database, figures, settings.clean)
    application, receiver = assemble(parts, catalogue, quarantine)
    notifier = Notifier()
    pulse = asyncio.create_task(beat(figures, beat_interval(settings.loop_stale_seconds)))
    ending: Exit | None = None
    try:
        await stop.interrupts(_serve(application, receiver, parts, catalogue, notifier, quarantine))
    except Exit as exit_wish:
        ending = exit_wish
    last_words = _say_last_words(application, parts, catalogue, ending)
    await _end(application, receiver, figures, notifier, stop, ending, last_words)
    pulse.cancel()
    if ending is not None:
        raise ending
    return ExitCode.CLEAN


def assemble(
    parts: Parts, catalogue: Sequence[Capability], quarantine: Quarantine
) -> tuple[App, Receiver]:
    """The library's application with our bot, dispatcher and handlers in it, and its receiver."""
    settings, figures = parts.settings, parts.figures
    bot = make_bot(parts, quarantine)
    application: App = (
        Application.builder()
        .bot(bot)
        .concurrent_updates(TrackedProcessor(figures, Caution(parts.begun, quarantine)))
        .build()
    )
    log_banner(settings, catalogue)
    install(application, catalogue)
    application.add_error_handler(_make_error_handler(figures))
    parts.reporter.capabilities = lambda: health_of(catalogue)
    return application, make_receiver(application, bot, parts, quarantine)


def make_bot(parts: Parts, quarantine: Quarantine) -> CarefulBot:
    """The library's bot with our requests and our limiter."""
    settings, figures = parts.settings, parts.figures
    return CarefulBot(
        token=settings.token,
        base_url=settings.base_url,
        base_file_url=settings.base_file_url,
        request=CallRequest(figures),
        get_updates_request=PollingRequest(figures, READ_TIMEOUT, parts.begun, quarantine),
        rate_limiter=make_limiter(),
    )


async def _serve(
    application: App,
    receiver: Receiver,
    parts: Parts,
    catalogue: Sequence[Capability],
    notifier: Notifier,
    quarantine: Quarantine,
) -> None:
    settings, figures = parts.settings, parts.figures
    await come_up(application, settings, figures, receiver)
    how = "Taking deliveries" if settings.webhook.on else "Polling"
    _log.info("%s as @%s (id %d)", how, figures.username, figures.bot_id)
    notifier.ready("running")
    begun = [one.started(application) for one in catalogue if one.on and one.started]
    tasks = [
        asyncio.create_task(work)
        for work in (report_upward(notifier, parts.reporter), quarantine.watch(), *begun)
    ]
    try:
        error = await await_death(figures)
    finally:
        for task in tasks:
            task.cancel()
    raise await explain_death(error, application, settings, figures)


async def _end(
    application: App,
    receiver: Receiver,
    figures: Figures,
    notifier: Notifier,
    stop: StopRequest,
    ending: Exit | None,
    last_words: Coroutine[Any, Any, None],
) -> None:
    figures.phase = Phase.STOPPING
    figures.note = f"The bot is ending: {ending.reason}" if ending else None
    notifier.stopping(figures.note or "stopping")
    stop.start_deadline(stop.seconds)
    await wind_down(application, figures, stop, receiver.end(), last_words)
    stop.code = ending.code if ending else ExitCode.CLEAN


async def _say_last_words(
    application: App, parts: Parts, catalogue: Sequence[Capability], ending: Exit | None
) -> None:
    """Who never served has nothing to say."""
    if parts.figures.username is None:
        return
    reason = ending.reason if ending else None
    for one in catalogue:
        if one.on and one.ended:
            await one.ended(application, reason)


def _make_error_handler(figures: Figures) -> Any:
    async def on_error(update: object, context: Context) -> None:
        figures.handlers.failed += 1
        error = context.error
        if isinstance(error, TelegramError):
            # To the library a request that was refused is a trouble of the network, too.
            away = isinstance(error, NetworkError) and not isinstance(error, BadRequest)
            kind = "is not reachable" if away else "says no"
            _log.warning("A handler failed, Telegram %s: %s", kind, describe_error(error))
        else:
            _log.error("A handler failed", exc_info=error)

    return on_error
