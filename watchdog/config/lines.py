"""On which line of a TOML text each key stands, which the parser of the standard library forgets.

The text has already been accepted by that parser, so this scanner only has to find its way, not
to judge. Where it loses the way it stops: a missing line number is better than a wrong one.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable

from watchdog.config.errors import KeyPath

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_SPACE = re.compile(r"[ \t]*")
_KEY = re.compile(r'[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'')
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2})'
    r"|'''.*?''''{0,2}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class _Lost(Exception):
    """The text is not what was expected here."""


def find_lines(text: str) -> dict[KeyPath, int]:
    """The line of the first mention of each key, counted from 1."""
    positions = _Scanner(text).scan()
    return {path: text.count("\n", 0, at) + 1 for path, at in positions.items()}


class _Scanner:
    """One pass over the text; `found` has the position of the first mention of each key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.found: dict[KeyPath, int] = {(): 0}
        self.elements: dict[KeyPath, int] = {}  # how many [[tables]] of each name so far

    def scan(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        try:
            while not self._at_end():
                if self.text[self.at] == "[":
                    table = self._header()
                else:
                    self._assignment(table)
        except (_Lost, IndexError, RecursionError, ValueError):
            pass
        return self.found

    def _at_end(self) -> bool:
        self._take(_BLANK)
        return self.at >= len(self.text)

    def _header(self) -> KeyPath:
        many = self.text.startswith("[[", self.at)
        self._expect("[[" if many else "[")
        path = self._keys((), self._element_of)
        self._expect("]]" if many else "]")
        if many:
            self.elements[path] = self.elements.get(path, -1) + 1
        return self._element_of(path)

    def _element_of(self, path: KeyPath) -> KeyPath:
        """The path with the index of the last of several [[tables]] added."""
        return (*path, self.elements[path]) if path in self.elements else path

    def _assignment(self, table: KeyPath) -> None:
        path = self._keys(table, lambda path: path)
        self._expect("=")
        self._value(path)

    def _keys(self, path: KeyPath, step: Callable[[KeyPath], KeyPath]) -> KeyPath:
        """A dotted key under `path`, each of its parts noted."""
        while True:
            self._take(_SPACE)
            position = self.at
            path = (*step(path), self._key())
            self.found.setdefault(path, position)
            self._take(_SPACE)
            if not self.text.startswith(".", self.at):
                return path
            self.at += 1

    def _key(self) -> str:
        word = self._take(_KEY)
        if not word:
            raise _Lost
        return str(tomllib.loads(f"x = {word}")["x"]) if word[0] in "\"'" else word

    def _value(self, path: KeyPath) -> None:
        self._take(_SPACE)
        opening = self.text[self.at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._inline(path)
        elif not self._take(_STRING if opening in "\"'" else _SCALAR):
            raise _Lost

    def _array(self, path: KeyPath) -> None:
        self._expect("[")
        index = 0
        while not self._closed("]"):
            self.found.setdefault((*path, index), self.at)
            self._value((*path, index))
            self._comma()
            index += 1

    def _inline(self, path: KeyPath) -> None:
        self._expect("{")
        while not self._closed("}"):
            self._assignment(path)
            self._comma()

    def _closed(self, bracket: str) -> bool:
        self._take(_BLANK)
        if not self.text.startswith(bracket, self.at):
            return False
        self.at += 1
        return True

    def _comma(self) -> None:
        self._take(_BLANK)
        if self.text[self.at] == ",":
            self.at += 1

    def _expect(self, mark: str) -> None:
        self._take(_SPACE)
        if not self.text.startswith(mark, self.at):
            raise _Lost
        self.at += len(mark)

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]
