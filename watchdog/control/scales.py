"""How many instances there are of a program, as clients ask about it and change it."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from typing import Any, Protocol

from msgspec import Struct

from watchdog.control.backend import Action, Result


class Scaled(Struct, frozen=True):
    """How many instances of a program there are."""

    name: str
    count: int
    file: int  # what the file says


class ScaleError(Exception):
    """There cannot be so many; nothing changed. The text says why."""


class Scaling(Protocol):
    """Changes numbers of instances; `ScaleError` where something cannot be."""

    def scale(self, wanted: Mapping[str, int | None]) -> Coroutine[Any, Any, list[Change]]:
        """Have so many of each, None for what the file says; it can be awaited that it is so."""
        ...


class Change(Struct, frozen=True):
    """An instance that came or went."""

    action: Action
    result: Result
