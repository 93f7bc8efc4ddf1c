"""The configuration: from a file, or from a command line, to plain immutable values.

`load` reads a file, `find.find` says which, `adhoc.build_adhoc` does without one; all that is wrong
comes as one `ConfigError`. Start reading at `schema.py`: it holds every option once.

The names below are imported when they are first used: a client command that needs no more than
`endpoint.control_socket` must not pay for the whole schema.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from watchdog.config.errors import ConfigError, Problem
    from watchdog.config.loading import load
    from watchdog.config.model import (
        Address,
        Config,
        LogsConfig,
        ProbeTarget,
        ProgramConfig,
        Singleton,
    )

__all__ = [
    "Address",
    "Config",
    "ConfigError",
    "LogsConfig",
    "ProbeTarget",
    "Problem",
    "ProgramConfig",
    "Singleton",
    "load",
]

_HOMES = {"ConfigError": "errors", "Problem": "errors", "load": "loading"}


def __getattr__(name: str) -> object:
    """Import a public name from the module it lives in."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'model')}"), name)
