"""Linux: is this process the one? Everything here reads /proc, and asks nothing of its parent."""

from __future__ import annotations

import os
import resource
import sys

from watchdog.process import limits, proc
from watchdog.process.birth import Birth
from watchdog.process.spec import MARKER, Mark

assert sys.platform == "linux"

_START = 19  # of proc.stat(): field 22
_FLAGS = 6  # field 9, with the kernel's own flags of <linux/sched.h>
_FORKED_ONLY = 0x40  # PF_FORKNOEXEC: no execve since the fork
_BOOT = "/proc/sys/kernel/random/boot_id"


def start_of(pid: int) -> int | None:
    """When it started, in clock ticks since the boot; a zombie has it too."""
    fields = proc.stat(pid)
    return int(fields[_START]) if len(fields) > _START else None


def boot_id() -> str:
    """The name of this boot."""
    return proc.read(_BOOT).decode().strip()


def birth_of(pid: int, mark: Mark) -> Birth | None:
    """The birth of a process that is known to be the one; None when it is gone."""
    start = start_of(pid)
    if start is None:
        return None
    return Birth(pid, start, boot_id(), mark.nonce, mark.program, mark.incarnation)


def is_the_one(birth: Birth) -> bool:
    """Whether the process with its number is it, and lives."""
    return (
        is_same(birth)
        and birth.boot == boot_id()
        and proc.lives(birth.pid)
        and carries(birth.pid, birth.mark)
    )


def is_same(birth: Birth) -> bool:
    """Whether the number still means it, dead or alive, on the boot it is from."""
    return start_of(birth.pid) == birth.start


def carries(pid: int, mark: Mark) -> bool:
    """Whether the process has the mark, by the number or by the text."""
    return number_of(pid) == mark.nonce or proc.variable(pid, MARKER) == mark.text


def number_of(pid: int) -> int | None:
    """The number that stands where a mark has its own, whatever it means there."""
    try:
        return resource.prlimit(pid, limits.RLIMIT_LOCKS)[0]
    except ProcessLookupError:
        return None
    except PermissionError:
        return proc.file_locks_limit(pid)


def session_is_its_own(pid: int) -> bool:
    """Whether it leads a session, as every leader does from before its exec on."""
    return proc.session(pid) == pid


def may_lead(pid: int) -> bool:
    """Whether it leads a session and has executed something, as every leader has by its spawn."""
    fields = proc.stat(pid)
    executed = len(fields) > _FLAGS and not int(fields[_FLAGS]) & _FORKED_ONLY
    return executed and session_is_its_own(pid)


def is_our_child(birth: Birth) -> bool:
    """Whether it is a child of ours, dead or alive: then we started it before we were re-executed.

    A child keeps its number until we collect it, so here the mark need not be looked at.
    """
    return (
        birth.boot == boot_id()
        and is_same(birth)
        and proc.parent(birth.pid) == os.getpid()
        and session_is_its_own(birth.pid)
    )
