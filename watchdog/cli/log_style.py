"""How lines of logs are shown: aligned prefixes, colours by level, JSON made readable. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

from watchdog.cli.log_lines import Line
from watchdog.cli.terminal import BLUE, CYAN, DIM, GREEN, MAGENTA, RED, YELLOW, paint

Show = Callable[[Line], bytes]
"""A line as it is written, without the newline."""

_OF_PROGRAMS = (CYAN, YELLOW, GREEN, MAGENTA, BLUE, "96", "93", "92", "95", "94")
_OF_LEVELS = {
    "debug": DIM,
    "trace": DIM,
    "info": GREEN,
    "notice": GREEN,
    "warn": YELLOW,
    "warning": YELLOW,
    "error": RED,
    "err": RED,
    "critical": "1;31",
    "fatal": "1;31",
    "panic": "1;31",
}
_LEVEL = re.compile(rf"\b({'|'.join(_OF_LEVELS)})\b", re.IGNORECASE)
_LOOKED_AT = 100
"""Characters of a line within which its level is looked for."""
_LEVEL_KEYS = ("level", "levelname", "severity", "lvl")
_TEXT_KEYS = ("message", "msg", "event", "text")
_TIME_KEYS = ("time", "timestamp", "ts", "asctime")


def as_json(line: Line) -> bytes:
    """One JSON object, whatever the format of the log."""
    return json.dumps(line.as_data(), ensure_ascii=False).encode()


def as_written(line: Line) -> bytes:
    """The bytes of the log."""
    return line.raw


def with_prefix(show: Show, programs: Sequence[str], colour: bool) -> Show:
    """The same behind the program's name, all of one width; each name has its colour."""
    width = max(map(len, programs), default=0)
    prefixes = {
        program: paint(f"{program:<{width}} |", _OF_PROGRAMS[at % len(_OF_PROGRAMS)] * colour)
        for at, program in enumerate(programs)
    }
    return lambda line: prefixes[line.program].encode() + b" " + show(line)


def readable(colour: bool) -> Show:
    """For people: the time of day, the level in its colour, fields of JSON as key=value."""
    return lambda line: _readable(line, colour).encode("utf-8", "backslashreplace")


def _readable(line: Line, colour: bool) -> str:
    time = paint(line.time[11:23], DIM * colour)
    fields = _fields_of(line.text)
    text = _paint_level(line.text, colour) if fields is None else _tell(fields, time, colour)
    return f"{time} {text}" if time and not text.startswith(time) else text


def _fields_of(text: str) -> dict[str, Any] | None:
    if not (text.startswith("{") and text.rstrip().endswith("}")):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _tell(fields: dict[str, Any], outer_time: str, colour: bool) -> str:
    """What a program wrote as JSON: its level, its text, and the rest as key=value."""
    rest = dict(fields)
    time, level, text = (_take(rest, keys) for keys in (_TIME_KEYS, _LEVEL_KEYS, _TEXT_KEYS))
    tint = _OF_LEVELS.get(level.lower(), "") * colour
    parts = [
        paint("" if outer_time else time, DIM * colour),
        paint(f"{level.upper():<7}" if level else "", tint),
        text,
        *(f"{paint(key + '=', DIM * colour)}{_value(value)}" for key, value in rest.items()),
    ]
    return " ".join(filter(None, parts))


def _take(fields: dict[str, Any], keys: Sequence[str]) -> str:
    """The first of these that is there, taken out."""
    key = next((key for key in keys if key in fields), None)
    return "" if key is None else printable(str(fields.pop(key)))


def _value(value: Any) -> str:
    plain = isinstance(value, str) and value and not re.search(r"[\s\"=]", value)
    return printable(value) if plain else json.dumps(value, ensure_ascii=False)


def printable(text: str) -> str:
    """What stood escaped in JSON must not steer the terminal; its lines and tabs may stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else "�" for char in text)


def _paint_level(text: str, colour: bool) -> str:
    """The level, if one is named near the beginning of a line that has no colours of its own."""
    match = _LEVEL.search(text, 0, _LOOKED_AT) if colour and "\x1b" not in text else None
    if match is None:
        return text
    tint = _OF_LEVELS[match[0].lower()]
    return text[: match.start()] + paint(match[0], tint) + text[match.end() :]
