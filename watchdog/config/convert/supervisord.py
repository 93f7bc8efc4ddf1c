"""A supervisord.conf as TOML: the same tables that `run -c supervisord.conf` works with."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from watchdog.config.convert.draft import Draft, literal
from watchdog.config.supervisord.reader import load_dialect, read_dialect


def convert(file: Path, text: str, environ: Mapping[str, str]) -> Draft:
    """The draft; `ConfigError` if the file is not usable.

    The state directory is named, so that whoever goes over to the new file finds everything again.
    """
    dialect = read_dialect(file, text, environ)
    state = load_dialect(file, text, environ).state
    tables = {**dialect.tables, "watchdog": {"state": literal(str(state))}}
    tables["watchdog"] |= dialect.tables["watchdog"]
    fixed = "paths that were relative to where supervisord starts are absolute now"
    return Draft(tables, (*dialect.notes, fixed))
