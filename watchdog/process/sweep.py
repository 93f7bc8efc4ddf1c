"""Linux: one pass over /proc that finds a tree's processes, and can prove that there are none.

For processes that are no children of ours there is no list to rely on, and one that forks and
exits may move while we look. The proof rests on the order of the numbers, since the kernel gives
them out upwards. We look at each process in that order, and then at all numbers given out since
we began, until none is new. What a process has forked before it died has a higher number than any
there was, so it is still to come when we find its parent gone; and when nothing is to come any
more, nothing is left. Only if the numbers began anew from the bottom meanwhile is nothing proved.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable

from msgspec import Struct

from watchdog.process import evidence, proc
from watchdog.process.birth import Birth
from watchdog.process.cgroup import Cgroup
from watchdog.process.spec import Mark

assert sys.platform == "linux"

CHASE = 0.05  # seconds, for a machine on which processes begin without end
TOO_MANY = 5000  # numbers given out during one look: more likely they began anew


class Kin(Struct, frozen=True):
    """By what a process is known to belong to a tree: its mark, session and cgroup."""

    mark: Mark
    leader: Birth | None = None
    cgroup: str = ""  # its path; empty if there is none

    def has(self, pid: int) -> bool:
        """Whether the process belongs, dead or alive."""
        return self._by_session(pid) or evidence.carries(pid, self.mark)

    def _by_session(self, pid: int) -> bool:
        leader = self.leader
        if leader is None or proc.session(pid) != leader.pid:
            return False
        # With the whole session gone its number may be another's by now.
        return evidence.start_of(leader.pid) in (leader.start, None)


class Swept(Struct):
    """What one pass has found."""

    alive: list[int]
    complete: bool  # with nothing found: there is nothing


def sweep(kin: Kin, found: Callable[[int], None] = lambda pid: None) -> Swept:
    """Look at every process once; `found` is called while it is fresh."""
    swept = _pass_over_proc(kin, found)
    if kin.cgroup:
        _add_members(swept, Cgroup(kin.cgroup), found)
    return swept


def kill_cgroup(kin: Kin) -> None:
    """SIGKILL what is in the tree's cgroup, before a member can fork once more."""
    if kin.cgroup:
        Cgroup(kin.cgroup).kill()


def _add_members(swept: Swept, cgroup: Cgroup, found: Callable[[int], None]) -> None:
    """What has shed every mark, and is in the cgroup all the same."""
    if cgroup.is_populated():
        for pid in set(cgroup.members()) - set(swept.alive):
            found(pid)
            swept.alive.append(pid)
        # What forks and ends faster than we can read is there, too.
        swept.complete &= bool(swept.alive)


def _pass_over_proc(kin: Kin, found: Callable[[int], None]) -> Swept:
    alive: list[int] = []
    given = _last_given()
    # The list ends where it ended when it was asked for: what is younger has a number of its own.
    for pid in sorted(proc.everybody()):
        _look_at(pid, kin, alive, found)
    until = time.monotonic() + CHASE
    while (last := _last_given()) != given:
        if not given < last < given + TOO_MANY or time.monotonic() > until:
            return Swept(alive, complete=False)
        for pid in range(given + 1, last + 1):
            _look_at(pid, kin, alive, found)
        given = last
    return Swept(alive, complete=given > 0)


def _look_at(pid: int, kin: Kin, alive: list[int], found: Callable[[int], None]) -> None:
    if pid == os.getpid() or not kin.has(pid) or not proc.lives(pid) or not proc.is_process(pid):
        return
    found(pid)
    if pid not in alive:
        alive.append(pid)


def strike(kin: Kin, pid: int) -> None:
    """SIGKILL a process of the tree with its group, and never one that has got its number since."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if kin.has(pid) or (kin.cgroup and Cgroup(kin.cgroup).holds(pid)):
            _kill_group(pid)
            signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone, or a setuid program of another user: it stays in sight
    finally:
        os.close(descriptor)


def _kill_group(pid: int) -> None:
    """The whole group in one stroke, before a member can fork once more."""
    # A group never spans two sessions, and the tree began with one of its own.
    group = os.getpgid(pid)
    if group != os.getpgrp():
        os.killpg(group, signal.SIGKILL)


def _last_given() -> int:
    """The number that the newest process got."""
    fields = proc.read("/proc/loadavg").split()
    return int(fields[4]) if len(fields) > 4 else 0
