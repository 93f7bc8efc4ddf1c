"""Reading logs: the last lines, everything from now on, and supervisor's two ways of asking.

A reader of its own: it needs only the path, and knows that `path.1`, `path.2.gz` ... hold what was
written before. Nothing runs here unless somebody reads; a follower polls, and only while followed.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

from watchdog.logs.backups import (
    Held,
    Identity,
    held_backups,
    hold,
    identity_of,
    open_file,
    without_doubles,
)

BLOCK = 64 * 1024
"""Bytes read at a time."""
MOST = 16 * 1024 * 1024
"""Bytes of an answer, however long the lines are: it is made in one piece, on the daemon's loop."""
INTERVAL = 0.2
"""Seconds between two looks of a follower that has read everything."""


def last_lines(path: Path, count: int) -> bytes:
    """The last `count` lines, reaching back into rotated files. Raises FileNotFoundError.

    An unfinished last line counts as a line. Never more than the last `MOST` bytes.
    """
    with _opened(path) as files:
        return _last_lines(files, count)


def last_bytes(path: Path, count: int) -> bytes:
    """The last `count` bytes, reaching back into rotated files. Raises FileNotFoundError."""
    with _opened(path) as files:
        return _gather(files, count, _end_bytes, len)


async def follow(path: Path, lines: int = 0, interval: float = INTERVAL) -> AsyncIterator[bytes]:
    """The last `lines` lines, then whatever is written, in chunks, until the caller stops asking.

    Survives rotation and truncation, and waits for a file that is not there yet. Nothing is lost or
    repeated between the first lines and what follows.
    """
    with contextlib.closing(Follower(path)) as follower:
        head = follower.begin(lines)
        if head:
            yield head
        while True:
            data = follower.read()
            if data:
                yield data
            else:
                await asyncio.sleep(interval)


