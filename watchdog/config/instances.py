"""`instances = 4`: one table of the file that stands for several programs, each with its number.

They are called as supervisor's numprocs is usually told to call them: `worker:worker_00`,
`worker:worker_01` ... of the group `worker`; also where there is one only, so that its name stays
when there are more. Which ones there are depends on the number alone: the first keep their names.

In the texts of such a table, and only there, `%(process_num)d` and the like are replaced as in a
`supervisord.conf`. That comes before `${VAR}`, so that no variable's content is taken for one.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from watchdog.config.build import Surroundings, build_program
from watchdog.config.errors import Findings, KeyPath
from watchdog.config.expand import Scope
from watchdog.config.model import Config, Instance, ProgramConfig
from watchdog.config.read import read_option
from watchdog.config.schema import PROGRAM
from watchdog.config.supervisord.expansion import ENV, CannotExpand, Names, expand

KEY = "instances"


class Template(Struct, frozen=True):
    """A table that stands for several programs, as it was written. The repr shows nothing of it."""

    name: str
    count: int  # in the file
    raw: dict[str, Any]
    around: Surroundings

    def __repr__(self) -> str:
        return f"Template({self.name}, {self.count})"


def read_template(
    name: str, raw: dict[str, Any], around: Surroundings, findings: Findings
) -> Template:
    """The table and its number; one that is no number is noted, and taken for 1."""
    scope = Scope((("the environment", around.environ),))
    path = ("programs", name, KEY)
    count = read_option(PROGRAM.options[KEY], raw, path, scope, findings)
    return Template(name, 1 if count is None else count, raw, around)


def build_all(template: Template, count: int, findings: Findings) -> list[ProgramConfig]:
    """The programs with the numbers below `count`.

    What is wrong with the first is wrong with all: the others are left out then.
    """
    before = findings.count
    first = _build_one(template, 0, count, findings)  # looked at also where none is wanted
    numbers = range(1, count) if findings.count == before else ()
    rest = [_build_one(template, number, count, findings) for number in numbers]
    return [first, *rest] if count else []


def _build_one(template: Template, number: int, count: int, findings: Findings) -> ProgramConfig:
    instance = Instance(template.name, number)
    path: KeyPath = ("programs", template.name)
    names = _names(template, number, count)
    raw = _fill(template.raw | {KEY: count}, names, path, findings)
    return build_program(instance.name, raw, template.around, findings, instance)


def _names(template: Template, number: int, count: int) -> Names:
    """What may be replaced, as in a `supervisord.conf`."""
    group, _, program = template.name.rpartition(":")
    return {
        "process_num": number,
        "numprocs": count,
        "program_name": program,
        "group_name": group or program,
        "host_node_name": socket.gethostname(),
        "here": str(template.around.base),
    }


def _fill(value: Any, names: Names, path: KeyPath, findings: Findings) -> Any:
    """The value with every text in it filled in; the keys of tables are left alone."""
    if isinstance(value, str) and "%" in value:
        return _fill_text(value, names, path, findings)
    if isinstance(value, list):
        return [_fill(item, names, (*path, at), findings) for at, item in enumerate(value)]
    if isinstance(value, dict):
        return {key: _fill(item, names, (*path, key), findings) for key, item in value.items()}
    return value


def _fill_text(text: str, names: Names, path: KeyPath, findings: Findings) -> str:
    try:
        if f"%({ENV}" in text:
            raise CannotExpand(f"found %({ENV}...)s; write ${{NAME}} for a variable")
        return expand(text, names)
    except CannotExpand as error:
        findings.add(path, f"beside `instances`, {error}")
        return text


# --- as many as are wanted at the moment --------------------------------------------------------


def with_counts(
    config: Config, counts: Mapping[str, int], findings: Findings
) -> tuple[ProgramConfig, ...]:
    """The programs of the configuration, with so many of these; dependencies are not resolved."""
    built = {
        name: _extend(config, config.templates[name], count, findings)
        for name, count in counts.items()
    }
    programs: list[ProgramConfig] = []
    for program in config.programs:
        of = program.instance.of if program.instance is not None else ""
        programs += built.pop(of, []) if of in counts else [program]
    return (*programs, *(program for rest in built.values() for program in rest))


def _extend(
    config: Config, template: Template, count: int, findings: Findings
) -> list[ProgramConfig]:
    """So many of one, of which those that there are stay as they are.

    What they are read from (an `env_file`) may have changed since: that is for a reload to see.
    """
    fresh = build_all(template, count, findings)
    if "%(numprocs)" in str(template.raw):
        return fresh
    known = {program.name: program for program in config.programs}
    return [known.get(program.name, program) for program in fresh]
