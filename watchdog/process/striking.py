"""One look at all trees, with a SIGKILL to everything of those that are to be killed.

Something may fork as fast as we look, so it is looked at again at once, for a short while.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from watchdog.process.ports import Family, Sight

LOOKING = 0.01  # seconds; then whoever asked lets its loop breathe


def look_and_strike(family: Family, is_doomed: Callable[[int], bool]) -> Sight:
    """Look, and strike the trees of doomed leaders, until nothing moves any more."""
    struck: set[int] = set()
    sight = family.look()
    until = time.monotonic() + LOOKING
    while strike(family, sight, is_doomed, struck) or not sight.settled:
        sight = family.look()
        if time.monotonic() > until:
            break
    return sight


def strike(
    family: Family, sight: Sight, is_doomed: Callable[[int], bool], struck: set[int]
) -> bool:
    """SIGKILL what was not struck yet; True if there was anything."""
    before = len(struck)
    for leader, strays in sight.strays.items():
        for pid in strays if is_doomed(leader) else ():
            if pid not in struck:
                struck.add(pid)
                family.strike(leader, pid)
    return len(struck) > before
