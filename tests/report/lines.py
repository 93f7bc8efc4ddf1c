"""Lines of a journal, as the tests of the report write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from watchdog.report.model import Line, Window

ZERO = 1_760_000_000.0  # some day


def line(at: float, event: str, **fields: Any) -> Line:
    """One line, `at` seconds after the beginning of the test's time."""
    if "last_sign" in fields:
        fields["last_sign"] = moment(fields["last_sign"])
    return msgspec.convert({"at": moment(at), "event": event, **fields}, Line)


def moment(at: float) -> datetime:
    return datetime.fromtimestamp(ZERO + at, UTC)


def state(at: float, state: str, program: str = "bot", **fields: Any) -> Line:
    """A change of a program."""
    return line(at, "state", program=program, state=state, **fields)


def began(at: float, **fields: Any) -> Line:
    """A watchdog's first line."""
    return line(at, "watchdog", state="RUNNING", **fields)


def window(since: float, until: float, watched: float | None = None) -> Window:
    """A window of the test's time; it was watched to its end unless something else is said."""
    return Window(ZERO + since, ZERO + until, ZERO + (until if watched is None else watched))
