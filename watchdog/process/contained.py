"""Linux, with a cgroup for each program, as far as the kernel and the configuration allow.

It adds to `linux.py`, and takes nothing away: marks, sessions and the role of subreaper still find
what has left its cgroup. The cgroups are named by the state directory's inode and the program, and
live as long as anything in them does, so that the next watchdog finds them; from another cgroup
than this one's, too, since their places are written down in the state directory. An empty one is
removed when the program has rested for a while, when the watchdog ends, and when the next starts.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from watchdog.config.places import make_private
from watchdog.core.events import Event
from watchdog.process import linux, trees
from watchdog.process.birth import Birth
from watchdog.process.cgroup import Cgroup, home, is_delegated, trouble
from watchdog.process.ports import Adopted, Sight
from watchdog.process.spec import Mark, SpawnSpec

assert sys.platform == "linux"

RESTED = 1.0  # seconds after which an empty cgroup is removed; a restart reuses it
DYING = 0.2  # seconds that a spawn waits for strays that nobody knew of; they die in 1 ms
PAUSE = 0.001  # seconds between two looks at them


class Cgroups:
    """Where the programs of one state directory live. `notes` keeps the places of before."""

    def __init__(self, state: Path, *, allowed: bool) -> None:
        self._notes = state / "cgroups"
        self.home = usable_home() if allowed else ""
        self._prefixes = self._read_notes()
        if self.home:
            make_private(state)
            self._put_first(f"{self.home}/watchdog.{name_of(state)}.")
            make_room_for_reload(self.home)
        self.remove_empty()

    def of(self, program: str) -> Cgroup | None:
        """The cgroup in which its next process will be born."""
        return Cgroup(self._prefixes[0] + quote(program)) if self.home else None

    def find(self, program: str) -> Cgroup | None:
        """The cgroup in which it lives, also where that is an earlier watchdog's."""
        found = [Cgroup(prefix + quote(program)) for prefix in self._prefixes]
        there = [cgroup for cgroup in found if cgroup.exists()]
        return next((c for c in there if c.is_populated()), there[0] if there else None)

    def remove_empty(self) -> None:
        """Remove what nothing lives in; the kernel keeps the others."""
        for prefix in self._prefixes:
            for path in paths_with(prefix):
                Cgroup(path).remove()

    def _put_first(self, prefix: str) -> None:
        former = [p for p in self._prefixes if p != prefix and paths_with(p)]
        if [prefix, *former] != self._prefixes:
            # Without the note, an adopted program's strays are still found from this cgroup.
            with contextlib.suppress(OSError):
                self._notes.write_text("".join(f"{p}\n" for p in [prefix, *former]))
        self._prefixes = [prefix, *former]

    def _read_notes(self) -> list[str]:
        try:
            return self._notes.read_text().splitlines()
        except (OSError, ValueError):
            return []


class ContainedFamily(trees.Family):
    """Also takes for a tree's what lives in its cgroup."""

    def __init__(self, cgroups: Cgroups, *, reaper: bool) -> None:
        super().__init__(reaper=reaper)
        self._cgroups = cgroups
        self._inside: dict[int, Cgroup] = {}  # by leader
        self._struck: set[int] = set()  # leaders whose whole cgroup was killed since the last look

    def join(self, leader: int, mark: Mark) -> None:
        """A tree begins with this leader."""
        super().join(leader, mark)
        cgroup = self._cgroups.find(mark.program)
        if cgroup is not None:
            self._inside[leader] = cgroup

    def leave(self, leader: int) -> None:
        """The tree was proved empty."""
        super().leave(leader)
        if self._inside.pop(leader, None) is not None:
            remove_later(self._cgroups)

    def look(self) -> Sight:
        """One look at our children, and at the cgroups of dead leaders."""
        sight = super().look()
        self._struck.clear()
        for leader, cgroup in self._inside.items():
            if not is_running(leader) and cgroup.is_populated():
                self._add(sight, leader, cgroup)
        return sight

    def members(self, leader: int) -> list[int]:
        """Every process of the tree, with its leader."""
        found, cgroup = super().members(leader), self._inside.get(leader)
        return list(dict.fromkeys([*found, *(cgroup.members() if cgroup else ())]))

    def strike(self, leader: int, pid: int) -> None:
        """SIGKILL a stray, and all that is in the cgroup in one stroke."""
        if leader in self._inside and leader not in self._struck:
            self._struck.add(leader)
            self._inside[leader].kill()
        super().strike(leader, pid)

    def _add(self, sight: Sight, leader: int, cgroup: Cgroup) -> None:
        strays = sight.strays.get(leader, [])
        strays += [pid for pid in cgroup.members() if pid not in strays]
        if strays:
            sight.strays[leader] = strays
        else:
            sight.settled = False  # it forks and ends faster than we can read


