"""What systemd's journal wants of a line: a priority before it, and no time, since it has its own.

Only a stream that really leads there is written to in this way: JOURNAL_STREAM names its device and
inode, and is inherited also by what is redirected elsewhere.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import IO, Literal

from watchdog.core.model import Health, State
from watchdog.core.program import Program

Priority = Literal[3, 4, 6]
ERROR: Priority = 3
WARNING: Priority = 4
INFO: Priority = 6


def leads_to_journal(stream: IO[str] | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether what is written to the stream comes to the journal."""
    named = environ.get("JOURNAL_STREAM", "")
    if not named or stream is None:
        return False
    try:
        found = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return named == f"{found.st_dev}:{found.st_ino}"


def mark(priority: Priority) -> bytes:
    """What comes before a line."""
    return b"<%d>" % priority


def weigh(after: Program) -> Priority:
    """How urgent a change of a program is."""
    if after.state is State.FATAL:
        return ERROR
    unwell = after.state is State.BACKOFF or after.health is Health.UNHEALTHY
    return WARNING if unwell else INFO
