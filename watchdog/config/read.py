"""Checking a table against its section of the schema, and reading its values.

Every problem is noted and the default used instead, so that one reading finds them all.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from watchdog.config.errors import Findings, KeyPath, dotted, nearest
from watchdog.config.expand import CannotExpand, Expanded, Scope, expand
from watchdog.config.kinds import Unfit, UnfitItem
from watchdog.config.options import Option, Section
from watchdog.config.secret import mask

_WORDS = {
    "str": "a string",
    "Expanded": "a string",
    "list": "a list",
    "dict": "a table",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "datetime": "a date and time",
    "date": "a date",
    "time": "a time of day",
}


class Table(Struct, frozen=True):
    """The values of one section, defaults filled in. `given` are the keys that were written."""

    path: KeyPath
    given: frozenset[str]
    values: dict[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def __repr__(self) -> str:
        return f"Table({dotted(self.path)})"  # its values may be secret


def read_section(
    section: Section, raw: Any, path: KeyPath, scope: Scope, findings: Findings
) -> Table:
    """The section's values from the table `raw`."""
    table = check_table(raw, path, findings, "true, or a table" if section.switch else "a table")
    _report_unknown(section, table, path, findings)
    values = {
        key: read_option(option, table, _place(section, key, table, path), scope, findings)
        for key, option in section.options.items()
    }
    for key, inner in section.sections.items():
        values[key] = None
        given = _switch(inner, table.get(key, None if inner.optional else {}))
        if given is not None or (key in table and not inner.switch):
            values[key] = read_section(inner, given, (*path, key), scope, findings)
    return Table(path, frozenset(table), values)


class _Short(dict[str, Any]):
    """A table for which one value was written, that of its `short` key."""


def _place(section: Section, key: str, table: dict[str, Any], path: KeyPath) -> KeyPath:
    """Where the user wrote the option."""
    return path if isinstance(table, _Short) and key == section.short else (*path, key)


def _switch(section: Section, raw: Any) -> Any:
    """What was written for a section, with what stands for a table replaced by that."""
    if section.switch and isinstance(raw, bool):
        return {} if raw else None
    if section.short and raw is not None and not isinstance(raw, dict):
        return _Short({section.short: raw})
    return raw


def check_table(
    raw: Any, path: KeyPath, findings: Findings, allowed: str = "a table"
) -> dict[str, Any]:
    """The table, or an empty one if it is something else."""
    if isinstance(raw, dict):
        return raw
    findings.add(path, f"found {describe(raw)}", allowed)
    return {}


def read_option(
    option: Option, table: dict[str, Any], path: KeyPath, scope: Scope, findings: Findings
) -> Any:
    """The value of one key of a table; its default where there is none, or a wrong one."""
    if option.key not in table:
        if option.required:
            findings.add(path[:-1], f"{option.key} is missing", option.kind.allowed)
        return option.fallback
    value = table[option.key]
    try:
        if option.kind.prepare:
            value = option.kind.prepare(value)
        value = expand(value, scope)
        return option.kind.read(value)
    except CannotExpand as error:
        if scope.complete or not error.missing:
            findings.add(path, str(error), hint=error.hint)
    except UnfitItem as error:
        found = f"found {_shown(option, value[error.index])}"
        findings.add((*path, error.index), found, option.kind.allowed, str(error))
    except Unfit as error:
        findings.add(path, f"found {_shown(option, value)}", option.kind.allowed, str(error))
    return option.fallback


def _shown(option: Option, value: Any) -> str:
    if option.private:
        return f"{_a_kind_of(value)} (not shown)"
    return describe(value)


def describe(value: Any) -> str:
    """What was found, in a few words and without secrets."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Expanded):
        replaced = "" if value == value.raw else " with its variables replaced"
        return _quote(value.raw) + replaced
    if isinstance(value, str):
        return _quote(value)
    if isinstance(value, int | float):
        return "a huge number" if 10**30 < abs(value) < float("inf") else str(value)
    return _a_kind_of(value)


def _quote(text: str) -> str:
    printable = "".join(char if char.isprintable() else "?" for char in mask(text))
    return f'"{printable}"' if len(printable) <= 60 else f'"{printable[:57]}..."'


def _a_kind_of(value: Any) -> str:
    name = type(value).__name__
    return _WORDS.get(name, name)


def _report_unknown(
    section: Section, table: dict[str, Any], path: KeyPath, findings: Findings
) -> None:
    for key in table:
        if key not in section.options and key not in section.sections:
            findings.add((*path, key), "unknown key", *_advice(section, key))


def _advice(section: Section, key: str) -> tuple[str, str]:
    """What is allowed instead of an unknown key, or what was probably meant."""
    if key in section.misplaced:
        return "", section.misplaced[key]
    own = _called_elsewhere(section, key)
    if own:
        return "", f"here it is called {own}"
    inner = [name for name, part in section.sections.items() if key in part.keys]
    close = nearest(key, section.keys)
    if close:
        return "", f'did you mean "{close}"?'
    if inner:
        return "", "it belongs in " + " or ".join(f"{name}.{key}" for name in inner)
    return ", ".join(section.keys), ""


def _called_elsewhere(section: Section, key: str) -> str:
    """The name of an option that some other tool calls `key`."""
    for name, option in section.options.items():
        if key in option.elsewhere:
            return name
    for name, inner in section.sections.items():
        if own := _called_elsewhere(inner, key):
            return f"{name}.{own}"
    return ""
