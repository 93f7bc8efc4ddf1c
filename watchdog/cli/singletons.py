"""Which locks `holders` and `unlock` mean, and how those who keep them are shown."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from watchdog.cli.ports import Keeper, Survey, Trouble

if TYPE_CHECKING:
    from watchdog.config.model import Config, ProgramConfig

_KEPT = {("file", "socket"): "file, socket", ("file",): "file only", ("socket",): "socket only"}
_COLUMNS = ("PID", "USER", "SINCE", "ROLE", "KEEPS", "COMMAND")


class Meant(NamedTuple):
    """One lock, and the program that it is for; None if only the key was given."""

    key: str
    config: Config | None = None
    program: ProgramConfig | None = None

    @property
    def name(self) -> str:
        """What to call it in a sentence."""
        return self.program.name if self.program is not None else self.key


def add_key(parser: argparse.ArgumentParser) -> None:
    """The option that needs no configuration."""
    parser.add_argument(
        "--key", metavar="KEY", help="the singleton itself, such as telegram:123456789"
    )


def choose(options: argparse.Namespace, names: Sequence[str]) -> list[Meant]:
    """The locks that are meant: of the key, of these programs, or of all programs.

    Raises Trouble, and ConfigError if the configuration is not usable.
    """
    if options.key is not None:
        return [Meant(options.key)]
    from watchdog.config.find import find
    from watchdog.config.loading import load

    config = load(find(options.config, os.environ))
    return [one for name in names for one in _of_name(config, name)] or _of_all(config)


def show(survey: Survey, width: int | None = None) -> list[str]:
    """A table of the keepers, or the sentence that there are none."""
    if not survey.keepers:
        return [f"{survey.key}: {survey.hidden or 'nobody holds it'}"]
    rows = [_COLUMNS, *map(_row, survey.keepers)]
    wide = [max(len(row[at]) for row in rows) for at in range(len(_COLUMNS) - 1)]
    return [f"{survey.key} is held by", *(_cut(_line(row, wide), width) for row in rows)]


def local(since: str) -> str:
    """A time as people read it, without its offset; what is no time as it is."""
    from datetime import datetime

    try:
        return datetime.fromisoformat(since).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except ValueError:
        return since


def _of_name(config: Config, name: str) -> list[Meant]:
    from watchdog.config.model import ProgramConfig
    from watchdog.wire.names import choose as find

    if found := find(config.programs, name, ProgramConfig.named):
        return [_of_program(config, program) for program in found]
    known = ", ".join(program.name for program in config.programs)
    raise Trouble(f"there is no program {name}; there are: {known}")


def _of_program(config: Config, program: ProgramConfig) -> Meant:
    if program.singleton is None:
        raise Trouble(
            f"{program.name} has no `singleton`, so it has no lock that anybody could hold"
        )
    return Meant(program.singleton.key, config, program)


def _of_all(config: Config) -> list[Meant]:
    found = [
        Meant(program.singleton.key, config, program)
        for program in config.programs
        if program.singleton is not None
    ]
    if not found:
        raise Trouble("no program of the configuration has a `singleton`, so there are no locks")
    return found


def _row(keeper: Keeper) -> tuple[str, ...]:
    return (
        str(keeper.pid),
        keeper.user,
        local(keeper.since),
        keeper.role,
        _KEPT.get(keeper.keeps, ""),
        keeper.command,
    )


def _line(row: Sequence[str], wide: Iterable[int]) -> str:
    pid, *rest = (cell.ljust(width) for cell, width in zip(row, wide, strict=False))
    return "  ".join(["", pid.strip().rjust(len(pid)), *rest, row[-1]]).rstrip()


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else line[: max(0, width - 1)] + "…"
