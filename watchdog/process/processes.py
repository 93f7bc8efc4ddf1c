"""The adapter: starts, signals and ends processes, and reports what becomes of them.

What it keeps true: each spawn is answered by Spawned or SpawnFailed; after Spawned there is one
Exited, and after that one TreeEmpty, posted only when nothing of the tree is alive. A dead leader
is kept as a zombie until then (Linux), so that neither its number nor its group's can be reused.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal as signals
import sys
import time
from collections.abc import Callable, Iterable

from watchdog.core.events import Event, Exited, Spawned, SpawnFailed, TreeEmpty
from watchdog.core.model import Exit
from watchdog.process import blame, limits
from watchdog.process.exits import signal_number
from watchdog.process.ports import Family, Sight, System, Watch
from watchdog.process.spec import Mark, SpawnSpec

assert sys.platform != "win32"

Post = Callable[[str, Event], None]

# During a kill something may fork as fast as we look: look again at once, for so long, ...
LOOKING = 0.01  # seconds
# ... then let the loop breathe for so long. Deaths wake us; these only catch what they miss.
FIRST_POLL, LAST_POLL = 0.005, 0.5  # seconds, doubling
# An execve is surely over after so long (see `limits.py`).
EXECVE = 0.05  # seconds
# Orphans' zombies are collected so long after a death was reported.
TIDY = 0.01  # seconds
# A dead child of no tree is left so long to the adapter that may have started it.
UNCLAIMED = 1.0  # seconds


class Child:
    """One incarnation: the leader, and what is left of its tree."""

    __slots__ = ("exit", "incarnation", "killing", "pid", "program", "strays", "watch")

    def __init__(self, program: str, incarnation: int, pid: int) -> None:
        self.program, self.incarnation, self.pid = program, incarnation, pid
        self.watch: Watch | None = None
        self.exit: Exit | None = None
        self.killing = False
        self.strays: dict[int, Watch | None] = {}  # alive after the leader's death


class Processes:
    """All processes of one watchdog. Lives on the main thread's running loop."""

    def __init__(self, post: Post, system: System) -> None:
        self._post, self._system = post, system
        self._children: dict[str, Child] = {}  # by program
        self._dead: dict[int, Child] = {}  # leaders that died before their tree was proved empty
        self._family: Family | None = None
        self._settling: asyncio.Handle | None = None
        self._poll: asyncio.TimerHandle | None = None
        self._poll_delay = FIRST_POLL
        self._collecting: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None

    # --- what the daemon asks -----------------------------------------------------------------

    def spawn(self, program: str, incarnation: int, spec: SpawnSpec) -> None:
        """Start the process; posts Spawned, or SpawnFailed with the reason in words."""
        if program in self._children:
            raise RuntimeError(f"{program}: spawn before the old tree was proved empty")
        family = self._begin()
        mark = Mark(program, incarnation, int.from_bytes(os.urandom(8)) >> 3 | 1)
        try:
            child = self._launch(spec, mark)
        except (OSError, ValueError, OverflowError) as error:
            self._post(program, SpawnFailed(incarnation, blame.explain(spec, error)))
            return
        family.join(child.pid, mark)
        self._children[program] = child
        if limits.need_repeating(spec.limits):
            asyncio.get_running_loop().call_later(EXECVE, self._limit_again, child, spec)
        self._post(program, Spawned(incarnation, child.pid))

    def signal(self, program: str, incarnation: int, name: str, group: bool) -> None:
        """Signal the main process or its group; does nothing when it is gone.

        Raises ValueError with a sentence for an unknown signal.
        """
        number, child = signal_number(name), self._find(program, incarnation)
        if child is None:
            return
        # A setuid program of another user may refuse us; the grace period's end then shows it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if group:
                os.killpg(child.pid, number)
            elif child.exit is None and child.watch is not None:
                child.watch.send(number)

    def kill(self, program: str, incarnation: int) -> None:
        """SIGKILL all that is left of the tree until it is empty; TreeEmpty tells."""
        child = self._find(program, incarnation)
        if child is None:
            return
        child.killing, self._poll_delay = True, FIRST_POLL
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signals.SIGKILL)
        self._soon()

    def pid(self, program: str) -> int | None:
        """The main process, while it lives."""
        child = self._children.get(program)
        return child.pid if child is not None and child.exit is None else None

    def members(self, program: str) -> list[int]:
        """Every process of the program's tree, as far as one look can see."""
        child = self._children.get(program)
        if child is None or self._family is None:
            return []
        return self._family.members(child.pid)

    def memory(self, program: str) -> int:
        """Resident bytes of the tree; pages that its processes share are counted for each."""
        child = self._children.get(program)
        return self._family.weight(child.pid) if child is not None and self._family else 0

    def strays(self, program: str) -> list[int]:
        """What lives although the main process is dead."""
        child = self._children.get(program)
        return list(child.strays) if child is not None else []

    def close(self) -> None:
        """Stop watching; the processes are left as they are."""
        for child in self._children.values():
            for watch in (child.watch, *child.strays.values()):
                _close(watch)
        for handle in (self._settling, self._poll, self._collecting, self._tidying):
            if handle is not None:
                handle.cancel()
        if self._family is not None:
            asyncio.get_running_loop().remove_signal_handler(signals.SIGCHLD)
        self._children, self._dead, self._family = {}, {}, None

    # --- a process begins ---------------------------------------------------------------------

    def _begin(self) -> Family:
        if self._family is None:
            self._family = self._system.family()
            # Orphans are re-parented to us unannounced; only SIGCHLD tells of their deaths.
            asyncio.get_running_loop().add_signal_handler(signals.SIGCHLD, self._on_child)
        return self._family

    def _launch(self, spec: SpawnSpec, mark: Mark) -> Child:
        child = Child(mark.program, mark.incarnation, self._system.launch(spec, mark))
        try:
            child.watch = self._system.watch(child.pid, lambda: self._ended(child))
        except OSError:
            # What we cannot watch we must not leave running: as if it had never been started.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signals.SIGKILL)
            os.waitpid(child.pid, 0)
            raise
        return child

    def _limit_again(self, child: Child, spec: SpawnSpec) -> None:
        if self._children.get(child.program) is child:
            with contextlib.suppress(OSError):
                limits.on_child(child.pid, spec.limits)

    # --- and ends -----------------------------------------------------------------------------

    def _on_child(self) -> None:
        """A child died: perhaps one that we know by its pidfd already, perhaps an orphan."""
        self._system.on_child()
        if self._dead:
            self._soon()
        elif self._tidying is None:
            # Nobody waits for an orphan's zombie: a successor's spawn goes first.
            self._tidying = asyncio.get_running_loop().call_later(TIDY, self._tidy)

    def _tidy(self) -> None:
        self._tidying = None
        self._soon()

    def _ended(self, child: Child) -> None:
        if child.exit is not None:
            return
        child.exit = self._system.peek(child.pid)
        if child.exit is None:
            return
        _close(child.watch)
        child.watch = None
        self._dead[child.pid] = child
        self._post(child.program, Exited(child.incarnation, child.exit))
        self._soon()

    def _soon(self) -> None:
        """Look at the trees in this tick, once for all that has died in it."""
        if self._settling is None and self._family is not None:
            self._settling = asyncio.get_running_loop().call_soon(self._settle)

    def _settle(self) -> None:
        self._settling = None
        if self._family is None:
            return
        sight = self._look(self._family)
        for child in list(self._dead.values()):
            strays = sight.strays.get(child.pid, [])
            if strays or not sight.settled:
                self._follow(child, strays)
            else:
                self._conclude(child, self._family)
        self._poll_again(not sight.settled)
        self._collect_later(self._family)

    def _look(self, family: Family) -> Sight:
        """Look, and strike where a kill was asked for, until nothing moves any more."""
        struck: set[int] = set()
        sight = family.look()
        until = time.monotonic() + LOOKING
        while self._strike(family, sight, struck) or not sight.settled:
            sight = family.look()
            if time.monotonic() > until:
                break
        return sight

    def _strike(self, family: Family, sight: Sight, struck: set[int]) -> bool:
        """SIGKILL what was not struck yet; True if there was anything."""
        before = len(struck)
        for leader, strays in sight.strays.items():
            child = self._dead.get(leader)
            for pid in strays if child is not None and child.killing else ():
                if pid not in struck:
                    struck.add(pid)
                    family.strike(leader, pid)
        return len(struck) > before

    def _follow(self, child: Child, strays: Iterable[int]) -> None:
        """Watch the strays, so that the death of each makes us look again."""
        gone = child.strays.keys() - set(strays)
        for pid in gone:
            _close(child.strays.pop(pid))
        for pid in strays:
            if pid not in child.strays:
                child.strays[pid] = self._watch_stray(child, pid)

    def _watch_stray(self, child: Child, pid: int) -> Watch | None:
        def ended() -> None:
            _close(child.strays.pop(pid, None))
            self._soon()

        # Without a descriptor to spare, SIGCHLD tells us, and the poll during a kill.
        with contextlib.suppress(OSError):
            return self._system.watch(pid, ended)
        return None

    def _conclude(self, child: Child, family: Family) -> None:
        self._follow(child, ())
        self._system.bury(child.pid)
        family.leave(child.pid)
        del self._dead[child.pid]
        del self._children[child.program]
        self._post(child.program, TreeEmpty(child.incarnation))

    # --- timers, of which an ordinary life has none but the tidying ----------------------------

    def _poll_again(self, restless: bool) -> None:
        if self._poll is not None:
            self._poll.cancel()
            self._poll = None
        if restless or any(child.killing for child in self._dead.values()):
            loop = asyncio.get_running_loop()
            self._poll = loop.call_later(self._poll_delay, self._soon)
            self._poll_delay = min(self._poll_delay * 2, LAST_POLL)

    def _collect_later(self, family: Family) -> None:
        if family.unclaimed and self._collecting is None:
            loop, pids = asyncio.get_running_loop(), set(family.unclaimed)
            self._collecting = loop.call_later(UNCLAIMED, self._collect, pids)

    def _collect(self, pids: set[int]) -> None:
        self._collecting = None
        if self._family is not None:
            self._family.collect(pids)
            self._soon()

    def _find(self, program: str, incarnation: int) -> Child | None:
        child = self._children.get(program)
        return child if child is not None and child.incarnation == incarnation else None


def _close(watch: Watch | None) -> None:
    if watch is not None:
        watch.close()
