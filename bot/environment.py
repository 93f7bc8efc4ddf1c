"""Typed reading of environment variables, with those of a `.env` file below them.

A `Reader` never stops at the first mistake: it keeps a sentence for each (the variable, where it
was set, what was found, what is allowed), so that a person corrects them in one go. It also
remembers what it was asked for, so that the page about the settings is written from this code.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.urls import split_url

_USER = re.compile(r"[1-9][0-9]{0,18}")
_PATH = "the path of a file"
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


def conceal(value: str) -> str:
    """What may be said of a secret that is wrong: how long it is."""
    return f"*** ({len(value)} characters)"


@dataclass(frozen=True)
class Variable:
    """One thing that can be set: its name (and older ones), what is allowed, the default."""

    names: tuple[str, ...]
    allowed: str
    default: str
    about: str
    secret: bool = False  # its value is never shown


@dataclass(frozen=True)
class Finding:
    """A variable that is set, and where: "the environment", or the file and the line."""

    name: str
    value: str = field(repr=False)
    source: str


class Reader:
    """Reads variables from the environment first, then from a `.env` file; empty means unset."""

    def __init__(
        self,
        environ: Mapping[str, str],
        file: Mapping[str, str],
        lines: Mapping[str, int] | None = None,
        file_name: str = ".env",
    ) -> None:
        self._environ, self._file = environ, file
        self._lines, self._file_name = lines or {}, file_name
        self.problems: list[str] = []
        self.known: list[Variable] = []
        self.asked: set[str] = set()  # all names that mean something here

    def know(
        self,
        *names: str,
        allowed: str,
        default: object = "",
        about: str = "",
        secret: bool = False,
    ) -> None:
        """Remember that these variables, one in place of the other, can be set."""
        shown = {True: "true", False: "false"}.get(default, default)  # type: ignore[call-overload]
        self.known.append(Variable(names, allowed, str(shown), about, secret))

    def find_all(self, *names: str) -> list[Finding]:
        """Every place where one of `names` is set, the one that counts first."""
        self.asked.update(names)
        sources = ((self._environ, self._environment), (self._file, self._place))
        return [
            Finding(name, value, place(name))
            for values, place in sources
            for name in names
            if (value := values.get(name, "").strip())
        ]

    def find(self, *names: str) -> tuple[str, str, str] | None:
        """(name, value, source) of the first of `names` that is set; one source after the other."""
        found = self.find_all(*names)
        return (found[0].name, found[0].value, found[0].source) if found else None

    @staticmethod
    def _environment(name: str) -> str:
        return "the environment"

    def _place(self, name: str) -> str:
        line = self._lines.get(name)
        return f"{self._file_name}, line {line}" if line else self._file_name

    def complain(self, name: str, source: str, found: str, allowed: str) -> None:
        """Keep one mistake as a sentence."""
        self.problems.append(f"{name} in {source} is {found}; allowed is {allowed}")

    def text(self, name: str, default: str, about: str, allowed: str = "text") -> str:
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        return found[1] if found else default

    def fitting(
        self,
        name: str,
        fits: Callable[[str], object],
        about: str,
        allowed: str,
        show: Callable[[str], str] = repr,
        secret: bool = False,
        default: str = "",
    ) -> str:
        """A text that `fits`; of one that does not, an error has what `show` makes of it."""
        self.know(name, allowed=allowed, about=about, secret=secret, default=default)
        found = self.find(name)
        if found is None:
            return default
        if fits(found[1]):
            return found[1]
        self.complain(name, found[2], show(found[1]), allowed)
        return default

    def path(self, name: str, about: str) -> str:
        """The path of a file, with `~` written out; empty if unset."""
        self.know(name, allowed=_PATH, about=about)
        found = self.find(name)
        if found is None:
            return ""
        try:
            path = Path(found[1]).expanduser()
        except RuntimeError:  # ~somebody who is not there
            path = Path()
        if path.name:
            return str(path)
        self.complain(name, found[2], repr(found[1]), _PATH)
        return ""

    def choice(self, name: str, default: str, choices: tuple[str, ...], about: str) -> str:
        """One of `choices`, which may be written in any case."""
        allowed = ", ".join(choices)
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        if found is None:
            return default
        for choice in choices:
            if choice.lower() == found[1].lower():
                return choice
        self.complain(name, found[2], repr(found[1]), allowed)
        return default

    def flag(self, name: str, default: bool, about: str) -> bool:
        self.know(name, allowed="true or false", default=default, about=about)
        found = self.find(name)
        if found is None:
            return default
        if (value := found[1].lower()) not in _TRUE + _FALSE:
            self.complain(name, found[2], repr(found[1]), "true or false")
        return value in _TRUE

    def whole(self, name: str, default: int, lowest: int, highest: int, about: str) -> int:
        allowed = f"a whole number from {lowest} to {highest}"
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        if found is None:
            return default
        if found[1].isascii() and found[1].isdecimal() and len(found[1]) < 10:
            value = int(found[1])
            if lowest <= value <= highest:
                return value
        self.complain(name, found[2], repr(found[1]), allowed)
        return default

    def seconds(
        self, name: str, default: float, lowest: float, about: str, highest: float = 86400.0
    ) -> float:
        """A number of seconds, fractions too."""
        allowed = f"a number of seconds from {lowest:g} to {highest:g}"
        self.know(name, allowed=allowed, default=f"{default:g}", about=about)
        found = self.find(name)
        if found is None:
            return default
        try:
            value = float(found[1].removesuffix("s"))
        except ValueError:
            value = float("nan")
        if lowest <= value <= highest:
            return value
        self.complain(name, found[2], repr(found[1]), allowed)
        return default

    def users(self, name: str, about: str) -> frozenset[int]:
        """Telegram user ids with commas between them; none if unset."""
        allowed = (
            "Telegram user ids (numbers) with commas between them, such as 123456789,987654321"
        )
        self.know(name, allowed=allowed, about=about)
        found = self.find(name)
        if found is None:
            return frozenset()
        words = [word.strip() for word in found[1].split(",") if word.strip()]
        if words and all(_USER.fullmatch(word) for word in words):
            return frozenset(map(int, words))
        self.complain(name, found[2], repr(found[1]), allowed)
        return frozenset()

    def url_root(self, name: str, default: str, about: str) -> str:
        """An http(s) URL with a host and no query, without its last slash."""
        allowed = "the root of a Bot API server, such as " + default
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        if found is None:
            return default
        if _is_root(found[1]):
            return found[1].rstrip("/")
        self.complain(name, found[2], repr(found[1]), allowed)
        return default


def _is_root(url: str) -> bool:
    parts = split_url(url, "http", "https")
    if parts is None or not parts.hostname or parts.query or parts.fragment:
        return False
    return not re.search(r"/bot/?$", url)
