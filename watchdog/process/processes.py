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
from collections.abc import Callable, Iterable

from watchdog.core.events import Event, Exited, Spawned, SpawnFailed, TreeEmpty
from watchdog.process import blame, limits, proc
from watchdog.process.birth import Birth
from watchdog.process.bursts import withstand_bursts
from watchdog.process.child import Child
from watchdog.process.exits import signal_number
from watchdog.process.ports import Adopted, Family, System, Watch
from watchdog.process.spec import Mark, SpawnSpec
from watchdog.process.striking import look_and_strike

assert sys.platform != "win32"

Post = Callable[[str, Event], None]

# Between two looks during a kill. Deaths wake us; these only catch what they miss.
FIRST_POLL, LAST_POLL = 0.005, 0.5  # seconds, doubling
# An execve is surely over after so long (see `limits.py`).
EXECVE = 0.05  # seconds
# Orphans' zombies are collected so long after a death was reported.
TIDY = 0.01  # seconds
# A dead child of no tree is left so long to the adapter that may have started it.
UNCLAIMED = 1.0  # seconds


class Processes:
    """All processes of one watchdog. Lives on the main thread's running loop."""

    def __init__(self, post: Post, system: System) -> None:
        self._post, self._system = post, system
        self._children: dict[str, Child] = {}  # by program
        self._adopted: dict[str, Adopted] = {}  # by program: started by an earlier watchdog
        self._dead: dict[int, Child] = {}  # leaders that died before their tree was proved empty
        self._family: Family | None = None
        self._settling: asyncio.Handle | None = None
        self._poll: asyncio.TimerHandle | None = None
        self._poll_delay = FIRST_POLL
        self._collecting: asyncio.TimerHandle | None = None
        self._tidying: asyncio.TimerHandle | None = None

    # --- what the daemon asks -----------------------------------------------------------------

    def next_mark(self) -> int:
        """The number of a coming spawn's mark, so that it can be written down before."""
        return int.from_bytes(os.urandom(8)) >> 3 | 1

    def spawn(self, program: str, incarnation: int, spec: SpawnSpec, nonce: int = 0) -> None:
        """Start the process; posts Spawned, or SpawnFailed with the reason in words.

        `nonce` is from `next_mark`; 0 takes a new one.
        """
        self._expect_none(program)
        family = self._begin()
        mark = Mark(program, incarnation, nonce or self.next_mark())
        try:
            child = self._launch(spec, mark)
        except (OSError, ValueError, OverflowError) as error:
            self._post(program, SpawnFailed(incarnation, blame.explain(spec, error)))
            return
        child.birth = self._system.birth_of(child.pid, mark)
        family.join(child.pid, mark)
        self._children[program] = child
        if limits.need_repeating(spec.limits):
            asyncio.get_running_loop().call_later(EXECVE, self._limit_again, child, spec)
        self._post(program, Spawned(incarnation, child.pid))

    def birth(self, program: str) -> Birth | None:
        """What will prove to a later watchdog that the process is the one."""
        holder = self._children.get(program) or self._adopted.get(program)
        return holder.birth if holder is not None else None

    def find(self, program: str, incarnation: int, nonce: int) -> Birth | None:
        """The living leader with this mark, where its birth was not written down any more."""
        return self._system.find(Mark(program, incarnation, nonce))

    def has_remains(self, program: str, incarnation: int, nonce: int) -> bool:
        """Whether anything of this incarnation lives, as far as the system knows marks."""
        return self._system.has_remains(Mark(program, incarnation, nonce))

    def adopt(self, birth: Birth) -> bool:
        """Take over what an earlier watchdog has started; False unless it is proved to be that.

        From then on it is as if spawned: one Exited, then one TreeEmpty.
        """
        self._expect_none(birth.program)
        if self._system.is_our_child(birth):
            return self._resume(birth)
        post, over = self._ends_of(birth.program)
        return self._keep(birth.program, self._system.adopt(birth, post, over))

    def bury_strays(self, program: str, incarnation: int, nonce: int) -> bool:
        """SIGKILL all that carries the mark; posts TreeEmpty when there is none.

        For what a leader has left that died while no watchdog ran. False where the system knows
        no marks: then nothing is done, and nothing will be posted.
        """
        self._expect_none(program)
        mark = Mark(program, incarnation, nonce)
        kept = self._keep(program, self._system.bury_strays(mark, *self._ends_of(program)))
        self.kill(program, incarnation)
        return kept

    def signal(self, program: str, incarnation: int, name: str, group: bool) -> None:
        """Signal the main process or its group; does nothing when it is gone.

        Raises ValueError with a sentence for an unknown signal.
        """
        number, child = signal_number(name), self._find(program, incarnation)
        # A setuid program of another user may refuse us; the grace period's end then shows it.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if child is not None:
                child.signal(number, group)

    def kill(self, program: str, incarnation: int) -> None:
        """SIGKILL all that is left of the tree until it is empty; TreeEmpty tells."""
        child = self._find(program, incarnation)
        if not isinstance(child, Child):
            return child.kill() if child is not None else None
        child.killing, self._poll_delay = True, FIRST_POLL
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signals.SIGKILL)
        return self._soon()

    def pid(self, program: str) -> int | None:
        """The main process, while it lives."""
        if program in self._adopted:
            return self._adopted[program].pid
        child = self._children.get(program)
        return child.pid if child is not None and child.exit is None else None

    def members(self, program: str) -> list[int]:
        """Every process of the program's tree, as far as one look can see."""
        if program in self._adopted:
            return self._adopted[program].members()
        child = self._children.get(program)
        return self._family.members(child.pid) if child is not None and self._family else []

    def memory(self, program: str) -> int:
        """Resident bytes of the tree; pages that its processes share are counted for each."""
        if program in self._adopted:
            return self._adopted[program].weight()
        child = self._children.get(program)
        return self._family.weight(child.pid) if child is not None and self._family else 0

    def cpu(self, program: str) -> float:
        """Seconds of processor time that the tree has used so far, as far as it lives."""
        return sum(proc.processor_time(pid) for pid in self.members(program))

    def strays(self, program: str) -> list[int]:
        """What lives although the main process is dead."""
        tree = self._adopted.get(program) or self._children.get(program)
        return list(tree.strays) if tree is not None else []

    def close(self) -> None:
        """Stop watching; the processes are left as they are."""
        for adopted in self._adopted.values():
            adopted.close()
        for child in self._children.values():
            for watch in (child.watch, *child.strays.values()):
                _close(watch)
        for handle in (self._settling, self._poll, self._collecting, self._tidying):
            if handle is not None:
                handle.cancel()
        if self._family is not None:
            asyncio.get_running_loop().remove_signal_handler(signals.SIGCHLD)
        self._system.close()
        self._children, self._adopted, self._dead, self._family = {}, {}, {}, None

    # --- a process begins ---------------------------------------------------------------------

    def _begin(self) -> Family:
        if self._family is None:
            self._family = self._system.family()
            # Orphans are re-parented to us unannounced; only SIGCHLD tells of their deaths.
            asyncio.get_running_loop().add_signal_handler(signals.SIGCHLD, self._on_child)
            withstand_bursts()
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

    def _resume(self, birth: Birth) -> bool:
        """Watch a child that we started before we were re-executed; it may be a zombie."""
        family = self._begin()
        child = Child(birth.program, birth.incarnation, birth.pid)
        try:
            child.watch = self._system.watch(child.pid, lambda: self._ended(child))
        except OSError:
            return False
        child.birth = birth
        family.join(child.pid, birth.mark)
        self._children[birth.program] = child
        return True

    def _keep(self, program: str, tree: Adopted | None) -> bool:
        if tree is not None:
            self._adopted[program] = tree
        return tree is not None

    def _ends_of(self, program: str) -> tuple[Callable[[Event], None], Callable[[], None]]:
        """How an adopted tree reports, and how it leaves."""
        return lambda event: self._post(program, event), lambda: self._leave(program)

    def _leave(self, program: str) -> None:
        del self._adopted[program]

    def _expect_none(self, program: str) -> None:
        if program in self._children or program in self._adopted:
            raise RuntimeError(f"{program}: a new process before the old tree was proved empty")

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
        sight = look_and_strike(self._family, self._is_doomed)
        for child in list(self._dead.values()):
            strays = sight.strays.get(child.pid, [])
            if strays or not sight.settled:
                self._follow(child, strays)
            else:
                self._conclude(child, self._family)
        self._poll_again(not sight.settled)
        self._collect_later(self._family)

    def _is_doomed(self, leader: int) -> bool:
        child = self._dead.get(leader)
        return child is not None and child.killing

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

    def _find(self, program: str, incarnation: int) -> Child | Adopted | None:
        tree = self._children.get(program) or self._adopted.get(program)
        return tree if tree is not None and tree.incarnation == incarnation else None


def _close(watch: Watch | None) -> None:
    if watch is not None:
        watch.close()
