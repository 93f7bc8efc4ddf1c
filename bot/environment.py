"""Typed reading of environment variables, with `.env` below them.

A `Reader` never stops at the first mistake: it keeps a sentence for each (the variable, where it
was set, what was found, what is allowed), so that a person corrects them in one go. It also
remembers what it was asked for, so that the page about the settings is written from this code.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

_ASSIGNMENT = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTED = re.compile(r"""(["'])(.*?)(?<!\\)\1\s*(?:#.*)?""")
_USER = re.compile(r"[1-9][0-9]{0,18}")
_TRUE = ("true", "yes", "on", "1")
_FALSE = ("false", "no", "off", "0")


class EnvironmentFileError(Exception):
    """A `.env` file that cannot be read; the text names the file and the line, never a value."""


def read_env_file(path: Path) -> dict[str, str]:
    """The assignments in a `.env` file; a missing file is an empty one."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentFileError(f"{path}: cannot be read: {error}") from error
    return parse_env(text, str(path))


def parse_env(text: str, name: str) -> dict[str, str]:
    """The assignments in `text`; `name` is what errors call it."""
    values: dict[str, str] = {}
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        assignment = _ASSIGNMENT.fullmatch(stripped)
        if assignment is None:
            raise EnvironmentFileError(f"{name}, line {number}: expected NAME=value")
        values[assignment[1]] = _unquote(assignment[2])
    return values


def _unquote(raw: str) -> str:
    quoted = _QUOTED.fullmatch(raw)
    if quoted is None:
        return re.sub(r"(?:^|\s+)#.*$", "", raw).strip()
    return quoted[2].replace('\\"', '"') if quoted[1] == '"' else quoted[2]


@dataclass(frozen=True)
class Variable:
    """One thing that can be set: its name (and older ones), what is allowed, the default."""

    names: tuple[str, ...]
    allowed: str
    default: str
    about: str


class Reader:
    """Reads variables from the environment first, then from a `.env` file; empty means unset."""

    def __init__(
        self, environ: Mapping[str, str], file: Mapping[str, str], file_name: str = ".env"
    ) -> None:
        self._sources = (("the environment", environ), (file_name, file))
        self.problems: list[str] = []
        self.known: list[Variable] = []

    def know(self, *names: str, allowed: str, default: object = "", about: str = "") -> None:
        """Remember that these variables, one in place of the other, can be set."""
        shown = {True: "true", False: "false"}.get(default, default)  # type: ignore[call-overload]
        self.known.append(Variable(names, allowed, str(shown), about))

    def find(self, *names: str) -> tuple[str, str, str] | None:
        """(name, value, source) of the first of `names` that is set; one source after the other."""
        for source, values in self._sources:
            for name in names:
                if value := values.get(name, "").strip():
                    return name, value, source
        return None

    def complain(self, name: str, source: str, found: str, allowed: str) -> None:
        """Keep one mistake as a sentence."""
        self.problems.append(f"{name} in {source} is {found}; allowed is {allowed}")

    def text(self, name: str, default: str, about: str, allowed: str = "text") -> str:
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        return found[1] if found else default

    def choice(self, name: str, default: str, choices: tuple[str, ...], about: str) -> str:
        """One of `choices`, in upper case."""
        allowed = ", ".join(choices)
        self.know(name, allowed=allowed, default=default, about=about)
        found = self.find(name)
        if found is None or found[1].upper() in choices:
            return found[1].upper() if found else default
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
    try:
        parts = urlsplit(url)
        named = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return named and not parts.query and not parts.fragment and not re.search(r"/bot/?$", url)
