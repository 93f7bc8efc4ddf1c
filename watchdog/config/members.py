"""Who is meant where a name may stand for several: a group, or all instances of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from watchdog.config.model import ProgramConfig


def members_of(programs: Iterable[ProgramConfig], templates: Iterable[str]) -> dict[str, list[str]]:
    """The programs that each name stands for: a program's own, a group's, that of instances.

    Where a program is called like a group, it is the program.
    """
    known = list(programs)
    members: dict[str, list[str]] = {name: [] for name in templates}
    for program in known:
        for name in {program.team, f"{program.team}:*", program.written, f"{program.written}:*"}:
            members.setdefault(name, []).append(program.name)
    return members | {program.name: [program.name] for program in known}


def name_dependencies(
    programs: Iterable[ProgramConfig], templates: Iterable[str]
) -> tuple[ProgramConfig, ...]:
    """The programs, each with what it depends on by the names of programs.

    What is no name of anybody stays as it was written, to be complained about.
    """
    known = list(programs)
    names = {program.name for program in known}
    if all(names.issuperset(program.depends_on) for program in known):
        return tuple(known)
    members = members_of(known, templates)
    return tuple(_resolve_one(program, members) for program in known)


def _resolve_one(program: ProgramConfig, members: Mapping[str, list[str]]) -> ProgramConfig:
    names = [other for name in program.depends_on for other in members.get(name, [name])]
    wanted = tuple(dict.fromkeys(names))
    if wanted == program.policy.depends_on:
        return program
    return replace(program, policy=replace(program.policy, depends_on=wanted))
