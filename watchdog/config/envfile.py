"""Reading `.env` files: KEY=value, `export`, quotes and comments; nothing is interpolated.

An error names the file and the line, never the value. A file that has a key twice means the last.
"""

from __future__ import annotations

import re
from pathlib import Path

from watchdog.config.errors import ConfigError, Problem
from watchdog.config.files import read_text

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)", re.DOTALL)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(?:#.*)?')
_SINGLE = re.compile(r"'([^']*)'\s*(?:#.*)?")
_COMMENT = re.compile(r"(?:^|\s+)#.*")
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}

_ALLOWED = 'KEY=value, KEY="quoted value", or a comment that begins with #'


class _Malformed(ValueError):
    """The line is no assignment; the text says why and holds nothing of the line."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables of the file; `ConfigError` if it is missing, unreadable or malformed."""
    variables: dict[str, str] = {}
    problems: list[Problem] = []
    for number, line in enumerate(read_text(path).split("\n"), 1):
        try:
            variables |= _read_line(line.strip())
        except _Malformed as error:
            problems.append(Problem(str(path), number, "", str(error), _ALLOWED))
    if problems:
        raise ConfigError(*problems)
    return variables


def _read_line(line: str) -> dict[str, str]:
    if not line or line.startswith("#"):
        return {}
    match = _ASSIGNMENT.fullmatch(line)
    if not match:
        raise _Malformed("found no KEY= at the start of the line")
    value = _read_value(match[2])
    if "\0" in value:
        raise _Malformed("found a NUL byte in the value")
    return {match[1]: value}


def _read_value(text: str) -> str:
    if text.startswith('"'):
        return _ESCAPE.sub(lambda m: _ESCAPES.get(m[1], m[1]), _inside(_DOUBLE, text))
    if text.startswith("'"):
        return _inside(_SINGLE, text)
    return _COMMENT.sub("", text)


def _inside(quotes: re.Pattern[str], text: str) -> str:
    match = quotes.fullmatch(text)
    if not match:
        raise _Malformed("found a quote that is not closed, or something after the closing one")
    return match[1]
