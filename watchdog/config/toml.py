"""Reading TOML: the data, and the line of each key. Syntax errors become a `ConfigError`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from watchdog.config.errors import ConfigError, KeyPath, Problem

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_TWICE = re.compile(r"Cannot (?:overwrite|mutate|declare)|Duplicate|twice")


def parse(file: str, text: str) -> tuple[dict[str, Any], Callable[[KeyPath], int | None]]:
    """The tables of the text, and a function that tells on which line a key stands."""
    import tomllib  # an ad-hoc command needs no TOML

    try:
        return tomllib.loads(text), _locator(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax_problem(file, str(error))) from None
    except RecursionError:
        raise ConfigError(Problem(file, None, "", "nested too deeply")) from None
    except ValueError:  # a number with thousands of digits
        raise ConfigError(Problem(file, None, "", "a value is no valid TOML")) from None


def _locator(text: str) -> Callable[[KeyPath], int | None]:
    """A function from key to line. It scans the text when first asked, so for a problem only."""
    lines: dict[KeyPath, int] = {}

    def locate(path: KeyPath) -> int | None:
        from watchdog.config.lines import find_lines

        if not lines:
            lines.update(find_lines(text))
        return lines.get(path)

    return locate


def _syntax_problem(file: str, message: str) -> Problem:
    position = _POSITION.search(message)
    line = int(position[1]) if position and position[1] else None
    reason = message[: position.start()] if position else message
    column = f", column {position[2]}" if position and position[2] else ", at the end of the file"
    if _TWICE.search(reason):
        return Problem(file, line, "", f"a key or table is given twice ({reason}{column})")
    return Problem(file, line, "", f"not valid TOML: {reason}{column}")
