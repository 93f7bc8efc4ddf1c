"""Where the watchdogs of ad-hoc commands (`watchdog run -- CMD`) keep their state and listen."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from watchdog.config.places import SOCKET_NAME, current_uid, fingerprint, slug, state_root


def run_state(name: str, command: Sequence[str], base: Path, environ: Mapping[str, str]) -> Path:
    """The state directory of a command: the same command in the same directory meets itself."""
    return run_root(environ) / f"{slug(name)}-{fingerprint(str(base), *command, name)}"


def run_root(environ: Mapping[str, str]) -> Path:
    """The directory that has the states of this user's ad-hoc runs."""
    return state_root(environ, current_uid()) / "run"


def live_runs(environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The control sockets of the ad-hoc runs at which somebody listens, in order of their names."""
    root = run_root(os.environ if environ is None else environ)
    return tuple(path for path in sorted(root.glob(f"*/{SOCKET_NAME}")) if _listens(path))


def _listens(path: Path) -> bool:
    import socket  # only to list runs

    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(0.5)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
