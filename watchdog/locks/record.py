"""Who holds a lock: as one JSON line in the lock file, and as a sentence. Pure.

A record is written by strangers too, so whatever is read is masked and stripped of what a
terminal would obey.
"""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from watchdog.config.secret import mask

LONGEST_COMMAND = 300  # characters


class LockProblem(Exception):
    """A lock cannot be used at all; the message says why and what to do."""


class Holder(Struct, frozen=True):
    """Who holds a lock. Everything empty: somebody who cannot be named."""

    key: str = ""
    pid: int | None = None
    user: str = ""
    command: str = ""
    since: str = ""  # ISO 8601 with the offset, whole seconds
    program: str | None = None
    watchdog_pid: int | None = None
    note: str = ""  # what is peculiar about this lock; not part of the record


class Healing(Struct, frozen=True):
    """What became of putting a lock right."""

    healed: bool
    text: str  # what was done, or what stands in the way and who


def to_line(holder: Holder) -> bytes:
    """The record as it stands in the lock file."""
    record = {
        "key": holder.key,
        "pid": holder.pid,
        "user": holder.user,
        "command": clean(holder.command),
        "since": holder.since,
        "program": holder.program,
        "watchdog_pid": holder.watchdog_pid,
    }
    return json.dumps(record).encode() + b"\n"


def from_line(line: bytes) -> Holder:
    """What a lock file says; an empty Holder when it makes no sense."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return Holder()
    return _read(record) if isinstance(record, dict) else Holder()


def sentence(holder: Holder) -> str:
    """As in `held by pid 4242 (user root, "python -m bot", since 2026-11-21 14:02:11)`."""
    note = f"; {holder.note}" if holder.note else ""
    if holder.pid is None:
        owner = f" of user {holder.user}" if holder.user else ""
        return f"held by a process{owner} that cannot be named{note}"
    facts = [
        f"user {holder.user}" if holder.user else "",
        f'"{clean(holder.command)}"' if holder.command else "",
        f"since {_local(holder.since)}" if holder.since else "",
    ]
    inside = ", ".join(fact for fact in facts if fact)
    return f"held by pid {holder.pid}{f' ({inside})' if inside else ''}{_via(holder)}{note}"


def clean(text: str) -> str:
    """Without secrets and control characters, and not longer than is good to read."""
    shown = "".join(c if c.isprintable() else " " for c in mask(text)).strip()
    return shown if len(shown) <= LONGEST_COMMAND else shown[: LONGEST_COMMAND - 3] + "..."


def _via(holder: Holder) -> str:
    if not holder.program or holder.watchdog_pid in (None, holder.pid):
        return ""
    return f", as program {holder.program!r} of the watchdog with pid {holder.watchdog_pid}"


def _read(record: dict[str, Any]) -> Holder:
    return Holder(
        key=_text(record.get("key")),
        pid=_pid(record.get("pid")),
        user=_text(record.get("user")),
        command=_text(record.get("command")),
        since=_text(record.get("since")),
        program=_text(record.get("program")) or None,
        watchdog_pid=_pid(record.get("watchdog_pid")),
    )


def _text(value: Any) -> str:
    return clean(value) if isinstance(value, str) else ""


def _pid(value: Any) -> int | None:
    ok = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 1 << 31
    return value if ok else None


def _local(since: str) -> str:
    """The local time without its offset; what is no time is shown as it is."""
    from datetime import datetime  # only when somebody is refused

    try:
        return datetime.fromisoformat(since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return since
