"""Where output waits between the FIFO and the log, so that it survives a SIGKILL of the watchdog.

The kernel moves the bytes from the FIFO into this file, which grows by exactly what it took: at
every instruction a byte is in the FIFO or here. It leaves only when it is in the log, by the word
of the records (see `record`). When all of it is there the file is removed, so a program at rest has
none and costs nothing.

The positions: `_base` is where the first byte lies that is not in the log, `_tail` where the last
one ends that was handed out. While the file is not open, nothing is protected and all that was
taken is in memory, as on systems without splice.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path

import msgspec

from watchdog.logs.record import HEADER, SLOT, Record, judge, newest
from watchdog.logs.shelf import Shelf
from watchdog.logs.witness import Lost, Place

COMPACT = 1024 * 1024
"""Bytes that are in the log and may still lie here; then the rest moves to the front."""
_splice = getattr(os, "splice", None)  # Linux only
_FLAGS: int = getattr(os, "SPLICE_F_NONBLOCK", 0)
_NONE: Lost = (0, 0)


class Scratch:
    """The scratch file of one stream. It is the witness of the stream's log (see `rotation`).

    It has the name of the stream's FIFO, whose path is kept here because it costs no memory more.
    """

    __slots__ = (
        "_base",
        "_fd",
        "_fifo",
        "_lost",
        "_next",
        "_path",
        "_raw",
        "_sequence",
        "_shelf",
        "_tail",
    )

    def __init__(self, shelf: Shelf, fifo: str) -> None:
        self._shelf = shelf
        self._fifo = fifo
        self._fd = -1
        self._path = ""
        self._sequence = 0
        self._base = self._tail = HEADER
        self._raw = b""  # what is being written, which lies at `_base`
        self._next = 0  # how much of it the latest record covers
        self._lost = _NONE

    # -- in ----------------------------------------------------------------------------------

    def fill(self, reader: int, count: int, rest: bytes) -> bytes:
        """Move at most `count` bytes from the pipe `reader` here; those bytes.

        `rest`: what was handed out and is not written, kept here too when the file is made anew.
        Raises BlockingIOError when the pipe is empty, OSError when it must be read without us.
        """
        if _splice is None:
            raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        if self._fd < 0:
            self._begin(rest)
        moved = _splice(reader, self._fd, count, offset_dst=self._tail, flags=_FLAGS)
        chunk = os.pread(self._fd, moved, self._tail)
        self._tail += moved
        return chunk

    def resume(self, log: str) -> Lost:
        """Find what an earlier watchdog left, mend its `log`; the loss it had not told yet."""
        found = self._shelf.find(self._name())
        if found is None:
            return _NONE
        self._fd, self._path = found
        record = judge(newest(os.pread(self._fd, HEADER, 0)), log)
        self._sequence = record.sequence
        compacted = record.start > os.fstat(self._fd).st_size  # killed before it said so
        self._base = self._tail = HEADER if compacted else record.start
        self._lost = (record.lost, record.error)
        return self._lost

    def reread(self, count: int) -> bytes:
        """The next bytes of what was left."""
        chunk = os.pread(self._fd, count, self._tail) if self._fd >= 0 else b""
        self._tail += len(chunk)
        return chunk

    # -- out ---------------------------------------------------------------------------------

    def begin(self, raw: bytes) -> None:
        """`raw`, the next bytes that lie here, are about to be written."""
        self._raw, self._next = raw, 0

    def end(self) -> None:
        """They are written, or dropped where nothing can be written."""
        if self._fd >= 0:
            self._base += len(self._raw)
        self._raw, self._next = b"", 0

    def before_append(self, place: Place, size: int, piece: bytes, last: bool) -> None:
        """`piece` is about to be appended to a log of `size` bytes, `last` of what `begin` said.

        Every line that went in comes out as one line, so counting them tells how far a piece that
        is not the last one reaches.
        """
        if self._fd >= 0:
            start = self._next
            self._next = len(self._raw) if last else self._after(start, piece.count(b"\n"))
            self._announce(start, place, size, len(piece), _NONE)

    def before_notice(self, place: Place, size: int, length: int, lost: Lost) -> None:
        """A sentence about what was `lost` is about to be appended."""
        if self._fd >= 0:
            self._announce(self._next, place, size, length, lost)

    def before_move(self) -> None:
        """The log is about to be moved, emptied or left: all that was announced is in it."""
        if self._fd >= 0:
            self._settle(self._lost)

    def tidy(self, rest: bytes, lost: Lost) -> None:
        """All but `rest` is written or, as `lost` says, dropped: keep the file small."""
        if self._fd < 0:
            return
        if not rest and not lost[0]:
            self.drop()
        elif self._base - HEADER >= COMPACT:
            self._compact(rest, lost)
        elif lost != self._lost:
            self._settle(lost)

    def drop(self) -> None:
        """Forget everything."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                Path(self._path).unlink()
            self.leave()

    def leave(self) -> bool:
        """Close the file and leave it to the next watchdog; whether there was one."""
        fd, self._fd, self._path = self._fd, -1, ""
        if fd >= 0:
            os.close(fd)
        return fd >= 0

    # -- the file ----------------------------------------------------------------------------

    def _name(self) -> str:
        return self._fifo.rpartition("/")[2]

    def _begin(self, rest: bytes) -> None:
        self._sequence, self._lost = 1, _NONE
        self._fd, self._path = self._shelf.create(self._name(), b"\0" * SLOT + Record(1).pack())
        self._base, self._tail = HEADER, HEADER + len(rest)
        if rest:
            os.pwrite(self._fd, rest, HEADER)

    def _after(self, start: int, lines: int) -> int:
        for _ in range(lines):
            start = self._raw.index(b"\n", start) + 1
        return start

    def _announce(self, start: int, place: Place, size: int, length: int, lost: Lost) -> None:
        base, known = self._base, place or (0, 0)
        self._write(Record(0, base + start, base + self._next, size, length, *known, *lost))

    def _settle(self, lost: Lost) -> None:
        at = self._base + self._next
        self._write(Record(0, at, at, 0, 0, 0, 0, *lost))

    def _compact(self, rest: bytes, lost: Lost) -> None:
        """Copy `rest` over what is no longer needed, then cut.

        The cut is the commit: a record that points beyond the end means that it was made. The room
        in front is far larger than any rest, so that the two never overlap.
        """
        self._settle(lost)
        os.pwrite(self._fd, rest, HEADER)
        os.ftruncate(self._fd, HEADER + len(rest))
        self._base, self._tail = HEADER, HEADER + len(rest)
        self._settle(lost)

    def _write(self, record: Record) -> None:
        """A page that exists already takes it even on a full tmpfs; if not, we go on without."""
        self._sequence += 1
        self._lost = (record.lost, record.error)
        record = msgspec.structs.replace(record, sequence=self._sequence)
        with contextlib.suppress(OSError):
            os.pwrite(self._fd, record.pack(), record.slot)
