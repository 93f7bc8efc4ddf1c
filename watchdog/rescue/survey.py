"""Who keeps the locks of a key, now. It takes nothing and disturbs nobody.

Read from the kernel's books (Linux: /proc), because the record in the lock file may be older than
the truth: a child that inherited the lock holds it on after the process that is on record died.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from watchdog.cli.ports import Keeper, Kept, Survey, Trouble
from watchdog.locks import Holder, LockProblem, PairLock, find_keepers, reduce, sentence
from watchdog.locks.file import FileLock
from watchdog.locks.record import clean
from watchdog.process import MARKER, proc
from watchdog.rescue.roles import Kin, role_of

_LONGEST_LINE = 64  # ancestors; a chain of them ends at 1, and a race must not make it endless


def look_up(key: str) -> Survey:
    """Every process that keeps the key's file or socket; raises Trouble."""
    try:
        return _look_up(reduce(key))
    except (LockProblem, ValueError) as problem:
        raise Trouble(str(problem)) from None


def _look_up(key: str) -> Survey:
    found = [holder for holder in find_keepers(key) if holder.pid is not None]
    pids = [holder.pid for holder in found if holder.pid is not None]
    record = record_of(FileLock(key), pids)
    kin = {pid: Kin(tuple(_ancestors(pid)), proc.variable(pid, MARKER)) for pid in pids}
    keepers = tuple(_keeper(holder, record, kin) for holder in found)
    watchdog = record.watchdog_pid if record.watchdog_pid in pids else None
    program = record.program or "" if keepers else ""
    hidden = "" if keepers else _hidden(key)
    return Survey(key, keepers, hidden, program, watchdog, _socket_of(key))


def record_of(lock: FileLock, pids: list[int]) -> Holder:
    """What the lock says of itself: the first record that names a keeper, else any for the key."""
    records = [record for record in _records(lock, pids) if record.key == lock.key]
    for record in records:
        if record.pid in pids or record.watchdog_pid in pids:
            return record
    return records[0] if records else Holder(lock.key)


def _records(lock: FileLock, pids: list[int]) -> Iterator[Holder]:
    """At the path, and in the very files that are held: somebody may have moved them away."""
    for path in (lock.path, *_locked(pids)):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            yield lock.recorded(descriptor)
        except OSError:
            continue
        finally:
            os.close(descriptor)


def _locked(pids: list[int]) -> Iterator[Path]:
    from watchdog.locks import borrow  # Linux alone; elsewhere there are no pids to ask for

    for pid in pids:
        try:
            locked = borrow.locked_files(pid)
        except borrow.Forbidden:
            continue
        yield from (Path(f"/proc/{pid}/fd/{one.number}") for one in locked)


def _keeper(holder: Holder, record: Holder, kin: dict[int, Kin]) -> Keeper:
    pid = holder.pid or 0
    role = role_of(pid, record, kin)
    return Keeper(pid, holder.user, clean(holder.command), holder.since, _kept(holder.note), role)


def _kept(note: str) -> tuple[Kept, ...]:
    """The two locks, by the words in which `find_keepers` names them."""
    words: tuple[tuple[str, Kept], ...] = (("lock file", "file"), ("the socket", "socket"))
    return tuple(kept for text, kept in words if text in note)


def _ancestors(pid: int) -> Iterator[int]:
    for _ in range(_LONGEST_LINE):
        above = proc.parent(pid)
        if not above:
            return
        yield above
        pid = above


def _hidden(key: str) -> str:
    """What can be known of a holder that /proc does not show us; empty if nobody has it."""
    pair = PairLock(key)
    second = pair.second
    # The socket's name is asked for only when it is taken, so that we never take it ourselves.
    if second is not None and _socket_of(key) >= 0:
        refused = second.take()
        pair.close()
        return f"the socket is {sentence(refused)}" if refused else ""
    if _is_locked(pair.file.path):
        return f"the lock file {pair.file.path} is held by a process that we may not look at"
    return ""


def _socket_of(key: str) -> int:
    """The inode of the socket that has the key's name; -1 for none, or where there are no such."""
    if sys.platform != "linux":
        return -1
    from watchdog.locks.abstract import AbstractLock

    return AbstractLock(key).inode()[1]


def _is_locked(path: Path) -> bool:
    """Whether the kernel's list has an flock on the file at the path; we must not try one."""
    try:
        found = path.stat(follow_symlinks=False)
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        return False
    device = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    return any("FLOCK" in line and device in line.split() for line in lines)
