"""What a person is told in TG_CHAT_ID of the bot's life: starts, stops, troubles, panic runs."""

import asyncio
import logging
import time

from bot.capability import App, Capability
from bot.database import DatabaseError
from bot.notices.life import Life, LifeStore
from bot.notices.news import Newsroom
from bot.parts import Parts

_LOOK_SECONDS = 5.0

_log = logging.getLogger("bot.notices")


def make_notices(parts: Parts) -> Capability:
    """Off until TG_CHAT_ID is set."""
    settings = parts.settings.notices
    told = _Told(parts)
    return Capability(
        name="notifications",
        missing=settings.missing,
        details=(f"Told is the chat {settings.chat}",) if settings.chat else (),
        figures=parts.notices.figures,
        started=told.live,
        ended=told.end,
    )


class _Told:
    """What is told, and when."""

    def __init__(self, parts: Parts) -> None:
        self._parts, self._notices = parts, parts.notices
        self._store = LifeStore(parts.database)
        self._up = self._started = False

    async def live(self, application: App) -> None:
        """Tell the start, then what there is to tell, until cancelled."""
        await self._tell_start()
        watch = asyncio.create_task(self._watch())
        try:
            await self._notices.work(application.bot)
        finally:
            watch.cancel()

    async def end(self, application: App, reason: str | None) -> None:
        """Tell the stop; what still waits is sent before it. Who never came up tells nothing."""
        if not self._up:
            return
        try:
            await self._store.end()
        except DatabaseError as error:
            _log.warning("The next start will not know that this stop was in order: %s", error)
        if self._started:
            self._notices.post(f"{self._name()} stops. {reason or 'It was told to.'}")
        await self._notices.drain(application.bot)

    async def _tell_start(self) -> None:
        self._up = True
        try:
            life = await self._store.begin(time.time())
        except DatabaseError:
            life = Life()
        self._started = life.worth_telling
        if life.worth_telling:
            self._notices.post(" ".join([f"{self._name()} is up.", *life.remarks()]))

    async def _watch(self) -> None:
        newsroom = Newsroom()
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            clock = self._parts.figures.clock()
            for text in newsroom.hear(self._parts.reporter.verdict(), clock):
                self._notices.post(f"{self._name()}: {text}")

    def _name(self) -> str:
        figures = self._parts.figures
        return f"@{figures.username}" if figures.username else f"The bot {figures.bot_id}"
