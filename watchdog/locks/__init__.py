"""The locks of one machine: who may run, and who does.

The operating system's second lock is chosen here, once.
"""

from __future__ import annotations

import sys

from watchdog.locks.identity import file_name, reduce, socket_name
from watchdog.locks.record import Holder, LockProblem, sentence

if sys.platform != "win32":
    from collections.abc import Callable
    from pathlib import Path

    from watchdog.core.events import Event
    from watchdog.locks import locks as _locks
    from watchdog.locks import pair as _pair
    from watchdog.locks.directory import lock_directory
    from watchdog.locks.holders import ourselves
    from watchdog.locks.ports import Second
    from watchdog.locks.standby import PERIOD

    second: Callable[[str], Second] | None = None
    if sys.platform == "linux":
        from watchdog.locks.abstract import AbstractLock

        second = AbstractLock

    class PairLock(_pair.PairLock):
        """Both locks of one key, as this machine's system has them."""

        def __init__(self, key: str, directory: Path | None = None) -> None:
            super().__init__(key, directory, second)

    class Locks(_locks.Locks):
        """All locks of one watchdog. `post` may also be given later, by `post_to`."""

        def __init__(
            self,
            post: Callable[[str, Event], None] = lambda program, event: None,
            make: _locks.Make = PairLock,
            period: float = PERIOD,
        ) -> None:
            super().__init__(post, make, ourselves, period)


__all__ = [
    "Holder",
    "LockProblem",
    "Locks",
    "PairLock",
    "file_name",
    "lock_directory",
    "reduce",
    "sentence",
    "socket_name",
]
