"""What came out of the environment is given a name, so that our tables hold no secret. Pure.

The text is read twice: with the values of the variables, and with placeholders in their stead.
Where the second reading, its placeholders turned into `${NAME}`, means the same as the first, it is
the one that counts: what we know to come from TELEGRAM_BOT_TOKEN is struck out of every log, and
`watchdog convert` writes `${TELEGRAM_BOT_TOKEN}` and not the token. Where it does not (a variable
with several words in a command, a number), the plain value stays.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from watchdog.config.expand import CannotExpand, Expanded, Scope, expand

_FORM = "zq{}qz"  # survives every kind of value that is kept as text
_FOUND = re.compile(r"zq(\d+)qz")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Placeholders:
    """Texts that stand for the variables of an environment."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._names = [name for name in environ if _NAME.fullmatch(name)]
        self._scope = Scope((("the environment", environ),))

    def environ(self) -> dict[str, str]:
        """The variables, each with a placeholder as its value."""
        return {name: _FORM.format(number) for number, name in enumerate(self._names)}

    def merge(self, plain: Any, named: Any) -> Any:
        """The plain reading, with `${NAME}` wherever that means the same."""
        if isinstance(plain, dict) and isinstance(named, dict):
            return {key: self.merge(value, named.get(key)) for key, value in plain.items()}
        if isinstance(plain, list) and isinstance(named, list) and len(plain) == len(named):
            return [self.merge(*pair) for pair in zip(plain, named, strict=True)]
        if isinstance(plain, str) and not isinstance(plain, Expanded):
            return self._name(plain, named)
        return plain

    def _name(self, plain: str, named: Any) -> str:
        if not isinstance(named, str) or not _FOUND.search(named):
            return plain
        found = _FOUND.sub(self._reference, named)
        return found if self._means_the_same(found, plain) else plain

    def _reference(self, match: re.Match[str]) -> str:
        number = int(match[1])
        return f"${{{self._names[number]}}}" if number < len(self._names) else match[0]

    def _means_the_same(self, found: str, plain: str) -> bool:
        try:
            return str(expand(found, self._scope)) == str(expand(plain, self._scope))
        except CannotExpand:
            return False


def double_dollars(value: Any) -> Any:
    """The value with every dollar in its texts doubled: none of them is a variable."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [double_dollars(item) for item in value]
    if isinstance(value, dict):
        return {key: double_dollars(item) for key, item in value.items()}
    return value
