"""The first lock: an flock on a file, which a child inherits and which ends with its last holder.

Never LOCK_UN, which would free it under everyone who shares the descriptor; never unlink, which
would let the next one lock a new file. To let go is to close.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
from pathlib import Path

from msgspec import structs

from watchdog.locks import directory, holders
from watchdog.locks.identity import file_name, reduce
from watchdog.locks.record import Holder, LockProblem, from_line, to_line

assert sys.platform != "win32"

FD_VARIABLE, KEY_VARIABLE = "WATCHDOG_LOCK_FD", "WATCHDOG_LOCK_KEY"

_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_ATTEMPTS = 100  # each lost race needs somebody who replaces the file meanwhile
_LONGEST_RECORD = 65536  # bytes


class FileLock:
    """The lock of one key. `fd` is -1 while it is not held."""

    def __init__(self, key: str, place: Path | None = None) -> None:
        self.key = reduce(key)
        self.path = (place or directory.lock_directory()) / file_name(self.key)
        self.fd = -1
        self.kept: tuple[int, ...] = ()  # of files that were at the path before, and are held on

    def acquire(self, holder: Holder) -> Holder | None:
        """Take the lock and write down who has it; or say who has it. Raises LockProblem."""
        refused = self.take()
        if refused is None:
            self.describe(holder)
        return refused

    def take(self) -> Holder | None:
        """Take the lock without touching the file's text; or say who has it."""
        directory.prepare(self.path.parent)
        for _ in range(_ATTEMPTS):
            descriptor = self._open()
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return self._refused(descriptor)
            except OSError as error:
                os.close(descriptor)
                raise self._problem(error) from None
            if self._is_at_path(descriptor):
                self.fd = descriptor
                return None
            os.close(descriptor)  # it was removed or replaced before we had it
        raise LockProblem(f"the lock file {self.path} is replaced again and again; who does that?")

    def hold(self, descriptor: int) -> bool:
        """Take over a descriptor that has the lock already; False, and it is closed, if not."""
        try:
            # Who shares the open file has its lock, and is given it again; any other is refused.
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self.fd = descriptor
        return True

    def supersede(self, descriptor: int) -> None:
        """Another file is at the path and locked by us; the one of before is held on."""
        self.kept = (self.fd, *self.kept)
        self.fd = descriptor

    def describe(self, holder: Holder) -> None:
        """Write down who has it; first the text, then its end, so that it is never empty.

        A full disk leaves the record as it was: the lock holds without it.
        """
        line = to_line(structs.replace(holder, key=self.key))
        with contextlib.suppress(OSError):
            os.pwrite(self.fd, line, 0)
            os.ftruncate(self.fd, len(line))

    def is_intact(self) -> bool:
        """Whether the file at the path is still the one that we hold."""
        return self.fd >= 0 and self._is_at_path(self.fd)

    def descriptors(self) -> tuple[int, ...]:
        """What a child must inherit to keep the lock."""
        return (self.fd, *self.kept) if self.fd >= 0 else ()

    def environment(self) -> dict[str, str]:
        """By which a child knows that it has the lock already."""
        return {FD_VARIABLE: str(self.fd), KEY_VARIABLE: self.key} if self.fd >= 0 else {}

    def close(self) -> None:
        """Let go of our own descriptor; who inherited it holds the lock on."""
        for descriptor in self.descriptors():
            os.close(descriptor)
        self.fd, self.kept = -1, ()

    def _open(self) -> int:
        # First without O_CREAT: in a sticky directory the kernel refuses even root O_CREAT on
        # another user's file (fs.protected_regular).
        for flags in (_FLAGS, _FLAGS | os.O_CREAT | os.O_EXCL) * _ATTEMPTS:
            try:
                return self._check(os.open(self.path, flags, 0o600))
            except (FileNotFoundError, FileExistsError):
                continue
            except OSError as error:
                raise self._problem(error) from None
        raise LockProblem(f"the lock file {self.path} comes and goes; who does that?")

    def _check(self, descriptor: int) -> int:
        found = os.fstat(descriptor)
        if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
            # Whoever can read a file can lock it.
            if stat.S_IMODE(found.st_mode) != 0o600:
                os.fchmod(descriptor, 0o600)
            return descriptor
        os.close(descriptor)
        what = "is no plain file" if found.st_uid == os.geteuid() else "belongs to another user"
        raise LockProblem(f"the lock file {self.path} {what}; remove it")

    def recorded(self, descriptor: int) -> Holder:
        """What is written in the file that the descriptor has open."""
        return from_line(os.pread(descriptor, _LONGEST_RECORD, 0))

    def _refused(self, descriptor: int) -> Holder:
        try:
            return self._holder(descriptor)
        finally:
            os.close(descriptor)

    def _holder(self, descriptor: int) -> Holder:
        """The recorded holder if it is the real one, else whom /proc shows."""
        inode = holders.inode_of(descriptor)
        recorded = self.recorded(descriptor)
        if recorded.pid and holders.has_open(recorded.pid, inode, flock=True):
            return recorded
        found = holders.find_holders(inode, flock=True)
        if not found:
            return recorded if recorded.pid and holders.is_alive(recorded.pid) else Holder(self.key)
        real = holders.describe_process(found[0], self.key)
        if found[0] == recorded.watchdog_pid:
            return structs.replace(real, program=recorded.program, since=recorded.since)
        return structs.replace(real, note=_left_by(recorded))

    def _is_at_path(self, descriptor: int) -> bool:
        try:
            there = self.path.stat(follow_symlinks=False)
        except OSError:
            return False
        return (there.st_dev, there.st_ino) == holders.inode_of(descriptor)

    def _problem(self, error: OSError) -> LockProblem:
        if error.errno == errno.ELOOP:
            return LockProblem(f"the lock file {self.path} is a symbolic link; remove it")
        return LockProblem(f"the lock file {self.path} cannot be used: {error.strerror}")


def _left_by(recorded: Holder) -> str:
    if recorded.pid is None:
        return ""
    return f"it has it from pid {recorded.pid}, which is gone or has let go"
