"""The rotated files of a log: `path.1`, `path.2` ..., the older ones perhaps packed (`path.3.gz`).

A packed file tells of which file it was made, by its device, inode and time in gzip's extra field
(an inode alone is soon another file's). So a reader who has read the one does not read the other as
well, and finds what comes after it. While a
file is being replaced by its packed form both are there; the plain one counts.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import msgspec

Identity = tuple[int, int, int]
"""(device, inode, time of the last change in nanoseconds) of the file that was written."""

_HEADER = struct.Struct("<4sIBBH2sHQQQ")
_MAGIC = b"\x1f\x8b\x08\x04"  # gzip, deflate, with an extra field
_OURS = b"WD"
_BLOCK = 256 * 1024


class Backup(msgspec.Struct, frozen=True):
    """One rotated file."""

    number: int
    path: str
    packed: bool
    size: int
    modified: float


def name_of(path: str, number: int, packed: bool = False) -> str:
    """The name of the rotated file with this number; 0 is the log itself."""
    return f"{path}.{number}{'.gz' if packed else ''}" if number else path


def backups_of(path: str, at_least: int) -> list[Backup]:
    """All rotated files, both forms, newest first; looked for up to the number, and beyond."""
    found: list[Backup] = []
    number = 1
    while number <= at_least or (found and found[-1].number == number - 1):
        found += [one for packed in (False, True) if (one := _look(path, number, packed))]
        number += 1
    return found


def _look(path: str, number: int, packed: bool) -> Backup | None:
    name = name_of(path, number, packed)
    try:
        status = Path(name).stat()
    except OSError:
        return None
    return Backup(number, name, packed, status.st_size, status.st_mtime)


class Held:
    """An opened file of a log: what it held then can be read whatever is done with its name."""

    def __init__(self, fd: int, packed: bool) -> None:
        self.fd = fd
        self.size = os.fstat(fd).st_size
        """Bytes to look at."""
        self._told = _identity_in(fd) if packed else None
        self._packed = packed
        self._unpacked: IO[bytes] | None = None

    @property
    def identity(self) -> Identity:
        """Which file it is, or was before it was packed. It changes as long as that is written."""
        return self._told or identity_of(os.fstat(self.fd))

    def unpack(self) -> None:
        """Make `fd` and `size` those of the plain text; idempotent."""
        if self._packed:
            self._packed = False
            import tempfile  # only where somebody reads that far back

            self._unpacked = tempfile.TemporaryFile()  # noqa: SIM115 - closed with us
            self._told = self.identity
            _unpack(self.fd, self._unpacked)
            os.close(self.fd)
            self.fd = self._unpacked.fileno()
            self.size = os.fstat(self.fd).st_size

    @property
    def is_packed(self) -> bool:
        """Whether it was packed when it was opened."""
        return self._told is not None or self._packed

    def close(self) -> None:
        """Close it."""
        if self._unpacked is not None:
            self._unpacked.close()
        else:
            os.close(self.fd)


def hold(path: Path, number: int) -> Held:
    """Open the file with this number, 0 for the log itself. Raises OSError.

    The plain one first: when it is gone its packed form is there already.
    """
    try:
        return Held(open_file(name_of(str(path), number)), packed=False)
    except FileNotFoundError:
        if not number:
            raise
    return Held(open_file(name_of(str(path), number, packed=True)), packed=True)


def open_file(path: str) -> int:
    """A descriptor to read the log. Raises OSError, also for what is no file.

    A log may be sent to a pipe or a device: to read there could wait for ever, have no end, or take
    from another reader what was meant for it.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError(errno.EINVAL, "not a file that can be read again", path)


def held_backups(path: Path) -> Iterator[Held]:
    """The rotated files, newest first; each is for the caller to close."""
    number = 1
    while True:
        try:
            held = hold(path, number)
        except OSError:
            return
        yield held
        number += 1


def header(identity: Identity) -> bytes:
    """The beginning of a packed file that is made of this one."""
    seconds = identity[2] // 10**9 & 0xFFFFFFFF
    return _HEADER.pack(_MAGIC, seconds, 0, 255, 28, _OURS, 24, *identity)


def _identity_in(fd: int) -> Identity | None:
    """What a packed file says of the file that it was; None if it is not of our making."""
    head = os.pread(fd, _HEADER.size, 0)
    if len(head) < _HEADER.size:
        return None
    magic, _, _, _, _, whose, _, *identity = _HEADER.unpack(head)
    device, inode, changed = identity
    return (device, inode, changed) if (magic, whose) == (_MAGIC, _OURS) else None


def identity_of(status: os.stat_result) -> Identity:
    """Which file it is."""
    return status.st_dev, status.st_ino, status.st_mtime_ns


def without_doubles(files: list[Held]) -> list[Held]:
    """The files without those that were rotated, or packed, while one after the other was opened.

    An inode is no other file's as long as it is open, so for two plain files it decides alone.
    """
    seen: set[tuple[int, ...]] = set()
    kept = []
    for held in files:
        names = {held.identity} if held.is_packed else {held.identity, held.identity[:2]}
        if seen.isdisjoint({held.identity} if held.is_packed else {held.identity[:2]}):
            kept.append(held)
        seen |= names
    return kept


def _unpack(fd: int, out: IO[bytes]) -> None:
    """As much of it as is whole."""
    import gzip  # only where somebody reads that far back
    import zlib

    with gzip.open(os.fdopen(os.dup(fd), "rb")) as source:
        try:
            while block := source.read(_BLOCK):
                out.write(block)
        except (EOFError, OSError, zlib.error):
            pass  # a damaged file: nothing more can be had of it
    out.flush()
