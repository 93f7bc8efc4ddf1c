"""Waiting for a lock: a try every second.

flock tells nobody when it is freed, except a thread that sleeps in it, and we have no threads to
spare; the abstract socket tells nobody either. One non-blocking try costs some 20 us.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PERIOD = 1.0  # seconds between two tries


class Standby:
    """Calls `attempt` until it returns True, or until it is closed."""

    def __init__(self, attempt: Callable[[], bool], period: float = PERIOD) -> None:
        self._attempt, self._period = attempt, period
        self._timer = self._arm()

    def close(self) -> None:
        """Stop trying."""
        self._timer.cancel()

    def hurry(self) -> None:
        """Try at once."""
        self._timer.cancel()
        self._try()

    def _arm(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._period, self._try)

    def _try(self) -> None:
        if not self._attempt():
            self._timer = self._arm()
