"""What a scratch file says of itself: which of its bytes are in the log, in one small record.

A record announces an append before it is made: "the bytes `start` to `end` become `length` bytes
of the log (`device`, `inode`) at `offset`". Whether it was made, the log's own size tells, which
the kernel keeps through a SIGKILL at any instruction. So one record covers input and output at once
and there is no moment at which only one of the two is known. With a length of 0 nothing is under
way. Two slots are written in turns, each with a checksum: a torn record leaves the one before.

Pure, but for `judge`, which looks for the log.
"""

from __future__ import annotations

import contextlib
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

HEADER = 4096
"""Bytes before the data: a page of its own, so that the kernel moves whole pages behind it."""
SLOT = 256
"""Bytes between the two slots."""
_FORM = struct.Struct("<9Q")
_SUM = struct.Struct("<I")


class Record(msgspec.Struct, frozen=True):
    """One state of a scratch file. Offsets and lengths in bytes; `error` is an errno."""

    sequence: int = 0
    start: int = HEADER
    end: int = HEADER
    offset: int = 0
    length: int = 0
    device: int = 0
    inode: int = 0
    lost: int = 0
    """Bytes whose loss the log does not tell yet; the append under way, if any, does."""
    error: int = 0

    def pack(self) -> bytes:
        """As it is stored."""
        body = _FORM.pack(*msgspec.structs.astuple(self))
        return body + _SUM.pack(zlib.crc32(body))

    @property
    def slot(self) -> int:
        """Where it is stored, in bytes from the beginning of the file."""
        return self.sequence % 2 * SLOT


def newest(header: bytes) -> Record:
    """The last record that was written whole; a blank one if there is none."""
    found = [_unpack(header[at : at + SLOT]) for at in (0, SLOT)]
    return max(found, key=lambda record: record.sequence)


def _unpack(slot: bytes) -> Record:
    body, checksum = slot[: _FORM.size], slot[_FORM.size : _FORM.size + _SUM.size]
    if len(checksum) < _SUM.size or _SUM.unpack(checksum)[0] != zlib.crc32(body):
        return Record()
    return Record(*_FORM.unpack(body))


def was_made(record: Record, size: int) -> bool:
    """Whether the append that `record` announces is in the log, which has `size` bytes."""
    return size >= record.offset + record.length


def settle(record: Record, made: bool) -> Record:
    """The record with nothing under way, given whether the append was made."""
    start = record.end if made else record.start
    lost = (0, 0) if made and record.length else (record.lost, record.error)
    return Record(record.sequence, start, start, 0, 0, 0, 0, *lost)


def judge(record: Record, log: str) -> Record:
    """See whether the append under way was made; if not, cut its beginning off the log.

    The log may have been rotated since, also by others, and is then found by its inode in the same
    directory. One that is not found (or a pipe or a terminal) counts as not written: twice is
    better than never.
    """
    if not record.length:
        return settle(record, made=True)
    for path in _places(record, log):
        with contextlib.suppress(OSError):
            return settle(record, _make_or_cut(record, path))
    return settle(record, made=False)


def _make_or_cut(record: Record, path: Path) -> bool:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        made = was_made(record, os.fstat(fd).st_size)
        if not made and os.fstat(fd).st_size > record.offset:
            os.ftruncate(fd, record.offset)
        return made
    finally:
        os.close(fd)


def _places(record: Record, log: str) -> Iterator[Path]:
    """The log by its inode: wherever in its directory it has been moved to."""
    with contextlib.suppress(OSError), os.scandir(Path(os.path.realpath(log)).parent) as entries:
        for entry in entries:
            if entry.inode() == record.inode and _is_on(record.device, entry):
                yield Path(entry.path)


def _is_on(device: int, entry: os.DirEntry[str]) -> bool:
    return entry.stat(follow_symlinks=False).st_dev == device
