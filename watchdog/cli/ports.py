"""What the command line is handed by whoever may look into locks and into this machine.

The values that pass between the two are here as well. Named tuples, since a client command cannot
spend the time that msgspec takes to load.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from watchdog.config import Config

# The program itself; a living part of its tree; the watchdog that runs it; or what merely
# inherited the lock from a program that is gone.
KeeperRole = Literal["program", "helper", "watchdog", "stray"]
Kept = Literal["file", "socket"]
Level = Literal["ok", "warning", "wrong"]


class Trouble(Exception):
    """It cannot be done; the message says why and what to do."""


class Keeper(NamedTuple):
    """One process that keeps a lock. Nothing in it is secret."""

    pid: int
    user: str
    command: str
    since: str  # when it started: ISO 8601 with the offset
    keeps: tuple[Kept, ...]  # which of the two locks
    role: KeeperRole


class Survey(NamedTuple):
    """Who keeps the locks of one key."""

    key: str
    keepers: tuple[Keeper, ...]
    hidden: str = ""  # it is held all the same, by somebody whom we may not look at: what is known
    program: str = ""  # what the watchdog calls it, by the lock's own record
    watchdog_pid: int | None = None  # of a watchdog that keeps the lock now
    socket: int = -1  # which socket has the key's name (its inode): another one was taken anew

    @property
    def is_held(self) -> bool:
        """Whether anybody has it."""
        return bool(self.keepers or self.hidden)


class Release(NamedTuple):
    """What became of an attempt to free a lock."""

    free: bool
    text: str  # in a sentence: free, or who has it now


class Finding(NamedTuple):
    """One thing that was looked at: how it is, and what to do if it is not well."""

    area: str
    level: Level
    text: str
    advice: str = ""


class Tried(NamedTuple):
    """One receiver of alerts: how it is called without its secrets, and what is wrong with it."""

    name: str
    trouble: str = ""


LookUp = Callable[[str], Survey]  # who keeps the key's locks; raises Trouble
# End these processes: key, what was shown, stop signal, grace in seconds, what to tell whom.
Free = Callable[[Survey, str, float, Callable[[str], None]], Release]
Examine = Callable[[str | None], "list[Finding]"]  # with the configuration that was given, if any


Inspect = Callable[["Config"], "list[Tried]"]  # raises Trouble; of the receivers of alerts


class Memory(Protocol):
    """What is remembered of failures, read without a running watchdog."""

    def incidents(self, program: str = "") -> list[dict[str, Any]]: ...

    def incident(self, name: str) -> dict[str, Any] | None: ...

    def why(self, program: str) -> str: ...


class LogFile(Protocol):
    """A captured log with its rotated files, read without a running watchdog."""

    def look_back(self) -> Iterator[bytes]:
        """The lines up to now, newest first; what comes later is for `read`."""

    def read(self) -> bytes:
        """What was written since; empty when there is nothing yet."""

    def close(self) -> None: ...


OpenLog = Callable[["Path"], LogFile]  # raises OSError when it may not be read
Recall = Callable[["Path"], Memory]  # of a state directory


class Supplies(NamedTuple):
    """What may be missing: each is None where the daemon's side is not installed."""

    look_up: LookUp | None = None
    free: Free | None = None
    examine: Examine | None = None
    recall: Recall | None = None
    open_log: OpenLog | None = None
    judge_receivers: Inspect | None = None  # whether they are understood
    try_receivers: Inspect | None = None  # sends each a message


def as_data(value: Any) -> dict[str, Any]:
    """A named tuple as plain data for JSON."""
    fields: dict[str, Any] = value._asdict()
    return fields
