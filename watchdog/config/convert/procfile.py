"""A Procfile (foreman, honcho, Heroku) as TOML. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.config.convert.draft import Draft, literal
from watchdog.config.errors import ConfigError, Problem

_LINE = re.compile(r"([A-Za-z0-9_-]+):\s*(.+)")
FIRST_PORT, PORT_STEP = 5000, 100  # foreman's


def convert(file: Path, text: str, environ: Mapping[str, str]) -> Draft:
    """The draft; `ConfigError` for a line that is none of a Procfile."""
    programs: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None:
            found = "not a line of a Procfile"
            raise ConfigError(Problem(str(file), number, "", found, "name: command"))
        port = FIRST_PORT + PORT_STEP * len(programs)
        programs[match[1]] = _program(match[2], port, file)
    if not programs:
        raise ConfigError(Problem(str(file), None, "", "there is no program", "name: command"))
    return Draft({"programs": programs}, _remarks(programs))


def _program(command: str, port: int, file: Path) -> dict[str, Any]:
    """A shell runs the line, as there; a `.env` beside the file is read, as there."""
    table: dict[str, Any] = {
        "command": ["sh", "-c", literal(command)],
        "directory": literal(str(file.absolute().parent)),
        "environment": {"PORT": str(port)},
    }
    environment = file.absolute().with_name(".env")
    return {**table, "env_file": literal(str(environment))} if environment.exists() else table


def _remarks(programs: Mapping[str, object]) -> tuple[str, ...]:
    remarks = ["PORT counts up from 5000 by 100, as foreman's does; a PORT in .env does not count"]
    if "release" in programs:
        remarks.append("release: runs once before a deployment; take it out, it would be restarted")
    return tuple(remarks)
