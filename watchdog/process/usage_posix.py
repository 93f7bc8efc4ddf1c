"""Where there is no /proc: what the programs use is not known, of ourselves only a little."""

from __future__ import annotations

import resource
from collections.abc import Mapping

from watchdog.process.spec import Usage


async def measure(leaders: Mapping[str, int]) -> dict[str, Usage]:
    """Nothing: this system has no cheap way to look at the trees of others."""
    return {}


def of_ourselves() -> Usage:
    """The CPU time, and the largest memory that there ever was (in KiB here)."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return Usage(used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, 1, None)
