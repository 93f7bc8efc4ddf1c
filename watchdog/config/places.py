"""Where a watchdog keeps its things when the configuration does not say.

Two configurations never share a state directory by accident: its name has a fingerprint of where
the configuration is. `resolve` is how every path in a configuration becomes absolute.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from watchdog.config.errors import ConfigError, Problem

SOCKET_LIMIT = 107  # bytes; sun_path of unix(7) has 108, one of them for the final NUL
SOCKET_NAME = "control.sock"
_SYSTEM_STATE = Path("/var/lib/watchdog")


def home(environ: Mapping[str, str]) -> Path:
    """The user's home directory; `ConfigError` if there is none."""
    given = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - it does not raise
    if not given.startswith("/"):
        raise ConfigError(
            Problem("", None, "", "no home directory", hint="set HOME, or `state` to a path")
        )
    return Path(given)


def xdg(environ: Mapping[str, str], variable: str, fallback: str) -> Path:
    """A directory of the XDG base directory specification, which ignores relative ones."""
    given = environ.get(variable, "")
    return Path(given) if given.startswith("/") else home(environ) / fallback


def state_root(environ: Mapping[str, str], uid: int) -> Path:
    """The directory that all default state directories of this user are in."""
    if uid == 0:
        return _SYSTEM_STATE
    return xdg(environ, "XDG_STATE_HOME", ".local/state") / "watchdog"


def default_state(config: Path, root: Path) -> Path:
    """The state directory of a configuration file that names none."""
    real = Path(os.path.realpath(config))
    return root / f"{slug(real.parent.name)}-{fingerprint(str(real))}"


def file_state(config: Path, environ: Mapping[str, str]) -> Path:
    """The default state directory of a configuration file for this user."""
    return default_state(config, state_root(environ, current_uid()))


def fits_socket(path: Path) -> bool:
    """Whether the system takes this as the path of a socket."""
    return len(os.fsencode(path)) <= SOCKET_LIMIT


def slug(name: str) -> str:
    """A short name that is safe in a path, for people to recognise."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:24].strip("-.") or "watchdog"


def fingerprint(*parts: str) -> str:
    """Twelve hex digits that tell these texts from others (FNV-1a; hashlib would load OpenSSL)."""
    value = 0xCBF29CE484222325
    for byte in "\0".join(parts).encode("utf-8", "surrogateescape"):
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return f"{value:016x}"[:12]


def resolve(base: Path, text: str, environ: Mapping[str, str]) -> Path:
    """The absolute path that `text` means in a file of the directory `base`."""
    if text == "~" or text.startswith("~/"):
        text = str(home(environ)) + text[1:]
    return Path(os.path.normpath(base / text))


def make_private(directory: Path) -> None:
    """Make a directory for its owner alone, and so all that is missing above it. Raises OSError.

    `mkdir(parents=True)` would give the mode to the last one only, and whoever comes first after
    somebody removed the state directory makes that, too.
    """
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    for place in reversed(missing):
        place.mkdir(mode=0o700, exist_ok=True)


def current_uid() -> int:
    """The effective user's number; where there are none, nobody is root."""
    return os.geteuid() if hasattr(os, "geteuid") else -1
