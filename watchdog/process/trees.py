"""Linux: which living process belongs to which tree, and the proof that a tree is empty.

We are the subreaper of all that we start: when a process of a tree dies, its children become ours.
So once the leader is dead, whatever lives of its tree is a child of ours or stands below one, and
the list of our own children, one small file, is the whole proof, also for what called setsid and
forked twice. Where the kernel refuses us that role, all of /proc is searched for the marks.

A process belongs to a tree by its session, by the number in RLIMIT_LOCKS, or by the marker in its
environment. A process that sheds all three and its parents too escapes; only a cgroup holds
it (`contained.py`).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from watchdog.process import evidence, proc
from watchdog.process.ports import Sight
from watchdog.process.spec import MARKER, Mark

assert sys.platform == "linux"


class Family:
    """All trees of this watchdog. Trees are named by their leader's pid."""

    def __init__(self, *, reaper: bool) -> None:
        self.unclaimed: set[int] = set()  # dead children of ours of no tree: an adapter's, perhaps
        self._reaper = reaper
        self._numbers: dict[int, int] = {}  # mark's number -> leader
        self._texts: dict[str, int] = {}  # marker -> leader
        self._marks: dict[int, Mark] = {}
        # A child of ours keeps its pid until we collect it, so what was once found stays true.
        self._known: dict[int, int] = {}

    def join(self, leader: int, mark: Mark) -> None:
        """A tree begins with this leader."""
        self._marks[leader] = mark
        self._numbers[mark.nonce] = self._texts[mark.text] = leader

    def leave(self, leader: int) -> None:
        """The tree was proved empty."""
        mark = self._marks.pop(leader)
        del self._numbers[mark.nonce], self._texts[mark.text]
        self._known = {pid: owner for pid, owner in self._known.items() if owner != leader}

    def look(self) -> Sight:
        """One look at our children; their dead are collected, and then another look is due."""
        sight = Sight({}, settled=True)
        strangers = [pid for pid in self._candidates() if pid not in self._marks]
        self.unclaimed.intersection_update(strangers)
        for pid in strangers:
            self._place(pid, sight)
        return sight

    def members(self, leader: int) -> list[int]:
        """Every process of the tree, with its leader."""
        strangers = [pid for pid in self._candidates() if pid not in self._marks]
        roots = [leader, *(pid for pid in strangers if self._leader_of(pid) == leader)]
        return list(dict.fromkeys(pid for root in roots for pid in proc.descendants(root)))

    def weight(self, leader: int) -> int:
        """Resident bytes of the tree."""
        return sum(proc.resident(pid) for pid in self.members(leader))

    def strike(self, leader: int, pid: int) -> None:
        """SIGKILL a stray with its group; the caller has just had it from `look`."""
        # The group is of a session that the tree opened, never ours: its number is held by `pid`.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            group = os.getpgid(pid)
            if group != os.getpgrp():
                os.killpg(group, signal.SIGKILL)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)

    def collect(self, pids: set[int]) -> None:
        """Collect dead children that nobody claimed in time."""
        for pid in pids & self.unclaimed:
            bury(pid)
        self.unclaimed -= pids

    def _candidates(self) -> list[int]:
        if self._reaper:
            return proc.own_children()
        return [pid for pid in proc.everybody() if pid != os.getpid()]

    def _place(self, pid: int, sight: Sight) -> None:
        leader = self._leader_of(pid)
        if is_dead_child(pid):
            sight.settled &= not self._lay_to_rest(pid, leader)
        elif leader is not None and (self._reaper or proc.lives(pid)):
            sight.strays.setdefault(leader, []).append(pid)

    def _lay_to_rest(self, pid: int, leader: int | None) -> bool:
        """Collect a dead child of a tree at once; leave any other for who may have started it."""
        if leader is None:
            self.unclaimed.add(pid)
            return False
        self._known.pop(pid, None)
        bury(pid)
        return True

    def _leader_of(self, pid: int) -> int | None:
        if pid in self._known:
            return self._known[pid]
        leader = self._by_session(pid) or self._by_number(pid) or self._by_text(pid)
        if leader is not None and self._reaper:
            self._known[pid] = leader
        return leader

    def _by_session(self, pid: int) -> int | None:
        session = proc.session(pid)
        return session if session in self._marks else None

    def _by_number(self, pid: int) -> int | None:
        return self._numbers.get(evidence.number_of(pid) or -1)

    def _by_text(self, pid: int) -> int | None:
        return self._texts.get(proc.variable(pid, MARKER))


def is_dead_child(pid: int) -> bool:
    """Whether it is a child of ours that waits to be collected, with all its threads ended."""
    try:
        how = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return os.waitid(os.P_PID, pid, how) is not None
    except ChildProcessError:
        return False


def bury(pid: int) -> None:
    """Collect a dead child. Others may have been faster."""
    with contextlib.suppress(ChildProcessError):
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG)
