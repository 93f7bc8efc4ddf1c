"""The locks of one machine: who may run, and who does.

The operating system's second lock is chosen here, once.
"""

from __future__ import annotations

import sys

from watchdog.locks.identity import file_name, reduce, socket_name
from watchdog.locks.record import Healing, Holder, LockProblem, sentence

if sys.platform != "win32":
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from watchdog.core.events import Event
    from watchdog.locks import locks as _locks
    from watchdog.locks import pair as _pair
    from watchdog.locks.directory import lock_directory
    from watchdog.locks.file import FileLock
    from watchdog.locks.holders import ourselves
    from watchdog.locks.ports import Second
    from watchdog.locks.standby import PERIOD

    second: Callable[[str], Second] | None = None
    fetch = _pair.nothing_to_fetch
    if sys.platform == "linux":
        from watchdog.locks.abstract import AbstractLock

        second = AbstractLock

        def fetch(file: FileLock, second: Any, pid: int) -> str:
            """Both locks, from the process that has them."""
            from watchdog.locks import adoption  # only after an earlier watchdog was killed

            return adoption.fetch(file, second, pid)

    def find_keepers(key: str, directory: Path | None = None) -> list[Holder]:
        """Every process that keeps either lock of the key; what each keeps is in its note.

        Empty where the system cannot tell.
        """
        if second is None:
            return []
        from watchdog.locks import keepers  # only when somebody asks

        return keepers.keepers(key, directory)

    class PairLock(_pair.PairLock):
        """Both locks of one key, as this machine's system has them."""

        def __init__(self, key: str, directory: Path | None = None) -> None:
            super().__init__(key, directory, second, fetch)

    class Locks(_locks.Locks):
        """All locks of one watchdog. `post` may also be given later, by `post_to`."""

        def __init__(
            self,
            post: Callable[[str, Event], None] = lambda program, event: None,
            make: _locks.Make = PairLock,
            period: float = PERIOD,
        ) -> None:
            super().__init__(post, make, ourselves, period)

        def holders(self, key: str) -> list[Holder]:
            """Every process that keeps either lock of the key, also one that just inherited it."""
            return find_keepers(key)


__all__ = [
    "Healing",
    "Holder",
    "LockProblem",
    "Locks",
    "PairLock",
    "file_name",
    "find_keepers",
    "lock_directory",
    "reduce",
    "sentence",
    "socket_name",
]
