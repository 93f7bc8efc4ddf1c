"""Which kinds of service definitions there are."""

from __future__ import annotations

from importlib import import_module
from typing import cast

from watchdog.export.kind import Kind

KINDS = {
    "nssm": "watchdog.export.nssm",
    "supervisord": "watchdog.export.supervisord",
    "systemd": "watchdog.export.systemd",
    "launchd": "watchdog.export.launchd",
}
"""The module of each kind."""


def load(name: str) -> Kind:
    """The kind of this name; `KeyError` if there is none."""
    return cast(Kind, import_module(KINDS[name]))
