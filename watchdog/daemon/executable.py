"""Whether a program's command is there to be run, looked at as the spawn would look for it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from watchdog.config.model import ProgramConfig

Flaw = Literal["missing", "not executable"]


def flaw_of(program: ProgramConfig) -> Flaw | None:
    """What is wrong with the command, before anything is tried; None where nothing shows."""
    found = find(program)
    if found is None:
        return "missing"
    return None if found.is_file() and os.access(found, os.X_OK) else "not executable"


def find(program: ProgramConfig) -> Path | None:
    """The file that the command names, executable or not."""
    name = program.command[0]
    if "/" in name:
        found = program.directory / name
        return found if found.exists() else None
    places = os.get_exec_path({**os.environ, **program.environment})
    there = [program.directory / place / name for place in places]
    runnable = [path for path in there if path.is_file() and os.access(path, os.X_OK)]
    return next(iter([*runnable, *(path for path in there if path.exists())]), None)
