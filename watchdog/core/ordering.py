"""Who starts before whom, and who stops before whom.

A program starts after what it depends on and stops before it. Among equals the priority decides,
as in supervisor: the lower number starts first and stops last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from watchdog.core.model import Policy


def start_order(policies: Mapping[str, Policy]) -> list[str]:
    """All names, each after its dependencies."""
    depth = depths(policies)
    return sorted(policies, key=lambda name: (depth[name], policies[name].rank))


def stop_stages(policies: Mapping[str, Policy], names: Iterable[str]) -> list[list[str]]:
    """The names in stages: a stage is stopped together, when the stage before it is down.

    Only a dependency or a different priority makes a stage; a thousand equals stop at once.
    """
    depth = depths(policies)
    stages: dict[tuple[int, tuple[int, int]], list[str]] = {}
    for name in names:
        stages.setdefault((depth[name], policies[name].rank), []).append(name)
    return [stages[key] for key in sorted(stages, reverse=True)]


def depths(policies: Mapping[str, Policy]) -> dict[str, int]:
    """For each name the length of its longest chain of dependencies."""
    known: dict[str, int] = {}

    def depth(name: str, path: tuple[str, ...]) -> int:
        if name in path:  # the configuration refuses cycles; do not recurse for ever all the same
            return 0
        if name not in known:
            above = [d for d in policies[name].depends_on if d in policies]
            known[name] = 1 + max((depth(d, (*path, name)) for d in above), default=-1)
        return known[name]

    for name in policies:
        depth(name, ())
    return known
