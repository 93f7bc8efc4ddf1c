"""Reads a journal with its rotated files, the oldest first. A line that is no line is counted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from watchdog.report.model import Line

NAME = "journal.jsonl"
TOLD = (
    "state",
    "watchdog",
    "handover",
    "restart",
    "drill",
    "upgrade",
)  # events that a report looks at


class Journal(NamedTuple):
    """What was read."""

    lines: list[Line]
    garbled: int  # lines that could not be read

    @property
    def begins(self) -> float:
        """The time of the first line, in Unix seconds; 0 if there is none."""
        return min((line.at.timestamp() for line in self.lines[:1]), default=0.0)


def read(state: Path) -> Journal:
    """The whole journal of a state directory. OSError: it cannot be read."""
    decode = msgspec.json.Decoder(Line).decode
    lines: list[Line] = []
    garbled = 0
    for path in files_of(state / NAME):
        for text in whole_lines(path):
            try:
                line = decode(text)
            except msgspec.MsgspecError:
                garbled += bool(text.strip())
                continue
            if line.event in TOLD:
                lines.append(line)
    return Journal(lines, garbled)


def files_of(path: Path) -> list[Path]:
    """The files, the oldest first: path.4, path.3, ..., path."""
    numbered = [(rotated.suffix[1:], rotated) for rotated in path.parent.glob(f"{path.name}.*")]
    older = sorted((int(number), one) for number, one in numbered if number.isdecimal())
    return [*(one for _, one in reversed(older)), path]


def whole_lines(path: Path) -> Iterator[bytes]:
    """The lines of a file; none if it is not there (any more)."""
    try:
        with path.open("rb") as file:
            yield from file
    except FileNotFoundError:
        return


def last_sign(state: Path) -> float:
    """When a watchdog wrote into this directory last, in Unix seconds; 0 if it never did."""
    paths = [state / NAME, state / "watchdog.log", *state.glob("logs/*")]
    times = [0.0]
    for path in paths:
        try:
            times.append(path.stat().st_mtime)
        except OSError:  # it was rotated away
            continue
    return max(times)
