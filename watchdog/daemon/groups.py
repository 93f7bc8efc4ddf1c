"""Reading the configuration again as supervisor does it: first look, then change group by group.

`reread` changes nothing. What it found is kept, and each group is taken from it when it is added.
"""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.config import Config, ProgramConfig
from watchdog.config.groups import GroupChanges, by_group, compare_groups
from watchdog.config.reread import Changes
from watchdog.control.backend import Configured, GroupError
from watchdog.core.fleet import Fleet
from watchdog.core.model import State
from watchdog.daemon.reload import Reloader

DOWN = (State.STOPPED, State.EXITED, State.FATAL)


class Groups:
    """The groups in force, and those of the configuration that was read last."""

    def __init__(self, reloader: Reloader, fleet: Fleet) -> None:
        self._reloader = reloader
        self._fleet = fleet

    def reread(self) -> GroupChanges:
        """What adding and removing groups would change now. `ReloadError`: it cannot be read."""
        self._reloader.latest = self._reloader.read()
        return compare_groups(self._reloader.config, self._reloader.latest)

    def configured(self) -> list[Configured]:
        """Every program that was read last, and whether its group is in force."""
        active = by_group(self._reloader.config.programs)
        programs = self._reloader.latest.programs
        return [Configured(program, program.team in active) for program in programs]

    def add(self, group: str) -> None:
        """Take a group into force as it was read last, and start what starts by itself."""
        latest, active = self._reloader.latest, self._reloader.config
        members = [program for program in latest.programs if program.team == group]
        if not members:
            raise GroupError("unknown")
        if group in by_group(active.programs):
            raise GroupError("active")
        known = {program.name for program in active.programs}
        names = [program.name for program in members]
        self._reloader.apply(
            with_programs(active, self._reloader.latest, members),
            Changes(
                added=tuple(name for name in names if name not in known),
                restarted=tuple(name for name in names if name in known),  # of another group
            ),
            f"added the group {group}",
        )

    def remove(self, group: str) -> None:
        """Take a group that is down out of force."""
        active = self._reloader.config
        names = by_group(active.programs).get(group)
        if not names:
            raise GroupError("unknown")
        if not all(self._is_down(name) for name in names):
            raise GroupError("running")
        rest = tuple(program for program in active.programs if program.team != group)
        kept = {program.written for program in rest}
        templates = {name: one for name, one in active.templates.items() if name in kept}
        fresh = replace(active, programs=rest, templates=templates)
        self._reloader.apply(fresh, Changes(removed=tuple(names)), f"removed the group {group}")

    def _is_down(self, name: str) -> bool:
        program = self._fleet.programs.get(name)
        return program is None or program.state in DOWN


def with_programs(config: Config, latest: Config, members: list[ProgramConfig]) -> Config:
    """The configuration with these programs of the latest, also in place of some of their names."""
    names = {program.name for program in members}
    rest = [program for program in config.programs if program.name not in names]
    written = {program.written for program in members}
    templates = {name: one for name, one in latest.templates.items() if name in written}
    return replace(
        config,
        programs=(*rest, *members),
        templates=config.templates | templates,
        scaled=config.scaled | {n: k for n, k in latest.scaled.items() if n in written},
    )
