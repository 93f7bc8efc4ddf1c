"""Who really holds a lock, read from /proc.

The kernel's own list, /proc/locks, names the process that took the lock, which may be dead while
a child keeps it. So we look who has the locked file open. Where there is no /proc, nothing is
found and the record in the file has to do.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from msgspec import structs

from watchdog.locks.record import Holder

assert sys.platform != "win32"

Inode = tuple[int, int]  # device, number


def inode_of(descriptor: int) -> Inode:
    """What a descriptor refers to."""
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def find_holders(inode: Inode, *, flock: bool) -> list[int]:
    """The pids that have it open (and, for a file, locked), the longest running first."""
    own = os.getpid()
    found = [pid for pid in all_pids() if has_open(pid, inode, flock=flock)]
    return sorted(found, key=lambda pid: (pid == own, start_ticks(pid)))


def has_open(pid: int, inode: Inode, *, flock: bool) -> bool:
    """Whether a process has it open, with an flock on it if asked; False if we may not look."""
    folder = f"/proc/{pid}/fd"
    with contextlib.suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - a Path for each would double the cost
            if refers_to(f"{folder}/{name}", inode) and (not flock or has_flock(pid, name)):
                return True
    return False


def is_alive(pid: int) -> bool:
    """Whether there is such a process; another user's counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def describe_process(pid: int, key: str) -> Holder:
    """What can be seen of a process from outside; `since` is when it started."""
    return Holder(key=key, pid=pid, user=_user(pid), command=command_of(pid), since=_since(pid))


def ourselves(program: str, key: str) -> Holder:
    """The record of a lock that this watchdog has taken, until there is a process."""
    return Holder(
        key=key,
        pid=os.getpid(),
        user=user_name(os.geteuid()),
        command=" ".join(sys.orig_argv),
        since=timestamp(time.time()),
        program=program,
        watchdog_pid=os.getpid(),
    )


def on_behalf(ours: Holder, pid: int) -> Holder:
    """The record of a lock that we share with a process which was there before us."""
    process = describe_process(pid, ours.key)
    return structs.replace(process, program=ours.program, watchdog_pid=ours.watchdog_pid)


def command_of(pid: int) -> str:
    """A process's command line."""
    with contextlib.suppress(OSError):
        line = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0")
        return line.replace(b"\0", b" ").decode(errors="replace")
    return ""


def user_name(uid: int) -> str:
    """The name of a user, or its number where it has none."""
    import pwd  # only when a lock is taken or refused

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def timestamp(seconds: float) -> str:
    """Unix seconds as a record has them."""
    return datetime.fromtimestamp(int(seconds), UTC).astimezone().isoformat(timespec="seconds")


def all_pids() -> list[int]:
    """All pids that /proc shows."""
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []


def refers_to(link: str, inode: Inode) -> bool:
    """Whether a link in /proc leads there."""
    try:
        found = os.stat(link)  # noqa: PTH116
    except OSError:
        return False
    return (found.st_dev, found.st_ino) == inode


def has_flock(pid: int, descriptor: str) -> bool:
    """Whether the lock hangs on this very descriptor; a refused contender has the file open too."""
    with contextlib.suppress(OSError):
        return b"FLOCK" in Path(f"/proc/{pid}/fdinfo/{descriptor}").read_bytes()
    return False


def _user(pid: int) -> str:
    try:
        return user_name(Path(f"/proc/{pid}").stat().st_uid)
    except OSError:
        return ""


def start_ticks(pid: int) -> int:
    """When it started, in clock ticks since the boot; 0 if it is gone."""
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[19])
    return 0


def _since(pid: int) -> str:
    ticks = start_ticks(pid)
    if not ticks:
        return ""
    with contextlib.suppress(OSError):
        uptime = float(Path("/proc/uptime").read_bytes().split()[0])
        return timestamp(time.time() - uptime + ticks / os.sysconf("SC_CLK_TCK"))
    return ""
