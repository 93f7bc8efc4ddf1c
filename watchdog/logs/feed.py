"""The input of programs: a FIFO each, opened for a spawn and whenever somebody sends something.

The child's end is open for reading *and* writing, as it is for the output: it waits for input
instead of seeing the end of it, whether the watchdog lives or not. The watchdog itself keeps
nothing open, so that a later one only needs the path.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from watchdog.logs import fifo
from watchdog.logs.model import file_name

PATIENCE = 5.0
"""Seconds that a process has to read, once its FIFO is full, before the sender is told."""
_WRITE = os.O_WRONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW


class NotReading(Exception):
    """The process does not read what it is sent."""


class Feeds:
    """The inputs of all programs."""

    def __init__(self, state: Path) -> None:
        self._directory = state / "fifo"
        self._turns: dict[str, asyncio.Lock] = {}  # of programs to which somebody sends now

    def open(self, program: str) -> int:
        """The child's end for a new incarnation, for the caller to close. Raises OSError."""
        path = str(self._path(program))
        reader = fifo.open_reader(path)
        try:
            return fifo.open_child_end(reader, path)
        finally:
            os.close(reader)

    async def send(self, program: str, data: bytes) -> None:
        """Write all of it, one sender after the other.

        Raises OSError if nobody has the FIFO open, and `NotReading` if it stays full.
        """
        async with self._turns.setdefault(program, asyncio.Lock()):
            descriptor = os.open(self._path(program), _WRITE)
            try:
                async with asyncio.timeout(PATIENCE):
                    await _write_all(descriptor, data)
            except TimeoutError:
                raise NotReading(program) from None
            finally:
                os.close(descriptor)

    def forget(self, program: str) -> None:
        """The program left the configuration."""
        self._path(program).unlink(missing_ok=True)
        self._turns.pop(program, None)

    def _path(self, program: str) -> Path:
        return self._directory / f"{file_name(program)}.in"


async def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            await _wait_for_room(descriptor)


async def _wait_for_room(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    room = asyncio.Event()
    loop.add_writer(descriptor, room.set)
    try:
        await room.wait()
    finally:
        loop.remove_writer(descriptor)
