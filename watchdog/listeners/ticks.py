"""Tells the time to those who asked: every 5, 60 or 3600 seconds of the wall clock.

There is one timer, for the next tick that somebody subscribes to, and none if nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PERIODS = (5, 60, 3600)
"""Seconds between two ticks of one kind; at the multiples of it in Unix time, as supervisor has."""


class Ticks:
    """Publishes TICK events."""

    def __init__(
        self,
        publish: Callable[[str, str], None],
        wanted: Callable[[str], bool],
        wall: Callable[[], float],
    ) -> None:
        self._publish = publish
        self._wanted = wanted
        self._wall = wall
        self._last: dict[int, int] = {}  # the tick that was told, or that was on when we began
        self._timer: asyncio.TimerHandle | None = None

    def arm(self) -> None:
        """Begin or stop, as the subscriptions are now."""
        self.close()
        now = self._wall()
        periods = [period for period in PERIODS if self._wanted(f"TICK_{period}")]
        self._last = {period: self._last.get(period, floor(now, period)) for period in periods}
        if periods:
            wait = min(floor(now, period) + period - now for period in periods)
            self._timer = asyncio.get_running_loop().call_later(wait, self._ring)

    def close(self) -> None:
        """No more ticks."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self) -> None:
        now = self._wall()
        for period, last in list(self._last.items()):
            this = floor(now, period)
            if this != last:  # also when the clock was set back
                self._last[period] = this
                self._publish(f"TICK_{period}", f"when:{this}")
        self.arm()


def floor(now: float, period: int) -> int:
    """The latest multiple of the period."""
    return int(now - now % period)
