"""Programs by their groups, and how two configurations differ by group. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from watchdog.config.model import Config, ProgramConfig
from watchdog.config.reread import compare


class GroupChanges(Struct, frozen=True):
    """The names of the groups that were added, changed or removed, in the configs' order."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def by_group(programs: Iterable[ProgramConfig]) -> dict[str, list[str]]:
    """The names of the programs of each group."""
    groups: dict[str, list[str]] = {}
    for program in programs:
        groups.setdefault(program.team, []).append(program.name)
    return groups


def compare_groups(old: Config, new: Config) -> GroupChanges:
    """What changed from `old` to `new`. Any change of a program changes its group."""
    changes = compare(old, new)
    touched = {*changes.restarted, *changes.retuned}
    before, after = by_group(old.programs), by_group(new.programs)
    return GroupChanges(
        added=tuple(group for group in after if group not in before),
        changed=tuple(
            group
            for group, names in after.items()
            if group in before and (set(names) != set(before[group]) or touched.intersection(names))
        ),
        removed=tuple(group for group in before if group not in after),
    )
