"""Where the watchdog of a configuration listens, found with as little reading as possible.

This is all that a client command needs. It costs a fifth of a full load, and it still works after
the programs' part of a file was broken: one can stop what runs before mending the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from watchdog.config.errors import ConfigError
from watchdog.config.expand import CannotExpand, Scope, expand
from watchdog.config.files import read_text
from watchdog.config.glance import glance
from watchdog.config.places import SOCKET_NAME, file_state, fits_socket, resolve
from watchdog.config.toml import parse


def control_socket(path: str | Path, environ: Mapping[str, str] | None = None) -> Path:
    """The control socket of a configuration file; `ConfigError` if the file does not tell."""
    environ = os.environ if environ is None else environ
    file = Path(path).absolute()
    try:
        socket = _read_socket(file, environ)
    except (ConfigError, CannotExpand, ValueError):
        socket = None
    return socket or _load_socket(path, environ)


def _load_socket(path: str | Path, environ: Mapping[str, str]) -> Path:
    """By a full load, which knows every other format and says all that is wrong."""
    from watchdog.config.loading import load

    return load(path, environ).socket


def _read_socket(file: Path, environ: Mapping[str, str]) -> Path | None:
    table = _read_table(file)
    state, socket = (_text(table, key, environ) for key in ("state", "socket"))
    found = file_state(file, environ) / SOCKET_NAME if not (state or socket) else None
    if state:
        found = resolve(file.parent, state, environ) / SOCKET_NAME
    if socket:
        found = resolve(file.parent, socket, environ)
    return found if found and fits_socket(found) else None


def _read_table(file: Path) -> Any:
    """The [watchdog] table, or as much of it as matters here."""
    text = read_text(file)
    plain = glance(text)
    return parse(str(file), text)[0].get("watchdog", {}) if plain is None else plain


def _text(table: Any, key: str, environ: Mapping[str, str]) -> str | None:
    """The expanded string of a key, None if it is absent, `ValueError` if it is anything else."""
    if not isinstance(table, dict):
        raise ValueError("no table")
    text = expand(table.get(key), Scope((("the environment", environ),)))
    if text is not None and (not isinstance(text, str) or not text.strip() or "\0" in text):
        raise ValueError("no path")
    return text
