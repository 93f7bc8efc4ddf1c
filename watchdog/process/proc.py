"""Reading /proc: a few facts of one process, each None or empty when it is gone or unreadable."""

from __future__ import annotations

import os
import sys
from pathlib import Path

assert sys.platform != "win32"

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = 1 / os.sysconf("SC_CLK_TCK")


def read(path: str) -> bytes:
    """A whole small file; empty when it cannot be read."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        return b"".join(iter(lambda: os.read(descriptor, 65536), b""))
    except OSError:
        return b""
    finally:
        os.close(descriptor)


def everybody() -> list[int]:
    """All pids that /proc shows."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208


def own_children() -> list[int]:
    """The children of this thread, dead ones included; orphans are re-parented to the main one.

    Complete while nobody but us collects them: a child leaves the list only by being collected,
    and one that joins meanwhile is a child of one that we have seen.
    """
    path = "/proc/thread-self/children"
    listed = read(path)
    if listed or Path(path).exists():
        return [int(pid) for pid in listed.split()]
    return [pid for pid in everybody() if parent(pid) == os.getpid()]  # no CONFIG_PROC_CHILDREN


def children(pid: int) -> list[int]:
    """The children of another process, over all its threads."""
    try:
        threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208
    except OSError:
        return []
    return [int(c) for t in threads for c in read(f"/proc/{pid}/task/{t}/children").split()]


def descendants(pid: int) -> list[int]:
    """The process and all below it, as far as one walk can see."""
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += [child for child in children(found[-1]) if child not in found]
    return found


def stat(pid: int) -> list[bytes]:
    """The fields of /proc/PID/stat from the state (3rd) on."""
    # The name in parentheses may hold spaces and parentheses; nothing after it does.
    return read(f"/proc/{pid}/stat").rpartition(b")")[2].split()


def parent(pid: int) -> int | None:
    """The parent's pid."""
    fields = stat(pid)
    return int(fields[1]) if fields else None


def lives(pid: int) -> bool:
    """Whether any thread of it can still run. A zombie leader may have living threads."""
    fields = stat(pid)
    return bool(fields) and (fields[0] not in (b"Z", b"X", b"x") or int(fields[17]) > 1)


def is_process(pid: int) -> bool:
    """Whether it is the number of a process, and not of one of its further threads."""
    return process_of(pid) == pid


def process_of(thread: int) -> int | None:
    """The process that a thread belongs to."""
    _, _, rest = read(f"/proc/{thread}/status").partition(b"\nTgid:")
    return int(rest.split(None, 1)[0]) if rest else None


def session(pid: int) -> int | None:
    """The session, which a zombie keeps too."""
    try:
        return os.getsid(pid)
    except (ProcessLookupError, PermissionError):
        return None


def variable(pid: int, name: str) -> str:
    """One variable of the environment that the process was started with."""
    wanted = name.encode() + b"="
    for entry in read(f"/proc/{pid}/environ").split(b"\0"):
        if entry.startswith(wanted):
            return entry[len(wanted) :].decode(errors="replace")
    return ""


def file_locks_limit(pid: int) -> int | None:
    """The soft limit "Max file locks", as text: readable for everyone, unlike prlimit(2)."""
    for line in read(f"/proc/{pid}/limits").splitlines():
        if line.startswith(b"Max file locks"):
            value = line.split()[3]
            return int(value) if value.isdigit() else None
    return None


def resident(pid: int) -> int:
    """Resident memory in bytes; shared pages are counted in every process that has them."""
    fields = read(f"/proc/{pid}/statm").split()
    return int(fields[1]) * _PAGE if fields else 0


def processor_time(pid: int) -> float:
    """Seconds of processor time that it has used, with its dead children that were waited for."""
    fields = stat(pid)  # from the state, the 3rd of proc(5), on: utime, stime, cutime, cstime
    return sum(map(int, fields[11:15])) * _TICK if len(fields) > 14 else 0.0


def command(pid: int) -> str:
    """The command line, or the bracketed name of a process that has none."""
    line = read(f"/proc/{pid}/cmdline").rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
    return line or f"[{read(f'/proc/{pid}/comm').strip().decode(errors='replace')}]"
