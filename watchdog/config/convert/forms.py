"""Which kind of file it is, by its name first, and the draft that its reader makes of it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path

from watchdog.config.convert.draft import Draft
from watchdog.config.convert.toml_text import write
from watchdog.config.errors import ConfigError, Problem
from watchdog.config.files import read_text
from watchdog.config.loading import is_dialect

FORMS = ("supervisord", "procfile", "systemd", "pm2")
Reader = Callable[[Path, str, Mapping[str, str]], Draft]


def convert(file: Path, form: str | None = None, environ: Mapping[str, str] = os.environ) -> str:
    """The TOML for a file; `ConfigError` if it cannot be read."""
    text = read_text(file)
    name = form or recognize(file, text)
    reader: Reader = import_module(f"watchdog.config.convert.{name}").convert
    return write(reader(file, text, environ), str(file))


def recognize(file: Path, text: str) -> str:
    """The form of a file; `ConfigError` if it looks like none."""
    if file.name.startswith("Procfile"):
        return "procfile"
    if file.suffix == ".service" or "\nExecStart=" in text:
        return "systemd"
    if file.suffix in (".js", ".cjs", ".json"):
        return "pm2"
    if is_dialect(file, text):
        return "supervisord"
    hint = f"say what it is with --from {'|'.join(FORMS)}"
    raise ConfigError(Problem(str(file), None, "", "not a file that is known here", hint=hint))
