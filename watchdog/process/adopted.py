"""Linux: one tree that an earlier watchdog has started and left running, and now is ours.

What it keeps true: one Exited when the leader is dead, and after that one TreeEmpty, posted only
when a complete pass over /proc met nothing of the tree. Its processes are not our children, and
when one dies its children become those of another; so each stray that is seen is watched, and
its death makes us look again.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal as signals
import sys
import time
from collections.abc import Callable

from watchdog.core.events import Event, Exited, TreeEmpty
from watchdog.process import linux, proc
from watchdog.process.leader import Leader
from watchdog.process.sweep import Kin, Swept, kill_cgroup, strike, sweep

assert sys.platform == "linux"

# As in `processes.py`: look at once again for so long, then let the loop breathe.
LOOKING = 0.01  # seconds
FIRST_POLL, LAST_POLL = 0.005, 0.5  # seconds, doubling


class AdoptedTree:
    """One incarnation that was not started by us; without a leader, what that has left behind."""

    def __init__(
        self,
        kin: Kin,
        leader: Leader | None,
        post: Callable[[Event], None],
        over: Callable[[], None],
    ) -> None:
        self.incarnation, self.birth = kin.mark.incarnation, kin.leader
        self._kin, self._leader, self._post, self._over = kin, leader, post, over
        self._killing = False
        self._ended = leader is None
        self._strays: dict[int, linux.Watch | None] = {}
        self._settling: asyncio.Handle | None = None
        self._poll: asyncio.TimerHandle | None = None
        self._poll_delay = FIRST_POLL
        if leader is not None:
            leader.watch(self._on_end)

    @property
    def pid(self) -> int | None:
        """The main process, while it lives."""
        return None if self._ended or self._leader is None else self._leader.birth.pid

    @property
    def strays(self) -> list[int]:
        """What lives although the main process is dead."""
        return list(self._strays)

    def members(self) -> list[int]:
        """Every process of the tree, found by one pass over /proc."""
        return sweep(self._kin).alive

    def weight(self) -> int:
        """Resident bytes of the tree."""
        return sum(proc.resident(pid) for pid in self.members())

    def signal(self, number: int, group: bool) -> None:
        """Signal the main process or its group; raises ProcessLookupError, PermissionError."""
        if self._leader is None:
            return
        if group:
            self._leader.send_group(number)
        elif not self._ended:
            self._leader.send(number)

    def kill(self) -> None:
        """SIGKILL all that is left of the tree until it is empty."""
        self._killing, self._poll_delay = True, FIRST_POLL
        with contextlib.suppress(ProcessLookupError, PermissionError):
            self.signal(signals.SIGKILL, group=True)
        self._soon()

    def close(self) -> None:
        """Stop watching; the processes are left as they are."""
        for handle in (self._settling, self._poll):
            if handle is not None:
                handle.cancel()
        self._settling = self._poll = None
        self._follow([])
        if self._leader is not None:
            self._leader.close()

    # --- what becomes of it ---------------------------------------------------------------------

    def _on_end(self) -> None:
        assert self._leader is not None
        self._leader.unwatch()
        self._ended = True
        self._post(Exited(self.incarnation, self._leader.exit()))
        self._soon()

    def _soon(self) -> None:
        """Look in this tick, once for all that has died in it."""
        if self._settling is None:
            self._settling = asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        self._settling = None
        swept = self._look()
        if self._ended and swept.complete and not swept.alive:
            self._conclude()
            return
        self._follow([pid for pid in swept.alive if pid != self.pid])
        self._poll_again(not swept.complete or self._killing)

    def _look(self) -> Swept:
        """Look, and strike where a kill was asked for, until nothing new is met."""
        struck: set[int] = set()
        if self._killing:
            kill_cgroup(self._kin)
        until = time.monotonic() + LOOKING
        while True:
            before = len(struck)
            swept = sweep(self._kin, lambda pid: self._strike(pid, struck))
            restless = len(struck) > before or not swept.complete
            if not restless or time.monotonic() > until:
                return swept

    def _strike(self, pid: int, struck: set[int]) -> None:
        if self._killing and pid not in struck:
            struck.add(pid)
            strike(self._kin, pid)

    def _follow(self, strays: list[int]) -> None:
        """Watch the strays, so that the death of each makes us look again."""
        for pid in self._strays.keys() - set(strays):
            self._unwatch(pid)
        for pid in strays:
            if pid not in self._strays:
                self._strays[pid] = self._watch(pid)

    def _watch(self, pid: int) -> linux.Watch | None:
        def ended() -> None:
            self._unwatch(pid)
            self._soon()

        try:
            return linux.Watch(pid, ended)
        except OSError:
            # Gone already, or no descriptor to spare: nothing would wake us.
            self._poll_again(True)
            return None

    def _unwatch(self, pid: int) -> None:
        watch = self._strays.pop(pid, None)
        if watch is not None:
            watch.close()

    def _poll_again(self, restless: bool) -> None:
        if not restless or self._poll is not None:
            return
        self._poll = asyncio.get_running_loop().call_later(self._poll_delay, self._on_poll)
        self._poll_delay = min(self._poll_delay * 2, LAST_POLL)

    def _on_poll(self) -> None:
        self._poll = None
        self._soon()

    def _conclude(self) -> None:
        self.close()
        self._over()
        self._post(TreeEmpty(self.incarnation))
