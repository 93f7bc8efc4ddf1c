"""Writing our tables as TOML: what equals the default is left out, remarks come first. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from watchdog.config.convert.draft import Draft, Tables
from watchdog.config.errors import dotted
from watchdog.config.expand import Expanded
from watchdog.config.kinds import Unfit
from watchdog.config.options import Option, Section
from watchdog.config.schema import PROGRAM, WATCHDOG

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
WIDTH = 100  # columns; a longer list has one item a line


def write(draft: Draft, source: str) -> str:
    """The text of the file."""
    lines = [f"# Written by `watchdog convert` from {source}.", "# Check it with `watchdog check`."]
    if draft.remarks:
        lines += ["#", "# What was not carried over, or is to be looked at:"]
        lines += [f"# - {line}" for remark in draft.remarks for line in remark.splitlines()]
    if house := _sparse(WATCHDOG, draft.tables.get("watchdog", {})):
        lines += ["", "[watchdog]", *_lines(house)]
    for name, table in draft.tables["programs"].items():
        lines += ["", f"[{dotted(('programs', name))}]", *_lines(_sparse(PROGRAM, table))]
    return "\n".join(lines) + "\n"


def _sparse(section: Section, table: Tables) -> Tables:
    """The table without what is the default anyway."""
    kept: Tables = {}
    for key, value in table.items():
        if key in section.sections and isinstance(value, dict):
            inner = _sparse(section.sections[key], value)
            if inner or section.sections[key].optional:
                kept[key] = inner
        elif (option := section.options.get(key)) is None or not _is_default(option, value):
            kept[key] = value if option is None else _settle(option, value)
    return kept


def _is_default(option: Option, value: Any) -> bool:
    if option.key == "priority" or option.fallback is None:  # a listener's priority counts
        return False
    try:
        return bool(option.kind.read(value) == option.fallback)
    except Unfit:
        return False


def _settle(option: Option, value: Any) -> Any:
    """A text that may stand for a number or a boolean, as what its option wants."""
    if not isinstance(value, Expanded):
        return value
    plain: Any = {"true": True, "false": False}.get(value)
    if plain is None and _NUMBER.fullmatch(value):
        plain = float(value) if "." in value else int(value)
    try:
        option.kind.read(plain)
    except (Unfit, TypeError):
        return str(value)
    return plain


def _lines(table: Tables) -> Iterator[str]:
    for key, value in table.items():
        line = f"{dotted((key,))} = {_value(value)}"
        if len(line) > WIDTH and isinstance(value, list):
            yield f"{dotted((key,))} = ["
            yield from (f"  {_value(item)}," for item in value)
            yield "]"
        else:
            yield line


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        pairs = ", ".join(f"{dotted((key,))} = {_value(item)}" for key, item in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    # JSON's escapes are TOML's, but for one character.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007F")
