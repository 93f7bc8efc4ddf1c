"""`${VAR}`, `${VAR:-default}` and `$$` in the strings of a configuration.

A lone dollar stays what it is. What was replaced is remembered with the result, so that an error
shows the text as it was written and never the content of a variable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

_REFERENCE = re.compile(r"\$(?:(\$)|\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}|(\{))")


class Scope(NamedTuple):
    """Where variables are looked for, in this order; the names are for the error message."""

    places: tuple[tuple[str, Mapping[str, str]], ...]
    complete: bool = True  # False: a place could not be read, so what is missing is no news

    def get(self, name: str) -> str | None:
        """The value of the first place that has the variable."""
        for _, variables in self.places:
            if name in variables:
                return variables[name]
        return None

    def lacks(self, name: str) -> str:
        """The sentence that says that the variable is in none of the places."""
        names = [place for place, _ in self.places]
        return f"the variable {name} is {_none_of(names)}"


def _none_of(names: list[str]) -> str:
    return (
        f"set neither in {' nor in '.join(names)}" if len(names) > 1 else f"not set in {names[0]}"
    )


class Expanded(str):
    """A string after its variables were replaced; `raw` is what was written."""

    raw: str


class CannotExpand(ValueError):
    """A variable is missing, or `${` is not closed. The text names it."""

    def __init__(self, found: str, hint: str, missing: bool) -> None:
        super().__init__(found)
        self.hint = hint
        self.missing = missing


def expand(value: Any, scope: Scope) -> Any:
    """The value with every string in it expanded; the keys of tables are left alone."""
    if isinstance(value, str):
        return _expand_text(value, scope) if "$" in value else value
    if isinstance(value, list):
        return [expand(item, scope) for item in value]
    if isinstance(value, dict):
        return {key: expand(item, scope) for key, item in value.items()}
    return value


def _expand_text(raw: str, scope: Scope) -> Expanded:
    result = Expanded(_REFERENCE.sub(lambda match: _replacement(match, scope), raw))
    result.raw = raw
    return result


def _replacement(match: re.Match[str], scope: Scope) -> str:
    dollar, name, default, unclosed = match.groups()
    if unclosed:
        found = "found a ${ that begins neither ${NAME} nor ${NAME:-default}"
        raise CannotExpand(found, "write $$ for a dollar that is meant", missing=False)
    return dollar or _look_up(name, default, scope)


def names_in(raw: str) -> list[str]:
    """The variables that a string refers to."""
    return [match[2] for match in _REFERENCE.finditer(raw) if match[2]]


def _look_up(name: str, default: str | None, scope: Scope) -> str:
    """The value; the default also for an empty one, as in a shell."""
    value = scope.get(name)
    if default is not None:
        return value or default
    if value is None:
        raise CannotExpand(scope.lacks(name), "set it, or write ${NAME:-default}", missing=True)
    return value
