"""Where the configuration is: `-c`, $WATCHDOG_CONFIG, the directory, the user's, the system's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.places import xdg

VARIABLE = "WATCHDOG_CONFIG"
FILE_NAME = "watchdog.toml"
SYSTEM = Path("/etc")


def find(
    given: str | None, environ: Mapping[str, str], here: Path = Path(), system: Path = SYSTEM
) -> Path:
    """The configuration file to use; `ConfigError` if there is none.

    A file that was named, by `-c` or the variable, must exist: falling back to another one would
    supervise the wrong programs.
    """
    if given is not None:
        return _named(given, "-c", here)
    if named := environ.get(VARIABLE):
        return _named(named, f"${VARIABLE}", here)
    places = default_places(environ, here, system)
    for place in places:
        if place.exists():
            return place
    raise ConfigError(_nowhere(places))


def default_places(environ: Mapping[str, str], here: Path, system: Path = SYSTEM) -> list[Path]:
    """Where a configuration that nobody named is looked for, in this order."""
    return [here / FILE_NAME, *_user_place(environ), system / "watchdog" / FILE_NAME]


def _user_place(environ: Mapping[str, str]) -> list[Path]:
    try:
        return [xdg(environ, "XDG_CONFIG_HOME", ".config") / "watchdog" / FILE_NAME]
    except ConfigError:  # a user without a home has no directory of its own either
        return []


def _named(name: str, by: str, here: Path) -> Path:
    path = here / name
    if not path.exists():
        raise ConfigError(Problem(name, None, "", f"no such file (named by {by})"))
    return path


def _nowhere(places: list[Path]) -> Problem:
    looked = "".join(f"\n    {place}" for place in places)
    hint = f"give one with -c or ${VARIABLE}, or write one with `watchdog init`; looked at:{looked}"
    return Problem("", None, "", "no configuration found", hint=hint)
