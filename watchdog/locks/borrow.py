"""Linux: the very descriptors of a lock, fetched from the process that an earlier watchdog left.

A flock and a bound socket belong to the open file, not to a process; a copy of the descriptor
holds exactly what the original holds. pidfd_getfd(2) (Linux 5.6) makes one of a process that we
might trace: root's right, and a user's own one unless yama or the like forbids it.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import NamedTuple

from watchdog.locks import holders

assert sys.platform == "linux"

_PIDFD_GETFD = 438  # the same number on every architecture but alpha


class Forbidden(Exception):
    """The system does not let us look into the process, or not fetch anything from it."""


def fetch(pid: int, number: int) -> int:
    """A copy of another process's descriptor, closed on exec; raises Forbidden, OSError."""
    import ctypes  # 1 MiB, and needed only when something is adopted

    process = os.pidfd_open(pid)
    try:
        libc = ctypes.CDLL(None, use_errno=True)
        copy: int = libc.syscall(_PIDFD_GETFD, process, number, 0)
    finally:
        error = ctypes.get_errno()
        os.close(process)
    if copy >= 0:
        return copy
    if error in (errno.EPERM, errno.EACCES, errno.ENOSYS):
        raise Forbidden(os.strerror(error))
    raise OSError(error, os.strerror(error))


class Locked(NamedTuple):
    """A descriptor of another process that an flock hangs on."""

    number: int
    name: str  # as /proc shows it, with " (deleted)" behind it where it has no name any more
    inode: holders.Inode


def locked_files(pid: int) -> list[Locked]:
    """Every descriptor of the process that holds an flock. Raises Forbidden."""
    found = (_locked(pid, number) for number in _numbers(pid))
    return [locked for locked in found if locked is not None]


def descriptor_of(pid: int, inode: holders.Inode) -> int | None:
    """The number under which a process has this open; None when it has not. Raises Forbidden."""
    numbers = _numbers(pid)
    return next((n for n in numbers if holders.refers_to(f"/proc/{pid}/fd/{n}", inode)), None)


def variable(pid: int, name: str) -> str:
    """One variable that the process was started with; empty when it is not to be had."""
    try:
        entries = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    wanted = name.encode() + b"="
    values = (entry[len(wanted) :] for entry in entries if entry.startswith(wanted))
    return next(values, b"").decode(errors="replace")


def _numbers(pid: int) -> list[int]:
    try:
        return sorted(int(name) for name in os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    except PermissionError as error:
        raise Forbidden(error.strerror) from None
    except OSError:
        return []


def _locked(pid: int, number: int) -> Locked | None:
    link = f"/proc/{pid}/fd/{number}"
    if not holders.has_flock(pid, str(number)):
        return None
    try:
        found = os.stat(link)  # noqa: PTH116
        return Locked(number, os.readlink(link), (found.st_dev, found.st_ino))  # noqa: PTH115
    except OSError:
        return None
