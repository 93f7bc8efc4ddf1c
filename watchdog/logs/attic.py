"""The rotated files of one program, of all its streams: how much they may be, which are packed.

The limit counts everything: the logs as large as they may become before the next rotation, the
rotated files, and what is being packed. So it holds at every moment, and not only after clearing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from watchdog.logs.backups import Backup, backups_of
from watchdog.logs.shifting import is_outdated

PLAIN = 1
"""So many of the newest rotated files stay as they are: what is read most often is there."""


class Log(NamedTuple):
    """One log of a program."""

    path: str
    maximum: int  # bytes
    backups: int


class Rules(Protocol):
    """How rotated files are kept. age: seconds, total: bytes; 0 for no limit."""

    @property
    def compress(self) -> bool: ...
    @property
    def total(self) -> int: ...
    @property
    def age(self) -> float: ...


def unfinished_name(log: str) -> str:
    """Where a packed file is until it is whole."""
    return f"{log}.packing"


def choose_to_remove(backups: Sequence[Backup], allowed: int) -> list[Backup]:
    """The oldest of them, until the others are together no more than `allowed` bytes. Pure."""
    kept = sum(backup.size for backup in backups)
    removed = []
    for backup in sorted(backups, key=lambda one: (one.modified, -one.number)):
        if kept <= allowed:
            break
        kept -= backup.size
        removed.append(backup)
    return removed


class Attic:
    """The rotated files of one program. `wake` is told when there may be something to pack."""

    __slots__ = ("_compress", "_logs", "_total", "_wake", "_written", "age")

    def __init__(self, wake: Callable[[Attic], None] = lambda attic: None) -> None:
        self._wake = wake
        self._logs: tuple[Log, ...] = ()
        self._compress = False
        self._total = 0
        self._written: dict[str, float] = {}  # when each log was, where that counts
        self.age = 0.0
        """Seconds of a period that has files of its own; 0 for none."""

    def configure(self, logs: tuple[Log, ...], rules: Rules) -> None:
        """Other logs or other rules, from now on."""
        self._logs = logs
        self._compress, self._total, self.age = rules.compress, rules.total, rules.age

    def note(self, path: str, written: float) -> None:
        """The log at `path` was last written then, in seconds since the epoch."""
        if self.age:
            self._written[path] = written

    def is_outdated(self, path: str, now: float) -> bool:
        """Whether the log at `path`, which is written `now`, is that of an earlier period."""
        last, self._written[path] = self._written.get(path, now), now
        return is_outdated(last, now, self.age)

    def tidy(self) -> None:
        """After a rotation, and at the beginning: keep the limit, and have the rest packed."""
        if self._total:
            self.make_room("", 0)
        if self._compress:
            self._wake(self)

    def make_room(self, path: str, size: int) -> None:
        """Keep the limit although the log at `path` grows to `size` bytes."""
        if not self._total:
            return
        allowed = self._total - self._reserved(path, size) - self._unfinished()
        for backup in choose_to_remove(self._all(), allowed):
            with contextlib.suppress(OSError):
                Path(backup.path).unlink()

    def room(self) -> int:
        """Bytes that may be added beside the logs, for something that is being packed."""
        if not self._total:
            return 2**63
        kept = sum(backup.size for backup in self._all())
        return self._total - self._reserved("", 0) - kept - self._unfinished()

    def backups_of(self, log: str) -> list[Backup]:
        """The rotated files of one of the logs, newest first."""
        found = (backups_of(one.path, one.backups) for one in self._logs if one.path == log)
        return next(found, [])

    def next_to_pack(self) -> tuple[str, Backup] | None:
        """A log and the oldest of its rotated files that is still plain and should not be.

        Where a packed form is there already, a SIGKILL came between its naming and the end of the
        plain one, which is made up for here.
        """
        for log in self._logs if self._compress else ():
            backups = backups_of(log.path, log.backups)
            packed = {backup.number for backup in backups if backup.packed}
            for backup in reversed(backups):
                if backup.packed or backup.number <= PLAIN:
                    continue
                if backup.number not in packed:
                    return log.path, backup
                Path(backup.path).unlink()
        return None

    def _all(self) -> list[Backup]:
        return [backup for log in self._logs for backup in backups_of(log.path, log.backups)]

    def _reserved(self, path: str, size: int) -> int:
        """What the logs themselves may need until the next rotation."""
        sizes = ((log, size if log.path == path else _size(log.path)) for log in self._logs)
        return sum(max(log.maximum, now) for log, now in sizes)

    def _unfinished(self) -> int:
        return sum(_size(unfinished_name(log.path)) for log in self._logs)


def _size(path: str) -> int:
    try:
        return Path(path).stat().st_size
    except OSError:
        return 0


ALL_STAYS = Attic()
"""Where nothing is limited or packed."""
