"""What an option and a section of the schema are, and how they are written down.

A default is written as a user would write it, and shown so in the reference; it is read once, by
the same function that reads the user's value.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from watchdog.config import kinds
from watchdog.config.kinds import Kind

PATH = kinds.text("a path")


class Option(Struct, frozen=True):
    """One key with a value."""

    key: str
    kind: Kind
    default: Any  # as written; None is "not set"
    fallback: Any  # the default as it is read
    doc: str
    example: str  # in TOML
    required: bool
    private: bool  # its value is never shown
    unset: str  # what the reference says where there is no default
    elsewhere: tuple[str, ...]  # what other tools call it


class Section(Struct, frozen=True):
    """One table of options. A section that is absent is read as an empty one, unless `optional`."""

    key: str
    doc: str
    options: dict[str, Option]
    sections: dict[str, Section] = {}
    optional: bool = False
    misplaced: dict[str, str] = {}  # keys that people expect here, and what to write instead
    switch: bool = False  # `true` is the table with its defaults, `false` is none
    short: str = ""  # the key that anything but a table stands for

    @property
    def keys(self) -> list[str]:
        return [*self.options, *self.sections]


def option(
    key: str,
    kind: Kind,
    default: Any,
    doc: str,
    *,
    example: str = "",
    required: bool = False,
    private: bool = False,
    unset: str = "",
    elsewhere: str = "",
) -> Option:
    fallback = default if default is None else kind.read(default)
    others = tuple(elsewhere.split())
    return Option(key, kind, default, fallback, doc, example, required, private, unset, others)


def section(
    key: str,
    doc: str,
    *parts: Option | Section,
    optional: bool = False,
    misplaced: dict[str, str] | None = None,
    switch: bool = False,
    short: str = "",
) -> Section:
    options = {part.key: part for part in parts if isinstance(part, Option)}
    sections = {part.key: part for part in parts if isinstance(part, Section)}
    return Section(key, doc, options, sections, optional, misplaced or {}, switch, short)
