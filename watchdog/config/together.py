"""What only shows when all programs are seen together: names, cycles, things used twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from watchdog.config.errors import Findings, nearest
from watchdog.config.held_sockets import check_sockets
from watchdog.config.listening import check_pools
from watchdog.config.model import Instance, ProgramConfig
from watchdog.config.secret import mask
from watchdog.core.model import Role

LONGEST_NAME = 64
_PART = rf"[A-Za-z0-9_][A-Za-z0-9_.@+-]{{0,{LONGEST_NAME - 1}}}"
_NAME = re.compile(rf"(?:{_PART}:)?{_PART}")
_ALLOWED_NAME = (
    f"letters, digits, _, ., @, + and -, at most {LONGEST_NAME} of them, beginning with a letter, "
    "a digit or _; in front of it there may be a group and a colon"
)


def check_name(name: str, findings: Findings) -> None:
    """A name ends in file names, in commands and in supervisor's protocol."""
    if name == "all":
        hint = "commands such as `watchdog stop all` mean every program by it"
        findings.add(("programs", name), "a program cannot be named all", hint=hint)
    elif not _NAME.fullmatch(name):
        findings.add(("programs", name), "not a name for a program", _ALLOWED_NAME)


def check_together(programs: Iterable[ProgramConfig], findings: Findings) -> None:
    """Note what is wrong between programs."""
    known = list(programs)
    _check_instance_names(known, findings)
    by_name = {program.name: program for program in known}
    _check_once(by_name, "singleton", lambda program: [str(program.singleton or "")], findings)
    _check_once(by_name, "logs", _log_files, findings)
    _check_probes(by_name, findings)
    _check_dependencies(by_name, findings)
    check_pools(by_name.values(), findings)
    check_sockets(by_name.values(), findings)


def _check_once(
    programs: Mapping[str, ProgramConfig],
    key: str,
    things: Callable[[ProgramConfig], Iterable[str]],
    findings: Findings,
) -> None:
    owners: dict[str, str] = {}
    for name, program in programs.items():
        for thing in filter(None, things(program)):
            other = programs[owners.get(thing, name)]
            if thing not in owners:
                owners[thing] = name
            elif program.written == other.written and program is not other:
                _report_shared(program, other, key, thing, findings)
            else:
                found = f"{thing} is already that of programs.{other.written}"
                findings.add(("programs", program.written, key), found)


def _report_shared(
    program: ProgramConfig, other: ProgramConfig, key: str, thing: str, findings: Findings
) -> None:
    """Said once, of the first two instances: the others have the same."""
    if program.instance is None or program.instance.number != 1:
        return
    found = f"{thing} would be that of {other.name} and of {program.name}"
    hint = f"write %(process_num)d into {key}, so that each instance has its own"
    if key == "singleton":
        hint += "; or take `instances` out, if only one may run"
    findings.add(("programs", program.written, *key.split(".")), found, hint=hint)


def _check_instance_names(programs: Iterable[ProgramConfig], findings: Findings) -> None:
    """They are made of the table's name, and must not be those of another table."""
    owners: dict[str, str] = {}
    for program in programs:
        other = owners.setdefault(program.name, program.written)
        if other != program.written:
            found = f"an instance of programs.{other} has this name"
            findings.add(("programs", program.written), found, hint="take another name")
        if program.instance is not None and len(program.process) > LONGEST_NAME:
            found = f"with its number, the name is longer than {LONGEST_NAME} characters"
            findings.add(("programs", program.written), found)


def _check_probes(programs: Mapping[str, ProgramConfig], findings: Findings) -> None:
    """Of several instances at one address, whoever answers would speak for all."""
    for program in programs.values():
        other = programs.get(_first_of(program))
        if other is None or other is program:
            continue
        for role in (Role.LIVENESS, Role.READINESS, Role.STARTUP):
            place = _place_of(program, role)
            if place and place == _place_of(other, role):
                key = f"{role}.{program.probes[role].kind}"
                _report_shared(program, other, key, mask(place), findings)
                break  # the others have their target from this one, or the same mistake


def _first_of(program: ProgramConfig) -> str:
    """The name of the instance with the number 0, if it is one of several."""
    return Instance(program.instance.of, 0).name if program.instance else ""


def _place_of(program: ProgramConfig, role: Role) -> str:
    """Where a probe asks over the network; empty if it does not."""
    target = program.probes.get(role)
    return (target.url or str(target.address or "")) if target else ""


def _log_files(program: ProgramConfig) -> list[str]:
    """The files that are rotated, each for one stream only; devices may be shared."""
    if program.logs.shared:
        return []
    paths: list[Path | None] = [program.logs.path, program.logs.stderr_path]
    return [str(path) for path in paths if path and not path.is_relative_to("/dev")]


def _check_dependencies(programs: Mapping[str, ProgramConfig], findings: Findings) -> None:
    graph: dict[str, list[str]] = {}  # of tables: instances of one depend on the same
    for program in programs.values():
        known = [programs[name].written for name in program.policy.depends_on if name in programs]
        graph[program.written] = list(dict.fromkeys(known))
    for program in programs.values():
        if program.instance is not None and program.instance.number:
            continue  # the first has the same
        for other in program.policy.depends_on:
            if other not in programs:
                key: Any = ("programs", program.written, "depends_on")
                close = nearest(other, [*programs, *graph])
                hint = f'did you mean "{close}"?' if close else ""
                findings.add(key, f'there is no program "{other[:60]}"', hint=hint)
    for cycle in find_cycles(graph):
        found = f"programs wait for each other: {' -> '.join(cycle)}"
        findings.add(("programs", cycle[0], "depends_on"), found, hint="take one of these out")


def find_cycles(graph: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """The cycles that a walk in the order of the graph meets, each from its first node to itself.

    Not recursive: a chain of a thousand programs must not end in a `RecursionError`.
    """
    cycles: list[list[str]] = []
    done: set[str] = set()
    for start in graph:
        trail = {start: iter(graph[start])} if start not in done else {}
        while trail:
            following = next(next(reversed(trail.values())), None)
            if following is None:
                done.add(trail.popitem()[0])
            elif following in trail:
                names = list(trail)
                cycles.append([*names[names.index(following) :], following])
            elif following not in done:
                trail[following] = iter(graph[following])
    return cycles
