"""Our own keys, in sections that supervisord ignores: [watchdog] and [watchdog:PROGRAM].

The words are those of the TOML file. A value is read as TOML if it is a table, a list or a quoted
string; anything else is text, as everywhere in this dialect. Dotted keys are tables:
`liveness.http = http://...`. Also `${VAR}` means what it means in TOML; `%(ENV_X)s` works as well.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from watchdog.config.expand import Expanded
from watchdog.config.supervisord import kinds
from watchdog.config.supervisord.expansion import Names
from watchdog.config.supervisord.kinds import Kind
from watchdog.config.supervisord.reading import Reading, SectionReader

SECTION, PREFIX = "watchdog", "watchdog:"
_PLAIN = re.compile(r"-?[0-9.]+|true|false")


def read_own(reading: Reading, section: str, names: Names) -> dict[str, Any]:
    """The tables of a section of ours; nested where the keys are dotted."""
    reader = reading.section(section, _doubled(names))
    tables: dict[str, Any] = {}
    for key in reading.document.sections.get(section, {}):
        value = reader.read(key, _VALUE, None)
        if value is not None:
            _put(tables, key, value, reader)
    return tables


def _doubled(names: Names) -> dict[str, Any]:
    """What is filled in is text: a dollar in it is no variable."""
    return {
        name: value.replace("$", "$$") if isinstance(value, str) else value
        for name, value in names.items()
    }


def _read_value(text: str) -> Any:
    """A TOML value, or the text itself; what may be a number or a boolean is left to the schema."""
    if _PLAIN.fullmatch(text):
        value = Expanded(text)
        value.raw = text
        return value
    if text[:1] not in "{[\"'":
        return text
    import tomllib

    return tomllib.loads(f"x = {text}")["x"]  # TOMLDecodeError is a ValueError


_VALUE: Kind[Any] = kinds.Kind("text, or a table, list or string of TOML", _read_value)


def _put(tables: dict[str, Any], key: str, value: Any, reader: SectionReader) -> None:
    *outer, last = (part.strip() for part in key.split("."))
    place = tables
    for part in outer:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            return reader.complain(key, f"{part} has a value already", "a key once")
    if last in place and isinstance(place[last], dict) and isinstance(value, dict):
        value = merge(place[last], value)
    place[last] = value
    return None


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Both tables in one; where both have a value, that of `above`."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = merge(old, value) if both and isinstance(old, dict) else value
    return merged
