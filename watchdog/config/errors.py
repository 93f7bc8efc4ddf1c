"""What is wrong with a configuration, said so that a person can mend it.

All problems of one reading are collected and raised together as one `ConfigError`; nothing here
ever holds the text of a value that may be a secret (see `secret.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from watchdog.config.secret import strike

KeyPath = tuple[str | int, ...]

_BARE = re.compile(r"[A-Za-z0-9_-]+")


# A NamedTuple, since msgspec alone takes as long to import as a client command may spend here.
class Problem(NamedTuple):
    """One thing that is wrong: where, what was found, what is allowed, and what to do."""

    file: str
    line: int | None
    key: str
    found: str
    allowed: str = ""
    hint: str = ""

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (where, self.key, self.found) if part)
        if not self.allowed:
            return text + (f"; {self.hint}" if self.hint else "")
        return f"{text}; allowed: {self.allowed}" + (f"\n    {self.hint}" if self.hint else "")


class ConfigError(Exception):
    """The configuration cannot be used. `problems` has every one found; `str` prints them."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def dotted(path: KeyPath) -> str:
    """The key as one would write it in TOML: programs.bot.command[1]."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += "." * bool(text) + (part if _BARE.fullmatch(part) else _quoted(part))
    return text


def _quoted(part: str) -> str:
    return '"' + "".join(char if char.isprintable() else "?" for char in part[:60]) + '"'


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a misspelt one most resembles, if any does."""
    import difflib  # only when something is wrong: 3 ms that a good config need not pay

    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold().replace("-", "_"), folded, 1, 0.6)
    return folded[close[0]] if close else None


class Findings:
    """The problems found so far in one file."""

    def __init__(
        self,
        file: str,
        locate: Callable[[KeyPath], int | None] = lambda path: None,
        name: Callable[[KeyPath], str] = dotted,
    ) -> None:
        self.file = file
        self._locate = locate
        self._name = name
        self._problems: list[Problem] = []
        self._secrets: set[str] = set()

    @property
    def count(self) -> int:
        """How many problems were found."""
        return len(self._problems)

    def add(self, path: KeyPath, found: str, allowed: str = "", hint: str = "") -> None:
        """Note a problem at the key `path`."""
        key, line = self._name(path), self._locate(path)
        self._problems.append(Problem(self.file, line, key, found, allowed, hint))

    def include(self, error: ConfigError) -> None:
        """Note the problems of another file."""
        self._problems.extend(error.problems)

    def hide(self, secrets: Iterable[str]) -> None:
        """Let none of these texts be shown, whichever problem they are in."""
        self._secrets.update(secrets)

    def raise_any(self) -> None:
        """Raise `ConfigError` with all problems, in the order of their lines."""
        if self._problems:
            raise ConfigError(*map(self._without_secrets, sorted(self._problems, key=self._order)))

    def _without_secrets(self, problem: Problem) -> Problem:
        found, hint = (strike(text, self._secrets) for text in (problem.found, problem.hint))
        return problem._replace(found=found, hint=hint)

    def _order(self, problem: Problem) -> tuple[bool, float]:
        line = float("inf") if problem.line is None else problem.line
        return problem.file != self.file, line
