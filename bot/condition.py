"""How a capability is that needs somebody else: well, or degraded because that one fails it.

Written by the event loop, read by the health thread: what is amiss is one attribute, replaced as a
whole. A degraded capability never makes the bot itself ill, for no restart would cure it.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

_log = logging.getLogger("bot.condition")


@dataclass(frozen=True)
class Trouble:
    """What is amiss, in a sentence without a full stop, and since when (`time.monotonic()`)."""

    reason: str
    since: float


class Condition:
    """The condition of one capability that is on."""

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self.trouble: Trouble | None = None
        self._clock = clock

    def figures(self) -> dict[str, Any]:
        """What /health says of it."""
        trouble = self.trouble
        if trouble is None:
            return {"state": "well", "reason": None, "since_seconds": None}
        since = round(self._clock() - trouble.since, 3)
        return {"state": "degraded", "reason": trouble.reason, "since_seconds": since}

    def well(self) -> None:
        """It works; said in the log if it did not before."""
        if self.trouble is not None:
            _log.info("The %s works again", self.name)
        self.trouble = None

    def fail(self, reason: str) -> None:
        """It does not work; said in the log once for each reason."""
        if self.trouble is None or self.trouble.reason != reason:
            _log.warning("The %s is degraded: %s", self.name, reason)
        since = self.trouble.since if self.trouble else self._clock()
        self.trouble = Trouble(reason, since)


@dataclass(frozen=True)
class Rhythm:
    """How long to wait between two looks, in seconds."""

    well: float
    ill: float


async def watch(condition: Condition, look: Callable[[], Awaitable[None]], rhythm: Rhythm) -> None:
    """Look at once, then in this rhythm, for ever; `look` tells the condition itself."""
    while True:
        await look()
        await asyncio.sleep(rhythm.ill if condition.trouble else rhythm.well)
