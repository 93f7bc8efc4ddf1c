"""Where the logs are that a watchdog left which does not run: as its configuration has them."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.context import Context, complain
from watchdog.cli.log_sources import Place, names_of
from watchdog.cli.recollection import find_state
from watchdog.client.errors import Refused, Unreachable
from watchdog.wire.names import choose

if TYPE_CHECKING:
    from watchdog.client.client import Stream
    from watchdog.config.model import ProgramConfig


def recall_places(
    context: Context, options: argparse.Namespace, stream: Stream, error: Unreachable
) -> list[Place]:
    """The logs of the programs that are meant; the error again if no configuration tells."""
    known = [] if context.supplies.open_log is None else _known(options, stream)
    if not known:
        raise error
    complain(f"{error}; these are the files that it left")
    wanted = options.names or [place.program for place in known]
    return [place for name in wanted for place in _named(known, name)]


def _known(options: argparse.Namespace, stream: Stream) -> list[Place]:
    if options.socket:
        return _by_files(find_state(options), ".log.stderr" if stream == "stderr" else ".log")
    return [Place(program.name, _path_of(program, stream)) for program in _programs(options)]


def _by_files(state: Path | None, ending: str) -> list[Place]:
    """Where only the socket is known: the logs that lie where they do by default."""
    files = sorted((state / "logs").glob(f"*{ending}")) if state else []
    return [Place(file.name.removesuffix(ending), file) for file in files]


def _programs(options: argparse.Namespace) -> tuple[ProgramConfig, ...]:
    from watchdog.config import load
    from watchdog.config.errors import ConfigError
    from watchdog.config.find import find

    if options.run_name:
        return ()
    try:
        return load(find(options.config, os.environ)).programs
    except ConfigError:
        return ()


def _named(known: list[Place], name: str) -> list[Place]:
    if found := choose(known, name, names_of):
        return found
    names = ", ".join(place.program for place in known)
    raise Refused(0, f"there is no program {name}; there are: {names}")


def _path_of(program: ProgramConfig, stream: Stream) -> Path | None:
    path = program.logs.path if stream == "stdout" else program.logs.stderr_path
    return None if path is None or path == Path(os.devnull) else path
