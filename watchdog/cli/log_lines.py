"""A line of a log: which program wrote it, when, and what it says. Pure.

The time is in the line itself, where `logs.format` is "text" or "json". That is seen from the line
and not from the configuration, which may have been another one when the line was written.
"""

from __future__ import annotations

import heapq
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

_STAMPED = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d) ?(.*)", re.DOTALL)
_OBJECT = '{"time":"'


class Line(NamedTuple):
    """One line, without its newline."""

    program: str
    stream: str
    raw: bytes  # as it is in the log
    text: str  # what the program wrote
    time: str = ""  # ISO 8601 with the offset; empty for a raw line

    def as_data(self) -> dict[str, Any]:
        """For JSON; a line without a time has null."""
        told = {"time": self.time or None, "program": self.program}
        return told | {"stream": self.stream, "line": self.text}


def read_line(program: str, stream: str, raw: bytes) -> Line:
    """The line that these bytes are, whichever the format."""
    raw = raw.removesuffix(b"\n")
    text = raw.decode("utf-8", "backslashreplace")
    if match := _STAMPED.fullmatch(text):
        return Line(program, stream, raw, match[2], match[1])
    if text.startswith(_OBJECT) and (found := _read_object(text)):
        return Line(program, stream, raw, *found)
    return Line(program, stream, raw, text)


def _read_object(text: str) -> tuple[str, str] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    line, time = found.get("line"), found["time"]
    return (line, time) if isinstance(line, str) and _STAMPED.fullmatch(time) else None


def seconds_of(line: Line) -> float | None:
    """Its time as seconds since the epoch; None if it has none."""
    from datetime import datetime  # 3 ms, only for those who ask for times

    return datetime.fromisoformat(line.time).timestamp() if line.time else None


class Wish(NamedTuple):
    """Which lines are wanted."""

    limit: int | None  # at most so many of each program; None for all
    since: float | None = None  # seconds since the epoch
    pattern: re.Pattern[str] | None = None
    inverted: bool = False

    def accepts(self, line: Line) -> bool:
        """Whether its text is wanted, whenever it was written."""
        return self.pattern is None or bool(self.pattern.search(line.text)) != self.inverted


def choose(newest_first: Iterable[Line], wish: Wish) -> list[Line]:
    """The wanted lines, oldest first; no more is read than it takes to know them.

    Lines without a time have the place of the next older line that has one.
    """
    chosen: list[Line] = []
    for line in newest_first:
        if wish.limit is not None and len(chosen) >= wish.limit:
            break
        if wish.since is not None and (seconds_of(line) or wish.since) < wish.since:
            break
        if wish.accepts(line):
            chosen.append(line)
    return chosen[::-1]


def merge(histories: Sequence[list[Line]]) -> Iterator[Line]:
    """The lines of several programs in the order of their times.

    Within a program the order of its log is kept. Without a time on every line no order between
    programs is known, and one program follows the other.
    """
    if all(line.time for history in histories for line in history):
        return heapq.merge(*histories, key=lambda line: seconds_of(line) or 0.0)
    return (line for history in histories for line in history)


class Joiner:
    """Makes whole lines of what comes in pieces."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The lines that are whole now."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def finish(self) -> list[bytes]:
        """The line that nothing will finish."""
        rest, self._rest = self._rest, b""
        return [rest] if rest else []
