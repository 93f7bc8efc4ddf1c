"""Memory of a program's tree, looked at only where a limit is configured."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from msgspec import Struct

from watchdog.core.events import Event, Overweight

PERIOD = 5.0  # seconds between two looks; supervisor's memmon looks every 60 s
MEGABYTE = 1024 * 1024


class Limit(Struct, frozen=True):
    """What one incarnation may use."""

    incarnation: int
    maximum: int  # bytes


def verdict(limit: Limit, bytes_used: int) -> Overweight | None:
    """Whether it is too much."""
    if bytes_used <= limit.maximum:
        return None
    return Overweight(
        limit.incarnation, f"memory: {_mb(bytes_used)} used, {_mb(limit.maximum)} allowed"
    )


def _mb(size: int) -> str:
    return f"{size / MEGABYTE:.0f} MB"


class MemoryWatch:
    """Posts Overweight, once an incarnation. Without limits there is no timer.

    `used` tells the bytes that a program's tree uses (`Processes.memory`).
    """

    def __init__(
        self,
        post: Callable[[str, Event], None],
        used: Callable[[str], int],
        period: float = PERIOD,
    ) -> None:
        self._post, self._used, self._period = post, used, period
        self._limits: dict[str, Limit] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, program: str, incarnation: int, maximum: int) -> None:
        """Begin to look at this incarnation; `maximum` is in bytes."""
        self._limits[program] = Limit(incarnation, maximum)
        self._arm()

    def forget(self, program: str) -> None:
        """Stop looking at the program."""
        self._limits.pop(program, None)
        if not self._limits and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _arm(self) -> None:
        if self._timer is None and self._limits:
            self._timer = asyncio.get_running_loop().call_later(self._period, self._look)

    def _look(self) -> None:
        self._timer = None
        for program, limit in list(self._limits.items()):
            event = verdict(limit, self._used(program))
            if event is not None:
                del self._limits[program]
                self._post(program, event)
        self._arm()
