"""The kinds of value an option may have: what is allowed, in words, and how it is read.

A kind's `read` takes what TOML gave (its strings already expanded) and returns the value, or
raises `Unfit`, whose text is only a hint: what was found and what is allowed is said by the caller.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from watchdog.config.expand import Expanded
from watchdog.config.units import (
    format_duration,
    format_size,
    parse_address,
    parse_duration,
    parse_integer,
    parse_octal,
    parse_size,
)

LONGEST = 3650 * 86400.0  # seconds; ten years is "never", and no timer overflows
UNLIMITED = -1
_NAME = re.compile(r"[^\s=\0]+")
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Unfit(ValueError):
    """The value is not allowed. The text may add a hint, which holds nothing of the value."""


class UnfitItem(Unfit):
    """One item of a list is not allowed; `index` says which."""

    def __init__(self, index: int, hint: str) -> None:
        super().__init__(hint)
        self.index = index


class Kind(Struct, frozen=True):
    """One kind of value."""

    allowed: str
    read: Callable[[Any], Any]
    prepare: Callable[[Any], Any] | None = None  # before variables are expanded
    brief: str = ""  # for the reference page, if `allowed` is long


def _of(kind: type, value: Any) -> Any:
    """The value if it has this type; a boolean is no number."""
    if isinstance(value, kind) and not (isinstance(value, bool) and kind is not bool):
        return value
    raise Unfit


def read_text(value: Any) -> str:
    """A string that the system can take: a NUL ends it early everywhere."""
    text = str(_of(str, value))
    if "\0" in text:
        raise Unfit("it has a NUL character in it")
    return text


def _parsed(parse: Callable[[str], Any], text: str) -> Any:
    try:
        return parse(text)
    except (ValueError, KeyError, OverflowError):
        raise Unfit from None


def each(read: Callable[[Any], Any], value: Any) -> tuple[Any, ...]:
    """Every item of a list, read."""
    return tuple(_item(read, index, item) for index, item in enumerate(_of(list, value)))


def _item(read: Callable[[Any], Any], index: int, item: Any) -> Any:
    try:
        return read(item)
    except Unfit as error:
        raise UnfitItem(index, str(error)) from None


def _within(value: Any, least: float, most: float) -> Any:
    if not least <= value <= most:  # also refuses nan
        raise Unfit
    return value


def _plain(value: Any) -> Any:
    """A number or a boolean that came out of a variable."""
    if not isinstance(value, Expanded):
        return value
    words = {"true": True, "false": False}
    return words[value] if value in words else _parsed(parse_integer, value)


def text(allowed: str = "a string") -> Kind:
    """Any string that is not empty."""

    def read(value: Any) -> str:
        if not (found := read_text(value)).strip():
            raise Unfit("it is empty")
        return found

    return Kind(allowed, read)


def boolean() -> Kind:
    return Kind("true or false", lambda value: _of(bool, _plain(value)))


def integer(least: int, most: int) -> Kind:
    allowed = f"a whole number from {least} to {most}"
    return Kind(allowed, lambda value: _within(_of(int, _plain(value)), least, most))


def number(least: float, most: float) -> Kind:
    def read(value: Any) -> float:
        if isinstance(value, str):
            value = _parsed(float, read_text(value)) if isinstance(value, Expanded) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise Unfit
        return float(_within(value, least, most))

    return Kind(f"a number from {least:g} to {most:g}", read)


def duration(least: float = 0.0, most: float = LONGEST) -> Kind:
    def read(value: Any) -> float:
        seconds = _parsed(parse_duration, value) if isinstance(value, str) else value
        if isinstance(seconds, bool) or not isinstance(seconds, int | float):
            raise Unfit
        if seconds > LONGEST:
            raise Unfit("it is longer than ten years (3650d)")
        return float(_within(seconds, least, most))

    form = 'a duration such as "500ms", "5s", "2m", "1h", "7d" or a number of seconds'
    limits = _range(least, most, 0.0, LONGEST, format_duration)
    return Kind(f"{form}, {limits}", read, brief=f"duration, {limits}")


def size(least: int = 0) -> Kind:
    def read(value: Any) -> int:
        found = _parsed(parse_size, value) if isinstance(value, str) else _of(int, value)
        return int(_within(found, least, 2**62))

    form = 'a size such as "512MB" (KB, MB, GB: powers of 1024) or a number of bytes'
    limits = _range(least, 2**62, 0, 2**62, format_size)
    return Kind(f"{form}, {limits}", read, brief=f"size, {limits}")


def _range(least: Any, most: Any, lowest: Any, highest: Any, show: Callable[[Any], str]) -> str:
    """The range in words, its ends left out where they are those of the kind itself."""
    low = "not negative" if least == lowest else f"at least {show(least)}"
    return low if most == highest else f"{low} and at most {show(most)}"


def choice(*words: str) -> Kind:
    def read(value: Any) -> str:
        if (found := read_text(value)) not in words:
            raise Unfit
        return found

    *first, last = (f'"{word}"' for word in words)
    return Kind(f"{', '.join(first)} or {last}", read)


def label() -> Kind:
    """A name as a program's; not `all`, which means every one."""

    def read(value: Any) -> str:
        found = _fit(_LABEL, read_text(value), "it")
        if found == "all":
            raise Unfit("it means every program")
        return found

    return Kind("a name of letters, digits, _, . and -", read)