class Contained:
    """The functions of Linux, with cgroups. Nothing is touched before the first process."""

    def __init__(self, state: Path, *, allowed: bool) -> None:
        self._state, self._allowed = state, allowed

    watch, peek, bury = (
        staticmethod(linux.watch),
        staticmethod(linux.peek),
        staticmethod(linux.bury),
    )
    group_lives, on_child = staticmethod(linux.group_lives), staticmethod(linux.on_child)
    birth_of, is_our_child = staticmethod(linux.birth_of), staticmethod(linux.is_our_child)
    find, has_remains = staticmethod(linux.find), staticmethod(linux.has_remains)

    @cached_property
    def _cgroups(self) -> Cgroups:
        return Cgroups(self._state, allowed=self._allowed)

    def family(self) -> ContainedFamily:
        """A new, empty family; we become its subreaper."""
        return ContainedFamily(self._cgroups, reaper=linux.become_subreaper())

    def launch(self, spec: SpawnSpec, mark: Mark) -> int:
        """Start the process inside its cgroup; raises OSError, ValueError."""
        remains = self._cgroups.find(mark.program)
        if remains is not None:
            expel(remains)
        cgroup = self._cgroups.of(mark.program)
        if cgroup is None or not is_made(cgroup):
            return linux.launch(spec, mark)
        with cgroup.visited(self._cgroups.home):
            return linux.launch(spec, mark)

    def adopt(
        self, birth: Birth, post: Callable[[Event], None], over: Callable[[], None]
    ) -> Adopted | None:
        """The tree, if its leader lives and is proved to be the one."""
        from watchdog.process import adoption  # only after an earlier watchdog was killed

        return adoption.adopt(birth, post, self._and_tidy(over), self.place_of(birth.program))

    def bury_strays(
        self, mark: Mark, post: Callable[[Event], None], over: Callable[[], None]
    ) -> Adopted | None:
        """What a dead leader has left behind, to be killed."""
        from watchdog.process import adoption

        return adoption.strays_of(mark, post, self._and_tidy(over), self.place_of(mark.program))

    def place_of(self, program: str) -> str:
        """The path of the cgroup in which the program lives or will live; empty if in none."""
        cgroup = self._cgroups.find(program) or self._cgroups.of(program)
        return cgroup.path if cgroup is not None else ""

    def close(self) -> None:
        """The watchdog ends: leave no empty cgroup behind."""
        if "_cgroups" in self.__dict__:
            self._cgroups.remove_empty()

    def _and_tidy(self, over: Callable[[], None]) -> Callable[[], None]:
        def ended() -> None:
            over()
            remove_later(self._cgroups)

        return ended


def expel(cgroup: Cgroup) -> None:
    """End what nobody knew of: the records of an earlier watchdog were lost. Raises OSError."""
    until = time.monotonic() + DYING
    while cgroup.is_populated():
        cgroup.kill()
        if time.monotonic() > until:
            text = f"processes of an earlier watchdog still live in {cgroup.path}"
            raise OSError(errno.EBUSY, text)
        time.sleep(PAUSE)


def is_made(cgroup: Cgroup) -> bool:
    """Whether it is there now; a program is never kept from starting for want of it."""
    try:
        cgroup.make()
    except OSError:
        return False
    return True


def is_running(leader: int) -> bool:
    """Whether a child of ours lives; False also if somebody else has collected it."""
    try:
        return os.waitid(os.P_PID, leader, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except ChildProcessError:
        return False


def remove_later(cgroups: Cgroups) -> None:
    """Once, when a successor would have been started."""
    asyncio.get_running_loop().call_later(RESTED, cgroups.remove_empty)


def usable_home() -> str:
    """Our own cgroup if programs may live below it, else empty."""
    place = home()
    return "" if place is None or trouble(place) else place


def make_room_for_reload(place: str) -> None:
    """Make the cgroup in which systemd runs a unit's ExecReload, before systemd does.

    Below a cgroup that was delegated it uses `.control`. Once there are threaded ones beside it,
    one of the ordinary kind admits no process, and every `systemctl reload` would fail.
    """
    if is_delegated(place):
        with contextlib.suppress(OSError):
            Cgroup(f"{place}/.control").make()


def name_of(state: Path) -> str:
    """What no other state directory has: also two containers may have one path and one cgroup."""
    found = state.stat()
    return f"{found.st_dev:x}-{found.st_ino:x}"


def quote(program: str) -> str:
    """The name without what no cgroup's may have."""
    return program.replace("%", "%25").replace("/", "%2F").replace("\n", "%0A")


def paths_with(prefix: str) -> list[str]:
    """The directories that begin so."""
    place, _, start = prefix.rpartition("/")
    try:
        names = os.listdir(place)  # noqa: PTH208
    except OSError:
        return []
    return [f"{place}/{name}" for name in names if name.startswith(start)]
