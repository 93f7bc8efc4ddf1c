"""The kinds of value of the dialect, read exactly as supervisor reads them. Pure.

A kind's `read` raises `ValueError` for a text that it does not understand; what is allowed is said
by the kind, what was found by the caller.
"""

from __future__ import annotations

import shlex
import signal
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct

T = TypeVar("T")
AutoRestart = Literal["always", "unexpected", "never"]
LogFile = str | Literal[True] | None
"""A path; True for AUTO; None for no file."""

_TRUE, _FALSE = ("yes", "true", "on", "1"), ("no", "false", "off", "0")
_UNITS = {"kb": 1024, "mb": 1024**2, "gb": 1024**3}
LEVELS = ("blat", "trac", "debg", "info", "warn", "erro", "crit")
_LEVEL_NAMES = ("blather", "trace", "debug", "info", "warn", "error", "critical")


class Kind(Struct, Generic[T], frozen=True):
    """One kind of value: what is allowed, in words, and how it is read."""

    allowed: str
    read: Callable[[str], T]


def _boolean(text: str) -> bool:
    word = text.lower()
    if word not in _TRUE + _FALSE:
        raise ValueError
    return word in _TRUE


def _auto_restart(text: str) -> AutoRestart:
    if text.lower() == "unexpected":
        return "unexpected"
    return "always" if _boolean(text) else "never"


def _size(text: str) -> int:
    word = text.lower()
    return int(word[:-2]) * _UNITS[word[-2:]] if word[-2:] in _UNITS else int(word)


def _not_negative(read: Callable[[str], int]) -> Callable[[str], int]:
    def checked(text: str) -> int:
        if (value := read(text)) < 0:
            raise ValueError
        return value

    return checked


def _signal(text: str) -> str:
    """The signal's usual name without SIG."""
    try:
        number = int(text)
    except ValueError:
        word = text.strip().upper()
        name = word if word.startswith("SIG") else f"SIG{word}"
        number = int(getattr(signal, name, 0)) if name[3:4] != "_" else 0
    return signal.Signals(number).name.removeprefix("SIG")


def _exit_codes(text: str) -> tuple[int, ...]:
    codes = tuple(int(code) for code in text.split(",")) if text else ()
    if any(not 0 <= code <= 255 for code in codes):
        raise ValueError
    return codes


def _pairs(text: str) -> dict[str, str]:
    """KEY=value pairs with commas between them. Quotes are needed around commas and blanks."""
    lexer = shlex.shlex(text)
    lexer.wordchars += "/.+-():"
    tokens = list(lexer)
    found: dict[str, str] = {}
    for at in range(0, len(tokens), 4):  # what separates them is not looked at, as in supervisor
        pair = tokens[at : at + 3]
        if len(pair) != 3 or pair[1] != "=":
            raise ValueError
        found[pair[0]] = pair[2].strip("'\"")
    return found


def _name(text: str) -> str:
    name = text.strip()
    if not name or any(char in name for char in " :/"):
        raise ValueError
    return name


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",")) if text else ()


def _log_file(text: str) -> LogFile:
    word = text.lower()
    return None if word in ("none", "off") else True if word == "auto" else text


def _level(text: str) -> str:
    word = text.lower()
    if word not in LEVELS + _LEVEL_NAMES:
        raise ValueError
    return word


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    number = int(port)
    if not 0 < number < 65536:
        raise ValueError
    return ("" if host == "*" else host.lower()), number


BOOLEAN: Kind[bool] = Kind("true, false, yes, no, on, off, 1 or 0", _boolean)
INTEGER: Kind[int] = Kind("a whole number", int)
COUNT: Kind[int] = Kind("a whole number, not negative", _not_negative(int))
SIZE: Kind[int] = Kind('a size such as "50MB", "64KB", "1GB" or bytes', _not_negative(_size))
OCTAL: Kind[int] = Kind("octal digits such as 022", lambda text: int(text, 8))
SIGNAL: Kind[str] = Kind("the name or the number of a signal, such as TERM", _signal)
EXIT_CODES: Kind[tuple[int, ...]] = Kind("exit codes from 0 to 255, with commas", _exit_codes)
PAIRS: Kind[dict[str, str]] = Kind('pairs such as KEY="value",OTHER="value"', _pairs)
NAME: Kind[str] = Kind("a name without blanks, colons and slashes", _name)
NAMES: Kind[tuple[str, ...]] = Kind("names with commas", _names)
LOG_FILE: Kind[LogFile] = Kind("a path, AUTO or NONE", _log_file)
LEVEL: Kind[str] = Kind(", ".join(_LEVEL_NAMES), _level)
ADDRESS: Kind[tuple[str, int]] = Kind("host:port, *:port or a port", _address)
TEXT: Kind[str] = Kind("any text", str)
AUTO_RESTART: Kind[Any] = Kind("true, false or unexpected", _auto_restart)
