"""Handling updates side by side, so that one stuck handler holds up nobody else."""

from collections.abc import Awaitable
from typing import Any

from telegram.ext import BaseUpdateProcessor

from bot.caution import Caution
from bot.figures import Figures

# The library's own number for "concurrent"; beyond it updates wait in memory.
MOST_AT_ONCE = 256


class TrackedProcessor(BaseUpdateProcessor):
    """Runs up to 256 handlers at once, and notes when each began and ended."""

    def __init__(self, figures: Figures, caution: Caution) -> None:
        super().__init__(MOST_AT_ONCE)
        self._figures, self._caution = figures, caution

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        handlers = self._figures.handlers
        number = handlers.begin(self._figures.clock())
        try:
            await self._caution.handle(update, coroutine)
        finally:
            handlers.end(number, self._figures.clock())

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to put away."""
