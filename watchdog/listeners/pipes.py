"""The two pipes to one listener's process: its stdin and its stdout. Thin.

Nothing here waits: what the listener does not read stays in memory, which is never more than the
one event that it was sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Callable
from typing import NamedTuple

PIECE = 65536
"""Bytes that are read at a time."""


class ChildEnds(NamedTuple):
    """A listener's own ends; to be closed once it is spawned."""

    stdin: int
    stdout: int

    def close(self) -> None:
        """Close our copies."""
        os.close(self.stdin)
        os.close(self.stdout)


class Pipes:
    """Our ends. `hear` gets what the listener says, and nothing (b"") once it can say no more."""

    def __init__(self, writer: int, reader: int, hear: Callable[[bytes], None]) -> None:
        self._writer = writer
        self._reader = reader
        self._hear = hear
        self._unsent = b""
        self._loop = asyncio.get_running_loop()
        os.set_blocking(writer, False)
        os.set_blocking(reader, False)
        self._loop.add_reader(reader, self._read)

    @property
    def descriptors(self) -> tuple[int, int]:
        """To the listener, and from it; -1 where that is closed."""
        return self._writer, self._reader

    @property
    def unsent(self) -> bytes:
        """What it was sent and has not taken yet."""
        return self._unsent

    def send(self, data: bytes) -> bool:
        """Send it now or as soon as there is room; False if nobody can read it."""
        if self._writer < 0:
            return False
        waiting, self._unsent = bool(self._unsent), self._unsent + data
        return True if waiting else self._push()

    def drain(self) -> None:
        """Hear what it has said already: its process is gone, its words may still be there."""
        while self._reader >= 0 and self._read():
            pass

    def close(self) -> None:
        """Let go of both; idempotent."""
        self._stop_reading()
        self._stop_writing()

    def _push(self) -> bool:
        """Write what there is room for."""
        try:
            sent = os.write(self._writer, self._unsent)
        except BlockingIOError:
            sent = 0
        except OSError:  # nobody has the other end
            self._stop_writing()
            self._hear(b"")
            return False
        self._unsent = self._unsent[sent:]
        if self._unsent:
            self._loop.add_writer(self._writer, self._push)
        else:
            self._loop.remove_writer(self._writer)
        return True

    def _read(self) -> bool:
        """Read once; whether there may be more."""
        try:
            data = os.read(self._reader, PIECE)
        except BlockingIOError:
            return False
        except OSError:
            data = b""
        if not data:
            self._stop_reading()
        self._hear(data)
        return bool(data)

    def _stop_reading(self) -> None:
        reader, self._reader = self._reader, -1
        if reader >= 0:
            self._loop.remove_reader(reader)
            os.close(reader)

    def _stop_writing(self) -> None:
        writer, self._writer = self._writer, -1
        self._unsent = b""
        if writer >= 0:
            self._loop.remove_writer(writer)
            os.close(writer)


def open_pipes(hear: Callable[[bytes], None]) -> tuple[Pipes, ChildEnds]:
    """New pipes. Raises OSError when descriptors run out."""
    stdin, writer = os.pipe()
    try:
        reader, stdout = os.pipe()
    except OSError:
        for descriptor in (stdin, writer):
            with contextlib.suppress(OSError):
                os.close(descriptor)
        raise
    return Pipes(writer, reader, hear), ChildEnds(stdin, stdout)
