"""Names of programs as people write them, and which programs they mean, at both ends. Pure.

A program is `name`, or `group:name`. A group's plain name means all that is in it, as `group:*`
does, and so does the name that several instances have in the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

T = TypeVar("T")
Named = tuple[str, str]
"""The name of a program, and that of its group."""


def named(program: Mapping[str, Any]) -> Named:
    """The names of a program as `watchdog.status` tells of it."""
    return str(program["name"]), str(program.get("group", ""))


def full_name(name: str, group: str) -> str:
    """The name with its group: short where the group is called like the program."""
    return name if group in (name, "") or name.startswith(f"{group}:") else f"{group}:{name}"


def choose(programs: Iterable[T], wanted: str, names: Callable[[T], Named]) -> list[T]:
    """The programs that are meant; the narrowest meaning counts. `all` is all of them."""
    known = list(programs)
    if wanted == "all":
        return known
    for is_meant in (_is_called, _is_process, _is_instance, _is_in):
        if found := [program for program in known if is_meant(*names(program), wanted)]:
            return found
    return []


def choose_all(
    programs: Iterable[T], wanted: Iterable[str], names: Callable[[T], Named]
) -> list[T]:
    """The programs that any of the names means, each once, in their own order."""
    known = list(programs)
    meant = {names(program) for name in wanted for program in choose(known, name, names)}
    return [program for program in known if names(program) in meant]


def _is_called(name: str, group: str, wanted: str) -> bool:
    return wanted in (name, full_name(name, group), f"{group}:{_process(name)}", f"{name}:{name}")


def _is_process(name: str, group: str, wanted: str) -> bool:
    return wanted == _process(name)


def _is_instance(name: str, group: str, wanted: str) -> bool:
    stem = wanted.removesuffix(":*")
    within = stem if ":" in stem else f"{stem}:{stem}"
    return re.fullmatch(rf"{re.escape(within)}_[0-9]{{2,}}", name) is not None


def _is_in(name: str, group: str, wanted: str) -> bool:
    meant = wanted.removesuffix("*").removesuffix(":")
    return bool(meant) and meant in (group, name.partition(":")[0])


def _process(name: str) -> str:
    return name.rpartition(":")[2]
