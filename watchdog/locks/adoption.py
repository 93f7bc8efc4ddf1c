"""Linux: take over both locks from the process that holds them, and never let go in between.

Each of the two by itself: fetched if the process has it, taken in the ordinary way if nobody has.
"""

from __future__ import annotations

import contextlib
import os
import sys

from watchdog.locks import borrow, holders
from watchdog.locks.abstract import AbstractLock
from watchdog.locks.file import FD_VARIABLE, KEY_VARIABLE, FileLock
from watchdog.locks.record import sentence

assert sys.platform == "linux"


def fetch(file: FileLock, second: AbstractLock, pid: int) -> str:
    """Both; empty if they are ours together with the process, else why not. Raises LockProblem."""
    return adopt_file(file, pid) or adopt_socket(second, pid)


def adopt_file(lock: FileLock, pid: int) -> str:
    """Empty if the file's lock is ours together with the process, else why it is not.

    Raises LockProblem.
    """
    try:
        for locked in _candidates(lock, pid):
            if _adopt_file(lock, pid, locked):
                return ""
    except borrow.Forbidden as error:
        return _forbidden(pid, error)
    refused = lock.take()
    return f"{lock.key} is {sentence(refused)}" if refused else ""


def adopt_socket(lock: AbstractLock, pid: int) -> str:
    """Empty if the socket is ours together with the process, else why it is not.

    Raises LockProblem.
    """
    try:
        number = borrow.descriptor_of(pid, lock.inode())
        if number is not None:
            with contextlib.suppress(OSError):
                if lock.hold(borrow.fetch(pid, number)):
                    return ""
    except borrow.Forbidden as error:
        return _forbidden(pid, error)
    refused = lock.take()
    return f"{lock.key} is {sentence(refused)}" if refused else ""


def _candidates(lock: FileLock, pid: int) -> list[borrow.Locked]:
    """The descriptors that may be the lock: the file at the path first, then what was there."""
    there = _inode_at(lock)
    locked = borrow.locked_files(pid)
    named = (str(lock.path), f"{lock.path} (deleted)")
    told = _told(lock, pid)
    ranked = (
        [found for found in locked if found.inode == there],
        [found for found in locked if found.name in named],
        [found for found in locked if found.number == told],
    )
    return list(dict.fromkeys(found for rank in ranked for found in rank))


def _told(lock: FileLock, pid: int) -> int:
    """The number that the process was told at its start, for a file that was moved away."""
    number = borrow.variable(pid, FD_VARIABLE)
    same = borrow.variable(pid, KEY_VARIABLE) == lock.key
    return int(number) if same and number.isdecimal() else -1


def _adopt_file(lock: FileLock, pid: int, locked: borrow.Locked) -> bool:
    try:
        copy = borrow.fetch(pid, locked.number)
    except OSError:
        return False
    # The number may mean another file by now, and by its number alone it may always have.
    moved = locked.inode != _inode_at(lock) and str(lock.path) not in locked.name
    if holders.inode_of(copy) != locked.inode or (moved and not _is_for(lock, copy)):
        os.close(copy)
        return False
    return lock.hold(copy)


def _is_for(lock: FileLock, descriptor: int) -> bool:
    """Whether the file says itself that it is this lock's."""
    with contextlib.suppress(OSError):
        return lock.recorded(descriptor).key == lock.key
    return False


def _inode_at(lock: FileLock) -> holders.Inode | None:
    try:
        found = lock.path.stat(follow_symlinks=False)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _forbidden(pid: int, error: borrow.Forbidden) -> str:
    return (
        f"the system does not let us fetch the lock from pid {pid} ({error}): another user's, or "
        "kernel.yama.ptrace_scope is not 0; it is taken as soon as that process has ended"
    )
