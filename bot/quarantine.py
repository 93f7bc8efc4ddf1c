"""Where poison goes: counted, said in the log, and kept to be looked at.

Two kinds: *unreadable* updates, which the library cannot parse, and *deadly* ones, at which one
incarnation after the other came to its end. What cannot be kept is left out all the same.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

from telegram import Update

from bot.begun import MOST_STRIKES
from bot.database import Database, DatabaseError
from bot.figures import Figures
from bot.poison import Skipped
from bot.poison_store import Poison, PoisonStore
from bot.poison_text import show_update
from bot.redaction import redact

_COUNT_SECONDS = 60.0  # how often it is looked whether somebody has forgotten some

_log = logging.getLogger("bot.quarantine")


class Quarantine:
    """The quarantine of one bot."""

    def __init__(
        self, database: Database, figures: Figures, clean: Callable[[str], str] = str
    ) -> None:
        self._store = PoisonStore(database)
        self._figures = figures
        self._mask = clean

    async def skip(self, skipped: Skipped) -> None:
        """Keep an update that nobody can parse."""
        number, error = skipped.update_id, skipped.error[:500]
        _log.error("Skipped the update %s, no one can parse it: %s", number, error)
        self._figures.poison.unreadable += 1
        await self._keep("unreadable", number, error, skipped.update)

    async def set_aside(self, update: Update) -> None:
        """Keep an update that is not begun any more."""
        number = update.update_id
        _log.error(
            "Set aside the update %d: the bot ended %d times while it was at it",
            number,
            MOST_STRIKES,
        )
        self._figures.poison.deadly += 1
        error = f"begun {MOST_STRIKES} times, and each time the bot came to its end"
        await self._keep("deadly", number, error, update.to_dict())

    async def watch(self) -> None:
        """Count what is kept, now and again: somebody may have looked and forgotten."""
        while True:
            await self._count()
            await asyncio.sleep(_COUNT_SECONDS)

    async def _keep(self, kind: str, update_id: int | None, error: str, content: Any) -> None:
        figures = self._figures.poison
        figures.last = self._figures.clock()
        shown = show_update(content, self._clean)
        poison = Poison(0, update_id, time.time(), kind, self._clean(error), shown)
        try:
            figures.kept = await self._store.add(poison)
        except DatabaseError as failure:
            figures.kept = None
            _log.error(
                "The poisoned update %s is lost, it could not be kept: %s", update_id, failure
            )

    def _clean(self, text: str) -> str:
        return self._mask(redact(text))

    async def _count(self) -> None:
        try:
            self._figures.poison.kept = await self._store.count()
        except DatabaseError:
            self._figures.poison.kept = None
