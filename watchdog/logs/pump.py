"""What moves a program's bytes from its FIFO into its log.

A `Stream` (see `stream`) owns the FIFO and calls a `Pump` when it has something to read. `LinePump`
takes the bytes through Python, because every line is looked at for secrets. A pump that leaves the
bytes in the kernel is another class with the same methods.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Protocol

from watchdog.logs.lines import Formatter, Splitter
from watchdog.logs.redaction import Redactor
from watchdog.logs.rotation import RotatingFile

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


class LinePump:
    """Reads, joins to whole lines, redacts, formats, and appends to a `RotatingFile`."""

    __slots__ = ("_end", "_file", "_format", "_redactor", "_splitter", "_wall")

    def __init__(
        self,
        file: RotatingFile,
        redactor: Redactor,
        format_lines: Formatter,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._redactor = redactor
        self._format = format_lines
        self._splitter = Splitter(redactor.safe_cut)
        self._wall = wall
        self._end = b""  # of what was written, redacted, and not more than `_WORDS`

    def change(self, redactor: Redactor, format_lines: Formatter) -> None:
        """Treat what is written from now on by another set of secrets and another format."""
        self._redactor = redactor
        self._format = format_lines
        self._splitter.cut_by(redactor.safe_cut)

    def turn(self, reader: int) -> bool:
        """Move at most about `TURN` bytes; False when nobody holds the FIFO any more."""
        taken, size = 0, _FIRST_READ
        while taken < TURN:
            try:
                chunk = os.read(reader, size)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self._write(self._splitter.feed(chunk))
            if len(chunk) < size:
                return True  # a short read has emptied the FIFO
            taken, size = taken + len(chunk), _NEXT_READ
        return True

    def finish(self) -> None:
        """Write the line that the process left unfinished."""
        self._write(self._splitter.finish())

    def last_line(self) -> bytes:
        """The last line with something in it, without secrets; empty if nothing was written."""
        unfinished = self._redactor.redact(self._splitter.rest)
        return (self._end + unfinished[-_WORDS:]).rstrip().rpartition(b"\n")[2].strip()

    def begin(self) -> None:
        """A new incarnation writes from now on; it has no last line yet."""
        self._end = b""

    def reopen(self) -> None:
        """Open the log at its path again."""
        self._file.reopen()

    def clear(self) -> None:
        """Begin the log anew."""
        self._file.clear()

    def close(self) -> None:
        """Write what was held back and close the log; a later turn opens it again."""
        self.finish()
        self._file.close()

    def _write(self, data: bytes) -> None:
        if data:
            clean = self._redactor.redact(data)
            self._end = (self._end + clean[-_WORDS:])[-_WORDS:]
            self._file.write(self._format(clean, self._wall()))
