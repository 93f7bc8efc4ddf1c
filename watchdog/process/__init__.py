"""Starting processes, knowing their ends, and proving their trees empty.

The operating system's part is chosen here, once; nothing below asks again.
"""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from watchdog.process.birth import Birth
from watchdog.process.ceilings import Ceiling, Ceilings
from watchdog.process.exits import signal_number, words
from watchdog.process.spec import MARKER, Mark, SpawnSpec, Usage

Measure = Callable[[Mapping[str, int]], Awaitable[dict[str, Usage]]]

PROVES_TREES = False  # whether a whole tree can be proved empty here, strays and all

if sys.platform != "win32":
    from watchdog.process import posix
    from watchdog.process import processes as _processes
    from watchdog.process.ports import System

    system: System = posix
    if sys.platform == "linux":
        from watchdog.process import linux

        system = linux if linux.works() else posix
        PROVES_TREES = system is linux

    def choose_system(state: Path, *, cgroup: bool) -> System:
        """This machine's system; with a cgroup for each program where that can be had.

        `state` is where the places of the cgroups are noted, also those of earlier watchdogs.
        """
        if not PROVES_TREES:
            return system
        from watchdog.process.contained import Contained

        return Contained(state, allowed=cgroup)

    def load_usage() -> tuple[Measure, Callable[[], Usage]]:
        """What measures trees of processes, and ourselves; only for who asks."""
        if sys.platform == "linux":
            from watchdog.process import usage
        else:
            from watchdog.process import usage_posix as usage
        return usage.measure, usage.of_ourselves

    class Processes(_processes.Processes):
        """All processes of one watchdog, on this machine's system."""

        def __init__(self, post: _processes.Post, system: System = system) -> None:
            super().__init__(post, system)


__all__ = [
    "MARKER",
    "PROVES_TREES",
    "Birth",
    "Ceiling",
    "Ceilings",
    "Mark",
    "Processes",
    "SpawnSpec",
    "Usage",
    "choose_system",
    "load_usage",
    "signal_number",
    "words",
]
