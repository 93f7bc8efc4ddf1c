"""One output stream of one program: its FIFO, watched by the event loop, and the pump behind it.

While no process holds the FIFO nothing is open and nothing is watched: an idle stream costs no
descriptor and no wake-up.
"""

from __future__ import annotations

import asyncio
import os

from watchdog.logs import fifo
from watchdog.logs.pump import TURN, Pump


class Stream:
    """Reads `path`, a FIFO, into `pump` whenever there is something to read."""

    __slots__ = ("_allowance", "_large", "_loop", "_path", "_pump", "_reader")

    def __init__(self, path: str, pump: Pump, allowance: fifo.Allowance) -> None:
        self._path = path
        self._pump = pump
        self._allowance = allowance
        self._large = False
        self._reader = -1
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def reader(self) -> int:
        """The descriptor that is read; -1 while there is none."""
        return self._reader

    def open(self) -> int:
        """A child's end for the next incarnation, for the caller to close. Raises OSError.

        An OSError that leaves the stream without a FIFO at its path is answered by `open_without`.
        """
        self.recover()
        if self._reader >= 0 and not fifo.is_at(self._reader, self._path):
            self.release()  # somebody removed the FIFO: read what the last incarnation wrote
            self._detach()
        if self._reader < 0:
            self._take(fifo.open_reader(self._path))
        self._pump.begin()
        return fifo.open_child_end(self._reader, self._path)

    def open_without(self) -> int:
        """As `open`, by a pipe that has no path. Raises OSError only when descriptors run out."""
        self._detach()
        reader, child = fifo.open_anonymous()
        self._take(reader)
        self._pump.begin()
        return child

    def adopt(self, pid: int, fd: int) -> None:
        """Open the FIFO that the process `pid` has as `fd`. Raises OSError if it has none.

        What an earlier watchdog took and could not write is written first; a line that it saw only
        the beginning of waits here for its end.
        """
        if self._reader >= 0:
            return
        self._pump.recover()
        try:
            self._take(self._find(pid, fd))
        except OSError:
            self._pump.close()
            raise

    def recover(self) -> None:
        """Write what an earlier watchdog took, of a process that will write no more."""
        if self._reader < 0:
            self._pump.recover()
            self._pump.finish()

    def attach(self) -> None:
        """Read whenever the loop sees output. Needs a running loop; idempotent."""
        if self._loop is None and self._reader >= 0:
            self._loop = asyncio.get_running_loop()
            self._loop.add_reader(self._reader, self._read)

    def release(self) -> None:
        """The process is gone: read what it left, write the unfinished line.

        At most what the FIFO can hold is read here, however fast a straggler of the tree still
        writes; the straggler is then read on by the loop until it ends too.
        """
        if self._reader >= 0 and not self._drain():
            self._detach()
        if self._reader >= 0:
            self._pump.finish()
        else:
            self._pump.close()

    def last_line(self) -> bytes:
        """The last line of this incarnation so far, what still waits in the FIFO included."""
        if self._reader >= 0:
            self._pump.turn(self._reader)
        return self._pump.last_line()

    def close(self) -> None:
        """Read what is there, let go of the FIFO and the log. The FIFO stays for a successor."""
        if self._reader >= 0 and self._drain():
            self._detach()
            self._pump.leave()
        else:
            self._detach()
            self._pump.close()

    def _drain(self) -> bool:
        """Read at least what is there; False when nobody holds the FIFO any more."""
        turns = fifo.capacity(self._reader) // TURN + 2
        return all(self._pump.turn(self._reader) for _ in range(turns))

    def _find(self, pid: int, fd: int) -> int:
        try:
            return fifo.open_existing(self._path)
        except FileNotFoundError:
            return fifo.open_held(pid, fd, self._path)

    def _read(self) -> None:
        if self._reader >= 0 and not self._pump.turn(self._reader):
            self._end()

    def _end(self) -> None:
        """Nobody holds the FIFO: watching it further would wake us for ever (EPOLLHUP)."""
        self._detach()
        self._pump.close()

    def _take(self, reader: int) -> None:
        self._reader = reader
        self._large = self._allowance.enlarge(reader)

    def _detach(self) -> None:
        reader, self._reader = self._reader, -1
        if reader < 0:
            return
        if self._loop is not None:
            self._loop.remove_reader(reader)
            self._loop = None
        os.close(reader)
        if self._large:
            self._allowance.give_back()
