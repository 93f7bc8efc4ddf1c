"""Putting right a lock file that was removed, moved or replaced, without letting go of anything.

Whatever is at the path now is locked first, so that nobody else can take it while we work. Then
the file that we, and our processes, hold all the time is put back by a further hard link; one
that has no name left at all cannot be, and the new file is held beside it.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from watchdog.locks.file import FileLock
from watchdog.locks.record import Healing, LockProblem, sentence

assert sys.platform != "win32"


def heal(lock: FileLock) -> Healing:
    """Have the file at the path locked by us again."""
    if lock.fd < 0:
        return Healing(False, f"{lock.key} is not held, so there is nothing to put right")
    if lock.is_intact():
        return Healing(True, f"the lock file {lock.path} is in its place")
    there = FileLock(lock.key, lock.path.parent)
    try:
        refused = there.take()
    except LockProblem as problem:
        return Healing(False, str(problem))
    if refused is not None:
        return Healing(False, f"another file is at {lock.path} now, {sentence(refused)}")
    return _put_back(lock, there)


def _put_back(lock: FileLock, there: FileLock) -> Healing:
    if _link(lock):
        there.close()
        return Healing(True, f"the lock file {lock.path} was put back; it was held all the time")
    lock.supersede(there.fd)
    return Healing(
        True,
        f"the lock file {lock.path} was made anew and is locked; the removed one is held as well",
    )


def _link(lock: FileLock) -> bool:
    """Put the held file over whatever is at the path, in one step; False if it cannot be."""
    aside = lock.path.with_name(f".{lock.path.name}.{os.getpid()}")
    with contextlib.suppress(OSError):
        aside.unlink()
    try:
        _link_descriptor(lock.fd, aside)
        aside.replace(lock.path)
    except OSError:
        # ENOENT: no name is left of it; EXDEV: the directory is on another filesystem now.
        with contextlib.suppress(OSError):
            aside.unlink()
        return False
    return lock.is_intact()


def _link_descriptor(descriptor: int, path: Path) -> None:
    """linkat(2) with AT_SYMLINK_FOLLOW, which Python uses only when a directory is given."""
    directory = os.open(path.parent, os.O_PATH if hasattr(os, "O_PATH") else os.O_RDONLY)
    try:
        source = f"/proc/self/fd/{descriptor}"
        os.link(source, path, src_dir_fd=directory, follow_symlinks=True)
    finally:
        os.close(directory)
