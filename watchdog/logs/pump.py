"""What moves a program's bytes from its FIFO into its log.

A `Stream` (see `stream`) owns the FIFO and calls a `Pump` when it has something to read. `LinePump`
takes the bytes through Python, because every line is looked at for secrets; meanwhile they lie in
its scratch file (see `scratch`), out of a SIGKILL's reach. Where there can be no scratch file the
FIFO is read directly, and what was read when the watchdog is killed is lost.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple, Protocol

from watchdog.logs.lines import Formatter, Splitter
from watchdog.logs.redaction import Redactor
from watchdog.logs.rotation import RotatingFile
from watchdog.logs.scratch import Scratch
from watchdog.logs.shelf import Shelf

TURN = 1024 * 1024
"""Bytes that one stream may move before others have their turn."""
_FIRST_READ = 64 * 1024
_NEXT_READ = 256 * 1024
"""The best of 16 KiB to 1 MiB when measured: few calls, and the chunk still fits the caches."""
_WORDS = 512
"""Bytes of the end of the output that are remembered for `last_line`."""


class Pump(Protocol):
    """Moves bytes from a non-blocking reading end to a log. Never raises because of the log."""

    def turn(self, reader: int) -> bool:
        """Move at most about `TURN` bytes; False when nobody holds the FIFO any more."""

    def finish(self) -> None:
        """Nothing more comes from this incarnation: write what was held back."""

    def last_line(self) -> bytes:
        """The last line with something in it, without secrets; empty if nothing was written."""

    def begin(self) -> None:
        """A new incarnation writes from now on; it has no last line yet."""

    def reopen(self) -> None:
        """Open the log at its path again."""

    def clear(self) -> None:
        """Begin the log anew."""

    def close(self) -> None:
        """Write what was held back and close the log; a later turn opens it again."""

    def recover(self) -> None:
        """Write what an earlier watchdog took and could not write; done once, before all else."""

    def leave(self) -> None:
        """Close, and leave an unfinished line to the next watchdog: its process lives on."""


class Tap(Protocol):
    """Somebody who wants to know what is written."""

    def begin(self) -> None:
        """A new process writes from now on."""

    def read(self, data: bytes) -> None:
        """This was read; it may have secrets in it."""

    def write(self, data: bytes) -> bytes:
        """These lines, without secrets, are to be written; what is left of them."""


class Treatment(NamedTuple):
    """What is done with each piece of output."""

    redactor: Redactor
    format: Formatter
    tap: Tap | None


class LinePump:
    """Reads, joins to whole lines, redacts, formats, and appends to a `RotatingFile`.

    The file's witness has to be the same `scratch`; without one the FIFO is read directly.
    """

    __slots__ = (
        "_end",
        "_file",
        "_recovered",
        "_scratch",
        "_splitter",
        "_treatment",
        "_wall",
    )

    def __init__(
        self,
        file: RotatingFile,
        redactor: Redactor,
        format_lines: Formatter,
        wall: Callable[[], float] = time.time,
        scratch: Scratch | None = None,
        tap: Tap | None = None,
    ) -> None:
        self._file = file
        self._scratch = scratch or Scratch(Shelf(()), "")
        self._recovered = scratch is None
        self._treatment = treat(redactor, format_lines, tap)
        self._splitter = Splitter(_cut_of(redactor))
        self._wall = wall
        self._end = b""  # of what was written, redacted, and not more than `_WORDS`

    def change(self, redactor: Redactor, format_lines: Formatter, tap: Tap | None = None) -> None:
        """Treat what is written from now on by another set of secrets and another format."""
        self._treatment = treat(redactor, format_lines, tap)
        self._splitter.cut_by(_cut_of(redactor))

    def recover(self) -> None:
        """Write what an earlier watchdog took and could not write; done once, before all else."""
        if self._recovered:
            return
        self._recovered = True
        self._file.inherit(self._scratch.resume(self._file.path))
        while chunk := self._scratch.reread(_NEXT_READ):
            self._write(self._splitter.feed(chunk))
        self._tidy()

    def turn(self, reader: int) -> bool:
        """Move at most about `TURN` bytes; False when nobody holds the FIFO any more."""
        more = self._move(reader)
        self._tidy()
        return more

    def finish(self) -> None:
        """Write the line that the process left unfinished."""
        self._write(self._splitter.finish())
        self._tidy()

    def last_line(self) -> bytes:
        """The last line with something in it, without secrets; empty if nothing was written."""
        unfinished = self._treatment.redactor.redact(self._splitter.rest)
        return (self._end + unfinished[-_WORDS:]).rstrip().rpartition(b"\n")[2].strip()

    def begin(self) -> None:
        """A new incarnation writes from now on; it has no last line yet."""
        self._end = b""
        if self._treatment.tap is not None:
            self._treatment.tap.begin()

    def reopen(self) -> None:
        """Open the log at its path again."""
        self._file.reopen()

    def clear(self) -> None:
        """Begin the log anew."""
        self._file.clear()

    def close(self) -> None:
        """Write what was held back and close the log; a later turn opens it again."""
        self._write(self._splitter.finish())
        self._file.close()
        self._tidy()

    def leave(self) -> None:
        """Close, and leave an unfinished line to the next watchdog: its process lives on."""
        self._file.close()
        self._tidy()
        if self._scratch.leave():
            self._splitter.finish()  # drops it: the file has it
            self._recovered = False  # the next watchdog may be this one, if an upgrade fails
        else:
            self.close()

    def _move(self, reader: int) -> bool:
        taken, size = 0, _FIRST_READ
        while taken < TURN:
            try:
                chunk = self._take(reader, size)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            if self._treatment.tap is not None:
                self._treatment.tap.read(chunk)
            self._write(self._splitter.feed(chunk))
            if len(chunk) < size:
                return True  # a short read has emptied the FIFO
            taken, size = taken + len(chunk), _NEXT_READ
        return True

    def _take(self, reader: int, size: int) -> bytes:
        try:
            return self._scratch.fill(reader, size, self._splitter.rest)
        except BlockingIOError:
            raise
        except OSError:
            self._scratch.drop()  # what it holds is in memory too
            return os.read(reader, size)

    def _tidy(self) -> None:
        self._scratch.tidy(self._splitter.rest, self._file.lost)

    def _write(self, data: bytes) -> None:
        if data:
            self._scratch.begin(data)
            redactor, format_lines, tap = self._treatment
            clean = redactor.redact(data)
            kept = clean if tap is None else tap.write(clean)
            self._end = (self._end + kept[-_WORDS:])[-_WORDS:]
            if kept:
                self._file.write(format_lines(kept, self._wall()))
            self._scratch.end()


@lru_cache(maxsize=16)
def _cut_of(redactor: Redactor) -> Callable[[bytes], int]:
    """One bound method for all programs with the same secrets."""
    return redactor.safe_cut


def treat(redactor: Redactor, format_lines: Formatter, tap: Tap | None) -> Treatment:
    """A treatment; programs that nobody listens to share theirs, as there may be thousands."""
    return (
        _untapped(redactor, format_lines) if tap is None else Treatment(redactor, format_lines, tap)
    )


@lru_cache(maxsize=16)
def _untapped(redactor: Redactor, format_lines: Formatter) -> Treatment:
    return Treatment(redactor, format_lines, None)