def signal(*names: str) -> Kind:
    """The name of a signal, with or without SIG, in any case."""

    def read(value: Any) -> str:
        if (name := read_text(value).upper().removeprefix("SIG")) not in names:
            raise Unfit
        return name

    return Kind("the name of a signal: " + ", ".join(names), read)


def command() -> Kind:
    """A list of words, or one string that is split as a shell would, with no shell run."""

    def read(value: Any) -> tuple[str, ...]:
        words = each(read_text, value)
        if not words or not words[0].strip():
            raise Unfit("it is empty")
        return words

    return Kind(
        'a list of words such as ["python", "-m", "bot"], or one string', read, _split, "command"
    )


def _split(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    import shlex  # only where a command is one string

    try:
        return shlex.split(value)
    except ValueError as error:
        raise Unfit(f"{str(error).lower()} in the string") from None


def address() -> Kind:
    form = 'an address and port such as "127.0.0.1:9877"'
    return Kind(form, lambda value: _parsed(parse_address, read_text(value)))


def octal() -> Kind:
    form = 'octal digits in a string such as "022"'
    return Kind(form, lambda value: _within(_parsed(parse_octal, read_text(value)), 0, 0o777))


def url(*schemes: str, hints: Mapping[str, str] | None = None) -> Kind:
    """A URL with one of the schemes and a host; `hints` are for schemes that are not taken."""

    def read(value: Any) -> str:
        found = read_text(value)
        scheme, _, rest = found.partition("://")
        if scheme not in schemes:
            raise Unfit((hints or {}).get(scheme, ""))
        if re.search(r"[^\x21-\x7e]", found):
            raise Unfit("a character in it must be written as %XX")
        _parsed(_check_host, rest)
        return found

    return Kind("a URL that begins with " + " or ".join(f"{s}://" for s in schemes), read)


def _check_host(rest: str) -> None:
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")[2]
    bare = re.fullmatch(r"(\[[0-9A-Fa-f:.%]+\]|[^\s:\[\]]+)(?::([0-9]{1,5}))?", host)
    if not bare or not 0 < int(bare[2] or 1) < 65536:
        raise ValueError("no host, or no port")


def codes(least: int, most: int) -> Kind:
    """A list of whole numbers in a range."""
    one = integer(least, most)

    def read(value: Any) -> tuple[int, ...]:
        return tuple(dict.fromkeys(each(one.read, value)))

    return Kind(f"a list of whole numbers from {least} to {most}", read)


def names(allowed: str) -> Kind:
    """A list of strings, each counted once."""

    def read(value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each(read_text, value)))

    return Kind(allowed, read)


def variables() -> Kind:
    """A table of environment variables; numbers become text."""

    def read(value: Any) -> dict[str, str]:
        items = _of(dict, value).items()
        return {_fit(_NAME, name, "a variable's name"): _scalar(name, v) for name, v in items}

    return Kind('a table of strings such as { LANG = "C" }', read)


def headers() -> Kind:
    """A table of HTTP headers."""

    def read(value: Any) -> dict[str, str]:
        items = _of(dict, value).items()
        found = {_fit(_HEADER, name, "a header's name"): _scalar(name, v) for name, v in items}
        if any(re.search(r"[^\t\x20-\x7e]", text) for text in found.values()):
            raise Unfit("a header has a line break or a character outside ASCII in it")
        return found

    return Kind('a table of strings such as { Accept = "application/json" }', read)


def _fit(pattern: re.Pattern[str], name: str, what: str) -> str:
    if not pattern.fullmatch(name):
        raise Unfit(f"{what} is empty or has a character that is not allowed there")
    return name


def _scalar(name: str, value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    try:
        return read_text(value)
    except Unfit:
        raise Unfit(f"the value of {name} must be a string (in quotes)") from None


def limit(kind: Kind) -> Kind:
    """A resource limit of some kind, or "unlimited"."""

    def read(value: Any) -> int:
        return UNLIMITED if value == "unlimited" else math.ceil(kind.read(value))

    brief = f'{kind.brief or kind.allowed}, or "unlimited"'
    return Kind(f'{kind.allowed}, or "unlimited"', read, brief=brief)
