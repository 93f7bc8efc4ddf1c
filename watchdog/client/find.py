"""Which watchdog a command means: the one given, that of the configuration, or the only one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from watchdog.client.errors import Unreachable
from watchdog.config.errors import ConfigError


def locate(
    config: str | None,
    socket: str | None,
    name: str | None,
    environ: Mapping[str, str] = os.environ,
    here: Path = Path(),
) -> str:
    """The address of the watchdog that is meant; `Unreachable` says why none can be told.

    `socket` wins; `name` asks for a `watchdog run -- COMMAND` of that name; else the configuration
    counts, and where there is none the only command that is being run without one.
    """
    if socket is not None:
        return socket
    if name is not None:
        return _pick(_runs_called(name, environ), f"no `watchdog run -- COMMAND` called {name}")
    try:
        return _from_config(config, environ, here)
    except ConfigError as error:
        raise Unreachable("", str(error)) from None


def _from_config(config: str | None, environ: Mapping[str, str], here: Path) -> str:
    from watchdog.config.endpoint import control_socket
    from watchdog.config.find import VARIABLE, find

    try:
        file = find(config, environ, here)
    except ConfigError as error:
        if config is not None or environ.get(VARIABLE):
            raise
        return _pick(_runs(environ), f"{error}\nand no `watchdog run -- COMMAND` is running")
    return str(control_socket(file, environ))


def _runs(environ: Mapping[str, str]) -> Sequence[Path]:
    from watchdog.config.runs import live_runs

    try:
        return live_runs(environ)
    except ConfigError:  # a user without a home runs none
        return ()


def _runs_called(name: str, environ: Mapping[str, str]) -> Sequence[Path]:
    from watchdog.config.places import slug

    return [path for path in _runs(environ) if _name_of(path) == slug(name)]


def _pick(sockets: Sequence[Path], nothing: str) -> str:
    if not sockets:
        raise Unreachable("", nothing)
    if len(sockets) == 1:
        return str(sockets[0])
    listed = "".join(f"\n    --name {_name_of(path)}    (-s {path})" for path in sockets)
    raise Unreachable("", f"several are running; say which one is meant:{listed}")


def _name_of(socket: Path) -> str:
    """The directory of such a run is called NAME-FINGERPRINT."""
    return socket.parent.name.rpartition("-")[0]
