"""The plain strings of the [watchdog] table, read at a glance. Pure.

Every client command wants two keys of a file, and Python's TOML parser takes as long to load as the
rest of such a command has to read. So a text in which nothing is special is read here; whatever is
special in the least is left to the parser.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"\[watchdog\]\s*(#.*)?")
_SIMILAR = re.compile(r"\[*\s*[\"']?watchdog\b")
_PLAIN = re.compile(
    r"(?P<key>[A-Za-z0-9_-]+)\s*=\s*"
    r"(?:\"(?P<text>[^\"\\]*)\"|'(?P<raw>[^']*)'|true|false|[0-9]+)\s*(?:#.*)?"
)


def glance(text: str) -> dict[str, str] | None:
    """The table's strings by key; None if only the parser can tell."""
    if '"""' in text or "'''" in text:
        return None
    sections = _split(text)
    return None if sections is None else _read(sections)


def _split(text: str) -> list[str] | None:
    """The lines of the table; None if it is not there once, under its plain name, or not at all."""
    found: list[str] = []
    inside, count = False, 0
    for line in map(str.strip, text.split("\n")):
        if _HEADER.fullmatch(line):
            inside, count = True, count + 1
        elif _SIMILAR.match(line):
            return None
        elif line.startswith("["):
            inside = False
        elif inside and line and not line.startswith("#"):
            found.append(line)
    return found if count <= 1 else None


def _read(lines: list[str]) -> dict[str, str] | None:
    seen: dict[str, str | None] = {}
    for line in lines:
        match = _PLAIN.fullmatch(line)
        if match is None or match["key"] in seen:
            return None
        seen[match["key"]] = match["raw"] if match["text"] is None else match["text"]
    return {key: value for key, value in seen.items() if value is not None}
