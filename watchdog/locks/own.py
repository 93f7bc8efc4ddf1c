"""The lock that a watchdog takes for itself, so that one state directory has one watchdog.

The file alone: the abstract socket's names are shared by all who share a network namespace, and
two containers may well have the same path to two different state directories.
"""

from __future__ import annotations

import sys
from pathlib import Path

from watchdog.locks import file as files
from watchdog.locks import holders
from watchdog.locks.record import sentence

assert sys.platform != "win32"


class WatchdogLock:
    """Held by this process alone: no child inherits it."""

    def __init__(self, key: str, place: Path | None = None) -> None:
        self._file = files.FileLock(key, place)

    def acquire(self) -> str | None:
        """None if it is ours now, else a sentence that says who has it. Raises LockProblem."""
        refused = self._file.acquire(holders.ourselves("", self._file.key))
        return None if refused is None else sentence(refused)

    def is_intact(self) -> bool:
        """Whether the file at the path is still the one that we hold."""
        return self._file.is_intact()

    def close(self) -> None:
        """Let go."""
        self._file.close()
