"""Linux: one pass over /proc that finds a tree's processes, and can prove that there are none.

For processes that are no children of ours there is no list to rely on, and one that forks and
exits may move while we look. The proof rests on the order: the kernel lists pids upwards, and
hands out new ones upwards too. So whatever a process ahead of us leaves behind, or one just behind
us has forked before it died, has a higher number than all that there were, and is still to come:
we meet it, provided that we look at each one before we ask for the next, and that the numbers did
not start anew from the bottom meanwhile, which the last number given (in /proc/loadavg) tells.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator

from msgspec import Struct

from watchdog.process import evidence, proc
from watchdog.process.birth import Birth
from watchdog.process.spec import Mark

assert sys.platform == "linux"


class Kin(Struct, frozen=True):
    """By what a process is known to belong to a tree: the mark, and the leader's session."""

    mark: Mark
    leader: Birth | None = None

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
    before = _last_pid()
    alive = []
    for pid in _upwards():
        if kin.has(pid) and proc.lives(pid):
            found(pid)
            alive.append(pid)
    return Swept(alive, complete=_last_pid() >= before > 0)


def strike(kin: Kin, pid: int) -> None:
    """SIGKILL a process of the tree with its group, and never one that has got its number since."""
    try:
        descriptor = os.pidfd_open(pid)
    except OSError:
        return
    try:
        if kin.has(pid):
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


def _upwards() -> Iterator[int]:
    """All pids but ours. Lazy: the end of the list is asked for when all before were looked at."""
    own = os.getpid()
    with os.scandir("/proc") as entries:
        for entry in entries:
            if entry.name.isdigit() and (pid := int(entry.name)) != own:
                yield pid


def _last_pid() -> int:
    """The number that the newest process got."""
    fields = proc.read("/proc/loadavg").split()
    return int(fields[4]) if len(fields) > 4 else 0
