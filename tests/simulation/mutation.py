"""How a known mistake is put into the core: one function, row or rule is replaced.

Each mutant is a function that patches the core through pytest's `MonkeyPatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest import MonkeyPatch

from watchdog.core import machine
from watchdog.core.model import State

Mutant = Callable[[MonkeyPatch], None]


def change_row(patch: MonkeyPatch, event: type, state: State, do: Callable[..., None]) -> None:
    """Let another function serve one pair of the table."""
    rows: dict[State, Any] = dict(machine.TABLE[event])
    rows[state] = machine.Row(do, tuple(State))
    patch.setattr(machine, "TABLE", {**machine.TABLE, event: rows})


def mutants_in(module: Any) -> tuple[Mutant, ...]:
    """Every mutant that a module defines."""
    return tuple(
        value
        for value in vars(module).values()
        if callable(value) and getattr(value, "__module__", "") == module.__name__
    )
