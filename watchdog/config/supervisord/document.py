"""The text of a `supervisord.conf` and of what it includes, as sections of keys and values.

The syntax is that of the standard library's parser with supervisor's settings: `;` and `#` begin a
comment at the start of a line or behind a blank, keys are lower case, a section or key that comes
again replaces the earlier one, an indented line goes on with the value before it.
"""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.files import read_text
from watchdog.config.supervisord.expansion import Names, expand

if TYPE_CHECKING:
    from configparser import RawConfigParser

HERE = "%(here)s"
_INCLUDE = "include"


class Place(NamedTuple):
    """Where something stands."""

    file: str
    line: int | None


class Document(NamedTuple):
    """The sections, in the order of the file, and the texts that they came from."""

    sections: dict[str, dict[str, str]]
    sources: tuple[tuple[str, str], ...]  # file, text
    notes: tuple[str, ...]

    def place(self, section: str, key: str = "") -> Place:
        """Where a key stands, or its section; the last one that does, since that one counts."""
        for file, text in reversed(self.sources):
            if line := _find_line(text, section, key):
                return Place(file, line)
        return self.place(section) if key else Place(self.sources[0][0], None)


def read_document(file: Path, text: str, names: Names) -> Document:
    """The file and what it includes. `ConfigError` if it is no INI file."""
    parser = _make_parser()
    sources = [(str(file), text)]
    _feed(parser, *sources[0])
    notes: list[str] = []
    if parser.has_section(_INCLUDE):
        _set_here(parser, str(names["here"]))
        for pattern in _patterns(parser, file, text, names):
            sources += _include(parser, pattern, notes)
    sections = {section: dict(parser.items(section)) for section in parser.sections()}
    return Document(sections, tuple(sources), tuple(notes))


def _make_parser() -> RawConfigParser:
    from configparser import RawConfigParser  # a watchdog without INI files needs none

    return RawConfigParser(inline_comment_prefixes=(";", "#"), strict=False)


def _feed(parser: RawConfigParser, file: str, text: str) -> None:
    from configparser import MissingSectionHeaderError, ParsingError

    try:
        parser.read_string(text, file)
    except MissingSectionHeaderError as error:
        found = "found a line before the first section"
        raise ConfigError(Problem(file, error.lineno, "", found, "[section]")) from None
    except ParsingError as error:
        lines = [number for number, _ in error.errors]
        allowed = "key = value, [section], or a comment that begins with ; or #"
        found = "not a line of an INI file"
        raise ConfigError(*(Problem(file, line, "", found, allowed) for line in lines)) from None


def _patterns(parser: RawConfigParser, file: Path, text: str, names: Names) -> list[str]:
    """The patterns of [include], which are relative to the file that includes."""
    document = Document({}, ((str(file), text),), ())
    place = document.place(_INCLUDE, "files")
    if not parser.has_option(_INCLUDE, "files"):
        found, allowed = "files is missing", "file names or patterns, separated by blanks"
        raise ConfigError(Problem(*place, "[include]", found, allowed))
    try:
        patterns = expand(parser.get(_INCLUDE, "files"), names).split()
    except ValueError as error:
        raise ConfigError(Problem(*place, "[include] files", str(error))) from None
    return [os.path.join(file.absolute().parent, pattern) for pattern in patterns]  # noqa: PTH118


def _include(parser: RawConfigParser, pattern: str, notes: list[str]) -> list[tuple[str, str]]:
    """Read every file that fits; one that cannot be read is left out, as supervisord does."""
    found = sorted(glob.glob(pattern))  # noqa: PTH207 - the pattern may be absolute
    if not found:
        notes.append(f"[include] {pattern}: no such file")
    sources = []
    for name in found:
        try:
            text = read_text(Path(name))
        except ConfigError as error:
            notes.append(f"[include] {error}; it was left out")
            continue
        _feed(parser, name, text)
        _set_here(parser, str(Path(name).absolute().parent))
        sources.append((name, text))
    return sources


def _set_here(parser: RawConfigParser, here: str) -> None:
    """In what was read so far `%(here)s` is this directory."""
    for section in parser.sections():
        for key, value in parser.items(section):
            if HERE in value:
                parser.set(section, key, value.replace(HERE, here))


def _find_line(text: str, section: str, key: str) -> int | None:
    """The line of a key in a section, or that of the section; the last one that there is."""
    header = re.compile(r"\[(?P<name>[^]]+)\]")
    within, found = False, None
    for number, line in enumerate(text.split("\n"), 1):
        if match := header.match(line.strip()):
            within = match["name"] == section
            found = number if within and not key else found
        elif within and key and _key_of(line) == key:
            found = number
    return found


def _key_of(line: str) -> str:
    """The key that a line gives a value to; empty if it goes on with the line before."""
    return re.split(r"[=:]", line, maxsplit=1)[0].rstrip().lower() if line[:1].strip() else ""


def sections_of(document: Document, prefix: str) -> dict[str, Mapping[str, str]]:
    """The sections of a kind (`program:`), by the rest of their names."""
    return {
        section.partition(":")[2]: keys
        for section, keys in document.sections.items()
        if section.startswith(prefix)
    }
