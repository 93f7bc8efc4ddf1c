"""What `Processes` asks of an operating system; `linux.py` and `posix.py` each answer it.

A further way to hold a tree together (a cgroup, a job object) is a further `Family`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Protocol

from msgspec import Struct

from watchdog.core.events import Event
from watchdog.core.model import Exit
from watchdog.process.birth import Birth
from watchdog.process.spec import Mark, SpawnSpec


class Sight(Struct):
    """One look at what is left of the trees."""

    strays: dict[int, list[int]]  # leader's pid -> living processes of its tree, without itself
    settled: bool  # False: something moved while looking; look again before you conclude


class Watch(Protocol):
    """Tells of one process's end, and signals it without ever hitting a namesake."""

    def send(self, number: int) -> None:
        """Send a signal; raises ProcessLookupError when it is gone."""

    def close(self) -> None:
        """Stop watching."""


class Family(Protocol):
    """Knows which living process belongs to which tree."""

    unclaimed: set[int]

    def join(self, leader: int, mark: Mark) -> None:
        """A tree begins with this leader."""

    def leave(self, leader: int) -> None:
        """The tree was proved empty."""

    def look(self) -> Sight:
        """What lives of the trees, apart from the leaders; collects their dead on the way."""

    def members(self, leader: int) -> list[int]:
        """Every process of one tree, with its leader; for measuring, not for proof."""

    def weight(self, leader: int) -> int:
        """Resident bytes of the tree."""

    def strike(self, leader: int, pid: int) -> None:
        """SIGKILL one stray that `look` has just named, and its group."""

    def collect(self, pids: set[int]) -> None:
        """Collect dead children that nobody has claimed."""


class Adopted(Protocol):
    """One tree that was started by an earlier watchdog; it posts its own ends."""

    incarnation: int
    birth: Birth | None  # of the leader; None when only its rests are to be ended

    @property
    def pid(self) -> int | None:
        """The main process, while it lives."""

    @property
    def strays(self) -> Collection[int]:
        """What lives although the main process is dead."""

    def members(self) -> list[int]:
        """Every process of the tree."""

    def weight(self) -> int:
        """Resident bytes of the tree."""

    def signal(self, number: int, group: bool) -> None:
        """Signal the main process or its group; raises ProcessLookupError, PermissionError."""

    def kill(self) -> None:
        """SIGKILL all that is left of the tree until it is empty."""

    def close(self) -> None:
        """Stop watching; the processes are left as they are."""


class System(Protocol):
    """The functions of one operating system."""

    def launch(self, spec: SpawnSpec, mark: Mark) -> int:
        """Start the process and return its pid; raises OSError, ValueError."""

    def watch(self, pid: int, ended: Callable[[], None]) -> Watch:
        """Call `ended` on the running loop when the process is dead; raises OSError."""

    def peek(self, pid: int) -> Exit | None:
        """How our child ended, or None while it lives."""

    def bury(self, pid: int) -> None:
        """Let go of the dead child; only then can its pid be used again."""

    def group_lives(self, pid: int) -> bool:
        """Whether any process, dead or alive, is left in the group."""

    def on_child(self) -> None:
        """A SIGCHLD arrived."""

    def family(self) -> Family:
        """A new, empty family."""

    def place_of(self, program: str) -> str:
        """The path of the cgroup in which it lives or will live; empty if there is none."""

    def close(self) -> None:
        """The watchdog ends; what lives is left as it is."""

    # --- what an earlier watchdog has left; a system that cannot prove it answers None ----------

    def birth_of(self, pid: int, mark: Mark) -> Birth | None:
        """What will prove later that this is the process with the mark."""

    def find(self, mark: Mark) -> Birth | None:
        """The leader that carries the mark."""

    def has_remains(self, mark: Mark) -> bool:
        """Whether anything that carries the mark lives."""

    def is_our_child(self, birth: Birth) -> bool:
        """Whether we started it ourselves, before we were re-executed."""

    def adopt(
        self, birth: Birth, post: Callable[[Event], None], over: Callable[[], None]
    ) -> Adopted | None:
        """The tree, if its leader lives and is proved to be the one."""

    def bury_strays(
        self, mark: Mark, post: Callable[[Event], None], over: Callable[[], None]
    ) -> Adopted | None:
        """What a dead leader has left behind, to be killed."""
