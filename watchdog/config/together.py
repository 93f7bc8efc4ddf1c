"""What only shows when all programs are seen together: names, cycles, things used twice."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from watchdog.config.errors import Findings, nearest
from watchdog.config.held_sockets import check_sockets
from watchdog.config.listening import check_pools
from watchdog.config.model import ProgramConfig

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
    by_name = {program.name: program for program in programs}
    _check_once(by_name, "singleton", lambda program: [str(program.singleton or "")], findings)
    _check_once(by_name, "logs", _log_files, findings)
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
            if thing in owners:
                found = f"{thing} is already that of programs.{owners[thing]}"
                findings.add(("programs", name, key), found)
            owners.setdefault(thing, name)


def _log_files(program: ProgramConfig) -> list[str]:
    """The files that are rotated, each for one stream only; devices may be shared."""
    if program.logs.shared:
        return []
    paths: list[Path | None] = [program.logs.path, program.logs.stderr_path]
    return [str(path) for path in paths if path and not path.is_relative_to("/dev")]


def _check_dependencies(programs: Mapping[str, ProgramConfig], findings: Findings) -> None:
    graph = {
        name: [other for other in program.policy.depends_on if other in programs]
        for name, program in programs.items()
    }
    for name, program in programs.items():
        for other in program.policy.depends_on:
            if other not in programs:
                key: Any = ("programs", name, "depends_on")
                close = nearest(other, programs)
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
