"""Brings into the logs what an earlier watchdog had taken of programs that nobody goes on with.

What is adopted, or started again, is taken care of there. Here it is about the output of a process
that died, of a program that is not started now, or that left the configuration.
"""

from __future__ import annotations

from pathlib import Path

from watchdog.config import Config
from watchdog.config.model import LogsConfig
from watchdog.daemon.hook_place import logs_of, program_of
from watchdog.logs.capture import Captures
from watchdog.logs.model import file_name

DEFAULT_SIZE = 50_000_000  # bytes, as `logs.maximum` has it


def salvage(config: Config, captures: Captures) -> None:
    """Write all of it; of a program that is configured no more, to where logs are by default."""
    known = {program.name: program for program in config.programs}
    for name in captures.left_behind():
        program, owner = known.get(name), known.get(program_of(name) or "")
        if owner is not None:
            captures.mark(name, owner.name, "hook")
            captures.recover(name, logs_of(owner), owner.secrets)
            captures.forget(name)
        elif program is not None:
            captures.recover(name, program.logs, program.secrets)
        else:
            captures.recover(name, default_logs(config.state, name), frozenset())
            captures.forget(name)


def default_logs(state: Path, name: str) -> LogsConfig:
    """The log that a program has if its configuration says nothing, and one for a second stream."""
    path = state / "logs" / f"{file_name(name)}.log"
    errors = path.with_suffix(".err.log")
    return LogsConfig(path, DEFAULT_SIZE, 1, "raw", "separate", stderr_path=errors)