class Follower:
    """A place in a log that moves on through rotations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._packed: Identity | None = None  # which file it was, if it was unpacked for us
        self._offset = 0

    def begin(self, lines: int) -> bytes:
        """Stand at the present end; the last `lines` lines before it."""
        try:
            with _opened(self._path) as files:
                self._stand(files[0], files[0].size)
                return _last_lines(files, lines)
        except OSError:
            return b""

    def look_back(self) -> Iterator[bytes]:
        """Stand at the present end; the lines before it, newest first, back to the oldest file.

        Each with its newline, but for an unfinished last one. Nothing is lost or repeated between
        these lines and what `read` gives, though the log be rotated while they are read.
        """
        with contextlib.ExitStack() as stack:
            try:
                files = stack.enter_context(_opened(self._path))
            except OSError:
                return iter(())
            self._stand(files[0], files[0].size)
            return _lines_backwards(files, stack.pop_all())

    def read(self) -> bytes:
        """The next bytes; empty when there is nothing yet."""
        data = self._read_on()
        if data or not self._find_next():
            return data
        return self._read_on()

    def close(self) -> None:
        """Close the file."""
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def _read_on(self) -> bytes:
        if self._fd < 0:
            return b""
        data = os.pread(self._fd, BLOCK, self._offset)
        self._offset += len(data)
        return data

    def _find_next(self) -> bool:
        """Whether there is more to read: in a newer file, or in this one from its beginning."""
        try:
            newest = self._path.stat()
        except OSError:
            return False  # moved away and not made anew yet
        if self._fd >= 0 and os.path.samestat(newest, os.fstat(self._fd)):
            return self._rewind_if_truncated(newest.st_size)
        return self._move_on()

    def _rewind_if_truncated(self, size: int) -> bool:
        if size >= self._offset:
            return False
        self._offset = 0
        return True

    def _move_on(self) -> bool:
        """Go to the file that was begun after ours, which more than one rotation may have moved."""
        if self._has_grown():
            return True
        with contextlib.suppress(OSError), contextlib.closing(self._successor()) as next_one:
            next_one.unpack()
            self._stand(next_one, 0)
            return True
        return False

    def _has_grown(self) -> bool:
        """Whether our file grew between the read that found its end and the rotation."""
        return self._fd >= 0 and os.fstat(self._fd).st_size > self._offset

    def _successor(self) -> Held:
        """The file after ours; the newest if there is no trace of ours any more."""
        newer = hold(self._path, 0)
        mine = self._packed or (identity_of(os.fstat(self._fd)) if self._fd >= 0 else None)
        for older in held_backups(self._path) if self._fd >= 0 else ():
            if older.identity == mine:
                older.close()
                return newer
            newer.close()
            newer = older
        newer.close()
        return hold(self._path, 0)

    def _stand(self, held: Held, offset: int) -> None:
        """Go on in a copy of this descriptor."""
        copy = os.dup(held.fd)
        self.close()
        self._fd, self._offset = copy, offset
        self._packed = held.identity if held.is_packed else None


# -- as supervisor answers ------------------------------------------------------------------


def read_log(path: Path, offset: int, length: int) -> str:
    """`length` bytes from `offset`, 0 for all; a negative offset asks for the last bytes.

    Raises FileNotFoundError (supervisor's NO_FILE), ValueError "BAD_ARGUMENTS" for a negative
    length or one beside a negative offset, and OSError (FAILED). Bytes that are no UTF-8, as where
    a character was cut, are shown as the replacement character; supervisor fails there.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no log at {path}")
    if length < 0 or (offset < 0 and length):
        raise ValueError("BAD_ARGUMENTS")
    with os.fdopen(open_file(str(path)), "rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(offset if offset >= 0 else max(0, size + offset))
        return _text(file.read(length or -1))


def tail_log(path: Path, offset: int, length: int) -> tuple[str, int, bool]:
    """(text, end of the log, overflow): what a client that has read up to `offset` should show.

    At most the last `length` bytes; overflow says that the log grew by more than that, so that
    something before was skipped. A log that cannot be read has nothing new: ("", offset, False).
    """
    try:
        with os.fdopen(open_file(str(path)), "rb") as file:
            size = file.seek(0, os.SEEK_END)
            overflow = size > offset + length
            nothing_new = offset >= size and not overflow
            count = 0 if nothing_new else max(0, length)
            file.seek(max(0, size - count))
            return _text(file.read(count)), size, overflow
    except OSError:
        return "", offset, False


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


# -- a log with its predecessors --------------------------------------------------------------

_Files = list[Held]
"""Newest first."""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[_Files]:
    """The log and its rotated predecessors, all opened at once, so that a rotation changes nothing.

    Raises FileNotFoundError when the log itself is not there, OSError if it is no file.
    """
    with contextlib.ExitStack() as stack:
        files: _Files = []
        for held in itertools.chain([hold(path, 0)], held_backups(path)):
            stack.callback(held.close)
            files.append(held)
        yield without_doubles(files)


def _lines_backwards(files: _Files, stack: contextlib.ExitStack) -> Iterator[bytes]:
    """All lines of the files, the last one first; closes the stack in the end."""
    with stack:
        pieces: list[bytes] = []  # of the line that is being read, the last one first
        for block in _blocks_backwards(files):
            *_, first = starts = block.split(b"\n")[::-1]
            for piece in starts[:-1]:  # each of them begins a line
                if line := b"".join(reversed([*pieces, piece])):
                    yield line
                pieces = [b"\n"]
            pieces.append(first)
        if line := b"".join(reversed(pieces)):
            yield line


def _blocks_backwards(files: _Files) -> Iterator[bytes]:
    for held in files:
        held.unpack()
        size = held.size
        while size:
            start = max(0, size - BLOCK)
            yield os.pread(held.fd, size - start, start)
            size = start


def _last_lines(files: _Files, count: int) -> bytes:
    return _gather(files, count, _end_lines, _count_lines)


def _gather(
    files: _Files,
    wanted: int,
    take: Callable[[int, int, int], bytes],
    measure: Callable[[bytes], int],
) -> bytes:
    """The end of the files together: `take(fd, size, wanted)` from each until `wanted` is there."""
    parts: list[bytes] = []
    room = MOST
    for held in files:
        if wanted <= 0 or not room:
            break
        held.unpack()
        part = take(held.fd, held.size, wanted)[-room:]
        room -= len(part)
        wanted -= measure(part)
        parts.append(part)
    return b"".join(reversed(parts))


def _end_bytes(fd: int, size: int, wanted: int) -> bytes:
    return os.pread(fd, min(wanted, size), max(0, size - wanted))


def _end_lines(fd: int, size: int, wanted: int) -> bytes:
    """The last `wanted` lines of the first `size` bytes, read backwards in blocks."""
    parts: list[bytes] = []
    newlines = 0
    least = max(0, size - MOST)
    while size > least and newlines <= wanted:
        start = max(least, size - BLOCK)
        block = os.pread(fd, size - start, start)
        newlines += block.count(b"\n")
        parts.append(block)
        size = start
    return _keep_last(b"".join(reversed(parts)), wanted)


def _keep_last(data: bytes, wanted: int) -> bytes:
    end = len(data) - data.endswith(b"\n")
    for _ in range(wanted):
        end = data.rfind(b"\n", 0, max(0, end))
        if end < 0:
            return data
    return data[end + 1 :]


def _count_lines(data: bytes) -> int:
    return data.count(b"\n") + (bool(data) and not data.endswith(b"\n"))
