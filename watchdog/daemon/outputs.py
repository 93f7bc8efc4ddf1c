"""The last lines of a program, up to the end of one incarnation and not beyond.

A failure is looked at a moment later, when the next incarnation may have begun to write into the
same log. So where the log ended is noted, once per file, before that can be.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from msgspec import Struct

from watchdog.config import ProgramConfig
from watchdog.logs.tail import last_lines

MOST = 256 * 1024  # bytes of a log: huge lines must not fill what is kept of all


class End(Struct, frozen=True):
    """Where a log ended."""

    inode: int
    size: int


class Outputs:
    """Knows where the output of each program's latest dead incarnation ended."""

    def __init__(self, config_of: Callable[[str], ProgramConfig]) -> None:
        self._config_of = config_of
        self._ends: dict[str, tuple[int, dict[Path, End]]] = {}
        self._before: dict[str, tuple[int, dict[Path, End]]] = {}  # those of the one before

    def note_end(self, name: str, incarnation: int) -> None:
        """Nothing of the incarnation lives, and all that it wrote is in its log."""
        found = {path: end for path in paths_of(self._config_of(name)) if (end := end_of(path))}
        if name in self._ends:
            self._before[name] = self._ends[name]
        self._ends[name] = (incarnation, found)

    def of(self, name: str, incarnation: int) -> str:
        """The last lines that this incarnation, or one before it, wrote; of both logs if two."""
        program = self._config_of(name)
        noted, ends = self._ends.get(name, (0, {}))
        known = ends if noted == incarnation else {}
        count = program.evidence.lines
        return "".join(lines_of(path, count, known.get(path)) for path in paths_of(program))

    def last(self, name: str, incarnation: int) -> tuple[str, int | None]:
        """The last lines, and how many of them the incarnation wrote itself, as far as known."""
        return self.of(name, incarnation), self.own(name, incarnation)

    def own(self, name: str, incarnation: int) -> int | None:
        """How many of the last lines it wrote itself, not one before it; None if nobody knows."""
        noted, ends = self._ends.get(name, (0, {}))
        begun, begins = self._before.get(name, (0, {})) if noted == incarnation else (noted, ends)
        path = next(reversed([*paths_of(self._config_of(name))]), None)
        begin = begins.get(path) if path and 0 < begun < incarnation else None
        if path is None or begin is None:
            return None
        return lines_between(path, begin, ends.get(path) if noted == incarnation else None)


def lines_between(path: Path, begin: End, end: End | None) -> int | None:
    """The lines from one noted end to the next, or to the present; None if that is not one file."""
    now = end_of(path)
    end = end or now
    if now is None or end is None or not now.inode == end.inode == begin.inode:
        return None  # rotated since
    if not 0 <= end.size - begin.size <= MOST:
        return None
    with contextlib.suppress(OSError), path.open("rb") as file:
        file.seek(begin.size)
        return len(file.read(end.size - begin.size).splitlines())
    return None


def paths_of(program: ProgramConfig) -> Iterator[Path]:
    """Its logs, if lines of them are to be kept."""
    if program.evidence.lines:
        yield from filter(None, (program.logs.path, program.logs.stderr_path))


def end_of(path: Path) -> End | None:
    """Where a log ends now; None if there is none."""
    with contextlib.suppress(OSError):
        found = path.stat()
        return End(found.st_ino, found.st_size)
    return None


def lines_of(path: Path, count: int, end: End | None) -> str:
    """The last lines of a log; empty if there is none."""
    with contextlib.suppress(OSError):
        data = None if end is None else read_up_to(path, count, end)
        kept = last_lines(path, count)[-MOST:] if data is None else data
        return kept.decode(errors="replace")
    return ""


def read_up_to(path: Path, count: int, end: End) -> bytes | None:
    """The last lines before the noted end, also of a log rotated since; None if it is gone."""
    for place in (path, path.with_name(f"{path.name}.1")):
        if end_of(place) is not None and place.stat().st_ino == end.inode:
            return read_before(place, count, end.size)
    return None


def read_before(path: Path, count: int, size: int) -> bytes:
    """The last lines of the first `size` bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        start = max(0, size - MOST)
        data = os.pread(descriptor, size - start, start)
    finally:
        os.close(descriptor)
    return b"".join(data.splitlines(keepends=True)[-count:])
