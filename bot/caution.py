"""How updates are begun: at once, alone, or not at all, by the strikes against them.

An update at which an earlier incarnation died is a suspect. Several were perhaps at work then, and
one of them is guilty: so suspects are begun one after the other, and nothing else meanwhile. Who is
innocent ends, and its strikes are forgotten; whoever is guilty gets the next strike alone, and is
set aside as poison after the third.
"""

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any

from telegram import Update

from bot.begun import MOST_STRIKES, Begun
from bot.quarantine import Quarantine

# A suspect has the bot to itself for so long at most: one that only waits must not hold it up.
LONGEST_ALONE = 10.0

_log = logging.getLogger("bot.caution")


class Caution:
    """Begins updates, with what is known of them."""

    def __init__(self, begun: Begun, quarantine: Quarantine) -> None:
        self._begun, self._quarantine = begun, quarantine
        self._lane = asyncio.Lock()  # fair: who came first goes first
        self._releases: set[asyncio.Task[None]] = set()  # the loop itself keeps no hold of a task

    async def handle(self, update: object, work: Awaitable[Any]) -> None:
        """Do the work on an update, unless that is known to end the process."""
        if not isinstance(update, Update):
            await work
            return
        number = update.update_id
        strikes = self._begun.strikes(number)
        if strikes >= MOST_STRIKES:
            _drop(work)
            await self._quarantine.set_aside(update)
            return
        if strikes or self._lane.locked():
            await self._lane.acquire()
            self._give_way(number, strikes)
        self._begun.begin(number)
        try:
            await work
        finally:
            self._begun.end(number)

    def _give_way(self, number: int, strikes: int) -> None:
        """Let the next one in: now, or for a suspect once all work on it has ended."""
        if not strikes:
            return self._lane.release()
        _log.warning("The bot ended %d times while it was at the update %d", strikes, number)
        over = asyncio.Event()
        timer = asyncio.get_running_loop().call_later(LONGEST_ALONE, over.set)
        self._begun.when_over(number, over.set)

        async def release() -> None:
            await over.wait()
            timer.cancel()
            self._lane.release()

        task = asyncio.create_task(release())
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)
        return None


def _drop(work: Awaitable[Any]) -> None:
    """End what was never begun, so that Python does not complain that nobody awaited it."""
    close = getattr(work, "close", None)
    if close is not None:
        close()
