"""Packing rotated files, a little at a time, so that the watchdog never stands still for it.

Each step takes about 2 ms, and after it the loop is left to others for three times as long. Nothing
wakes up when there is nothing to pack. A packed file gets its name when it is whole, and then the
plain one goes: a SIGKILL at any instruction leaves all lines in one of them, and readers take the
plain one as long as there is one. Only the watchdog renames, and only on its own thread, so a
rotation may come between two steps: the file is found again by its identity.
"""

from __future__ import annotations

import contextlib
import os
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from watchdog.logs.attic import Attic, unfinished_name
from watchdog.logs.backups import Backup, Identity, header, identity_of, name_of

CHUNK = 64 * 1024
"""Bytes packed at a time: 1.5 to 2 ms at level 6."""
REST = 3.0
"""Times as long as a step took, until the next one."""
_LEVEL = 6
_RAW = -15  # deflate without a frame: the header is our own

Later = Callable[[float, Callable[[], None]], object]
"""Calls back after so many seconds. Raises RuntimeError where no loop runs."""


def by_loop(seconds: float, call: Callable[[], None]) -> object:
    """By the running event loop."""
    import asyncio

    return asyncio.get_running_loop().call_later(seconds, call)


class Job:
    """Packs one file. Raises OSError when it cannot."""

    def __init__(self, attic: Attic, log: str, backup: Backup) -> None:
        self.attic = attic
        self._log = log
        self._source = os.open(backup.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        status = os.fstat(self._source)
        self._identity = identity_of(status)
        self._unfinished = unfinished_name(log)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            self._target = os.open(self._unfinished, flags, status.st_mode & 0o777)
        except OSError:
            os.close(self._source)
            raise
        self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
        self._sum = self._size = 0
        self._ahead = header(self._identity)

    def step(self) -> bool:
        """Pack the next piece; whether there is more."""
        ahead, self._ahead = self._ahead, b""
        self._write(ahead)
        data = os.pread(self._source, CHUNK, self._size)
        if not data:
            self._write(self._deflate.flush())
            self._write(struct.pack("<II", self._sum, self._size & 0xFFFFFFFF))
            self._put_in_place()
            return False
        if self.attic.room() < len(data):
            raise OSError("no room within the total")
        self._sum = zlib.crc32(data, self._sum)
        self._size += len(data)
        self._write(self._deflate.compress(data))
        return True

    def close(self) -> None:
        """Let go of it, finished or not."""
        os.close(self._source)
        os.close(self._target)
        with contextlib.suppress(OSError):
            Path(self._unfinished).unlink()

    def _put_in_place(self) -> None:
        """Replace the plain file, wherever rotations have moved it; if it is gone, so is this."""
        for backup in self.attic.backups_of(self._log):
            if not backup.packed and _is(backup.path, self._identity):
                packed = name_of(self._log, backup.number, packed=True)
                status = os.fstat(self._source)
                os.utime(self._target, ns=(status.st_atime_ns, status.st_mtime_ns))
                Path(self._unfinished).replace(packed)
                Path(backup.path).unlink()

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._target, data) :]


def _is(path: str, identity: Identity) -> bool:
    try:
        status = Path(path).stat()
    except OSError:
        return False
    return identity_of(status) == identity


class Packer:
    """Packs for all programs, one file after the other."""

    def __init__(self, later: Later = by_loop) -> None:
        self._later = later
        self._waiting: list[Attic] = []
        self._job: Job | None = None
        self._called = False

    def wake(self, attic: Attic) -> None:
        """There may be something to pack."""
        if attic not in self._waiting:
            self._waiting.append(attic)
        self._call_later(0.0)

    def close(self) -> None:
        """Leave what is not finished as it was."""
        self._waiting.clear()
        self._end_job()

    def _call_later(self, seconds: float) -> None:
        if not self._called:
            with contextlib.suppress(RuntimeError):  # no loop yet: at the next rotation then
                self._later(seconds, self._turn)
                self._called = True

    def _turn(self) -> None:
        self._called = False
        began = time.monotonic()
        if self._job is None:
            self._begin_job()
        if self._job is not None:
            self._work(self._job)
        if self._job is not None or self._waiting:
            self._call_later(REST * (time.monotonic() - began))

    def _begin_job(self) -> None:
        """The next file to pack; an attic that has none, or makes trouble, waits no longer."""
        while self._waiting:
            attic = self._waiting[0]
            with contextlib.suppress(OSError):
                if wanted := attic.next_to_pack():
                    self._job = Job(attic, *wanted)
                    return
            self._waiting.pop(0)

    def _work(self, job: Job) -> None:
        try:
            more = job.step()
        except OSError:
            more = False
            with contextlib.suppress(ValueError):
                self._waiting.remove(job.attic)  # not again before the next rotation
        if not more:
            self._end_job()

    def _end_job(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.close()
