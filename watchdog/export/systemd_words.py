"""How systemd reads values: what must be written so that it reads what is meant.

`%` begins a specifier everywhere, `$` a variable in commands, and lists of words are split at
spaces unless quoted (systemd.syntax(7), systemd.service(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./~-]+")


def quote_value(text: str) -> str:
    """A value that is taken whole, such as a path or a description."""
    return " ".join(text.split("\n")).replace("%", "%%")


def quote_words(words: Iterable[str]) -> str:
    """A list of words."""
    return " ".join(_quote(word.replace("%", "%%")) for word in words)


def quote_command(words: Iterable[str]) -> str:
    """A command line, in which `$` would name a variable."""
    return quote_words(word.replace("$", "$$") for word in words)


def _quote(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
