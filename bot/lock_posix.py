"""The lock file on Linux, macOS and the BSDs: flock(2), which a child can inherit.

flock, and not fcntl's record locks: those vanish when the holder closes any other descriptor of
the file. The lock is never released by LOCK_UN, which would free it under everyone who shares the
descriptor; it ends when the last descriptor is closed, that is, with the process.
"""

import fcntl
import os
import pwd
import stat
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.lock_types import DIRECTORY_VARIABLE, Held

assert sys.platform != "win32"  # for the type checker: the rest exists on one side only

_ROOT_DIRECTORY = Path("/run/watchdog")
_USER_DIRECTORY = ".local/state/watchdog/locks"
_FLAGS = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
_ATTEMPTS = 100  # each lost race needs another process to remove or create the file in between


@dataclass(frozen=True)
class Hold:
    """A held lock: as long as `fd` is open in any process, nobody else gets it."""

    fd: int
    inherited: bool

    def close(self) -> None:
        """Let go of our own descriptor; an inherited one belongs to the supervisor."""
        if not self.inherited:
            os.close(self.fd)


def lock_directory(environ: Mapping[str, str]) -> Path:
    """The one directory in which this user's locks are, whatever $HOME says."""
    if override := environ.get(DIRECTORY_VARIABLE):
        return Path(override)
    if os.geteuid() == 0:
        return _ROOT_DIRECTORY
    try:
        return Path(pwd.getpwuid(os.geteuid()).pw_dir) / _USER_DIRECTORY
    except KeyError:
        raise OSError(f"the user with id {os.geteuid()} has no home directory on record") from None


def user_name() -> str:
    """The name of the effective user, or its number where it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


def inherit(path: Path, fd: int) -> Hold | None:
    """The lock that a supervisor handed down as `fd`, or None if `fd` is not it.

    Locking a description that already holds the lock changes nothing, and tells a real
    inheritance from a number that merely happens to be open.
    """
    try:
        if not _is_file_at(path, fd) and not _is_roots(path.name, fd):
            return None
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return None
    return Hold(fd, inherited=True)


def take(path: Path, record: str) -> Hold:
    """Lock the file at `path` and write `record` into it; raises `Held`, or OSError."""
    _make_private(path.parent)
    for _ in range(_ATTEMPTS):
        fd = _open(path)
        try:
            locked = _lock(fd, path)
        except BaseException:
            os.close(fd)
            raise
        if locked:
            _write(fd, record)
            return Hold(fd, inherited=False)
        os.close(fd)
    raise OSError("the file is replaced again and again while it is being locked")


def _make_private(directory: Path) -> None:
    """In a directory that others can write, they could move the locked file away."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = directory.stat()
    if found.st_uid != os.geteuid():
        raise OSError(f"the directory belongs to the user with id {found.st_uid}")
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise OSError("the directory can be written by other users")


def _open(path: Path) -> int:
    """Open without creating first: in a sticky directory the kernel may refuse root O_CREAT on
    another user's file (fs.protected_regular)."""
    for _ in range(_ATTEMPTS):
        try:
            return _plain(os.open(path, _FLAGS))
        except FileNotFoundError:
            pass
        try:
            return os.open(path, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
    raise OSError("the file appears and disappears while it is being opened")


def _plain(fd: int) -> int:
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise OSError("it is not a plain file")


def _lock(fd: int, path: Path) -> bool:
    """Whether the locked file is the one at `path`; a removed or moved one protects nothing."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Held(_read_settled(fd)) from None
    return _is_file_at(path, fd)


def _is_file_at(path: Path, fd: int) -> bool:
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    here = os.fstat(fd)
    return (there.st_dev, there.st_ino) == (here.st_dev, here.st_ino)


def _is_roots(name: str, fd: int) -> bool:
    """Whether `fd` is root's lock of this name: a supervisor that runs as root and starts the bot
    as another user locks in root's directory, into which that user cannot look."""
    here = os.fstat(fd)
    if here.st_uid != 0 or here.st_nlink == 0 or not stat.S_ISREG(here.st_mode):
        return False
    return Path(f"/proc/self/fd/{fd}").readlink().name == name


def _read_settled(fd: int) -> str:
    """The holder's record; a holder that has just locked needs a moment to write it."""
    for _ in range(10):
        text = os.pread(fd, 65536, 0).decode("utf-8", "replace")
        if text.endswith("\n"):
            return text
        time.sleep(0.02)
    return text


def _write(fd: int, record: str) -> None:
    data = record.encode()
    os.pwrite(fd, data, 0)
    os.truncate(fd, len(data))
