"""Linux: what the trees of programs use now, all of them by one pass over /proc.

It is looked at only when somebody asks. The pass gives way to other work every few processes, so a
thousand programs do not hold up the loop. A process belongs to a tree by its parents and by its
session; one that left both and became our own child, by the mark in its environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping

from msgspec import Struct

from watchdog.process import proc
from watchdog.process.spec import MARKER, Usage

assert sys.platform != "win32"

PIECE = 50  # processes between two turns of the loop: some 1 ms
_TICK = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Fact(Struct, frozen=True):
    """One process, as its stat file tells."""

    parent: int
    session: int
    cpu_seconds: float
    resident_bytes: int


async def measure(leaders: Mapping[str, int]) -> dict[str, Usage]:
    """What the tree of each leader uses, by program; programs whose leader is gone are left out."""
    facts = await _look()
    trees = gather(facts, {pid: name for name, pid in leaders.items()}, os.getpid(), _program_of)
    found: dict[str, Usage] = {}
    for count, (name, pids) in enumerate(trees.items()):
        if count % PIECE == 0:
            await asyncio.sleep(0)
        found[name] = add_up([facts[pid] for pid in pids], [open_fds(pid) for pid in pids])
    return found


def of_ourselves() -> Usage:
    """What this process uses by itself."""
    fact = fact_of(os.getpid())
    assert fact is not None
    return add_up([fact], [open_fds(os.getpid())])


def gather(
    facts: Mapping[int, Fact],
    leaders: Mapping[int, str],
    own: int,
    program_of: Callable[[int], str],
) -> dict[str, list[int]]:
    """The processes of each program. Pure but for `program_of`, which is asked of few."""
    owners: dict[int, str] = {own: ""}

    def owner_of(pid: int) -> str:
        trail = []
        while pid not in owners and pid in facts:
            if pid in leaders:
                owners[pid] = leaders[pid]
            elif facts[pid].session in leaders:
                owners[pid] = leaders[facts[pid].session]
            elif facts[pid].parent == own:
                owners[pid] = program_of(pid)
            else:
                trail.append(pid)
                owners[pid] = ""  # a number that was used again meanwhile may close a circle
                pid = facts[pid].parent
        owner = owners.get(pid, "")
        owners.update(dict.fromkeys(trail, owner))
        return owner

    trees: dict[str, list[int]] = {name: [] for pid, name in leaders.items() if pid in facts}
    for pid in facts:
        if (name := owner_of(pid)) in trees:
            trees[name].append(pid)
    return trees


def add_up(facts: list[Fact], fds: list[int | None]) -> Usage:
    """All of a tree together."""
    seen = [count for count in fds if count is not None]
    return Usage(
        cpu_seconds=sum(fact.cpu_seconds for fact in facts),
        resident_bytes=sum(fact.resident_bytes for fact in facts),
        processes=len(facts),
        open_fds=sum(seen) if len(seen) == len(fds) else None,
    )


async def _look() -> dict[int, Fact]:
    facts: dict[int, Fact] = {}
    for count, pid in enumerate(proc.everybody()):
        if count % PIECE == 0:
            await asyncio.sleep(0)
        fact = fact_of(pid)
        if fact is not None:
            facts[pid] = fact
    return facts


def fact_of(pid: int) -> Fact | None:
    """One process; None if it is gone."""
    fields = proc.stat(pid)  # from the state, the 3rd of proc(5), on
    if len(fields) < 22:
        return None
    ticks = sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime
    return Fact(int(fields[1]), int(fields[3]), ticks * _TICK, int(fields[21]) * _PAGE)


def open_fds(pid: int) -> int | None:
    """How many descriptors a process has open; None if it is gone, or another user's."""
    path = f"/proc/{pid}/fd"
    try:
        # Since Linux 6.2 the directory's size is their number.
        return os.stat(path).st_size or len(os.listdir(path))  # noqa: PTH116, PTH208
    except OSError:
        return None


def _program_of(pid: int) -> str:
    """The program whose mark is in the environment of a process; empty if there is none."""
    return proc.variable(pid, MARKER).partition(":")[0]
