"""How many instances there are instead of the number in the file (`watchdog scale`), and its place.

Such a number counts until the one in the file changes. It is kept in `<state>/scale.json`, together
with the number that the file had, by which a change is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from watchdog.config.errors import ConfigError, Findings
from watchdog.config.held_sockets import check_own_doors
from watchdog.config.instances import with_counts
from watchdog.config.loading import finish
from watchdog.config.model import Config
from watchdog.config.schema import MOST_INSTANCES

if TYPE_CHECKING:
    from watchdog.config.instances import Template

NAME = "scale.json"


class Scale(Struct, frozen=True):
    """The number of one program."""

    count: int
    file: int  # what the file said


def count_of(config: Config, name: str) -> int:
    """How many instances of a program there are; `KeyError` if it has none."""
    return config.scaled.get(name, config.templates[name].count)


def rescale(config: Config, wanted: Mapping[str, int]) -> Config:
    """The configuration with exactly these numbers instead of the file's.

    `ConfigError` if there is something that so many cannot share.
    """
    scaled = {name: n for name, n in wanted.items() if n != config.templates[name].count}
    counts = {name: scaled.get(name, one.count) for name, one in config.templates.items()}
    changed = {name: n for name, n in counts.items() if n != count_of(config, name)}
    findings = Findings(str(config.path or "watchdog run"))
    programs = with_counts(config, changed, findings)
    programs = finish(programs, config.templates, findings)
    check_own_doors(programs, config.http, config.socket, findings)
    findings.raise_any()
    return replace(config, programs=programs, scaled=scaled)


def carry_over(old: Config, fresh: Config) -> Config:
    """The configuration as it was read anew, with the numbers that still count.

    `ConfigError` if it cannot be had with them.
    """
    wanted = _still_wanted(_scales_of(old), fresh.templates)
    return rescale(fresh, wanted) if wanted else fresh


def recall(config: Config) -> tuple[Config, str]:
    """The configuration with the numbers that were kept, and what there is to say about it."""
    if not config.templates:
        return config, ""
    wanted = _still_wanted(_read(config.state), config.templates)
    if not wanted:
        return config, ""
    told = ", ".join(f"{name}={count}" for name, count in wanted.items())
    try:
        return rescale(config, wanted), f"as scaled before: {told}"
    except ConfigError as error:
        return config, f"not scaled to {told} as before, by which this is wrong: {error}"


def keep(config: Config) -> None:
    """Write the numbers down, whole or not at all. Raises OSError."""
    from msgspec import json

    path = config.state / NAME
    scales = _scales_of(config)
    if not scales:
        path.unlink(missing_ok=True)
        return
    fresh = path.with_suffix(".new")
    fresh.write_bytes(json.encode(scales))
    fresh.replace(path)


def _scales_of(config: Config) -> dict[str, Scale]:
    return {
        name: Scale(count, config.templates[name].count) for name, count in config.scaled.items()
    }


def _read(state: Path) -> dict[str, Scale]:
    """What was kept; nothing if that is no more to be read."""
    from msgspec import DecodeError, json

    try:
        return json.decode((state / NAME).read_bytes(), type=dict[str, Scale])
    except (OSError, DecodeError):
        return {}


def _still_wanted(scales: Mapping[str, Scale], templates: Mapping[str, Template]) -> dict[str, int]:
    """The numbers of programs of which the file says what it said then."""
    return {
        name: scale.count
        for name, scale in scales.items()
        if name in templates
        and templates[name].count == scale.file
        and 0 <= scale.count <= MOST_INSTANCES
    }
