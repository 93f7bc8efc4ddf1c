"""Mistakes in rolling restarts."""

from __future__ import annotations

from typing import Any

from pytest import MonkeyPatch

from watchdog.core import rolling
from watchdog.core.model import State
from watchdog.core.rolling import Standing


def rolls_all_at_once(patch: MonkeyPatch) -> None:
    """It does not matter how many are down."""
    take_next = rolling.take_next

    def mutated(roll: Any, programs: Any, told: Any) -> list[str]:
        roll.width = 100
        return take_next(roll, programs, told)

    patch.setattr(rolling, "take_next", mutated)


def rolls_on_over_a_failure(patch: MonkeyPatch) -> None:
    """One that does not come up is passed over."""
    look = rolling.look

    def mutated(*args: Any) -> tuple[Standing, str]:
        standing, why = look(*args)
        return (Standing.READY if standing is Standing.FAILED else standing), why

    patch.setattr(rolling, "look", mutated)


def takes_running_for_ready(patch: MonkeyPatch) -> None:
    """The next follows as soon as the last is RUNNING."""
    look = rolling.look

    def mutated(program: Any, before: int, *rest: Any) -> tuple[Standing, str]:
        up = program is not None and program.state is State.RUNNING
        if up and program.incarnation == before + 1:
            return Standing.READY, ""
        return look(program, before, *rest)

    patch.setattr(rolling, "look", mutated)


def rolls_the_stopped(patch: MonkeyPatch) -> None:
    """Whoever was stopped is started."""

    def mutated(roll: Any, programs: Any, told: Any) -> list[str]:
        orders = []
        while roll.pending and len(roll.current) < roll.width:
            name = roll.pending.pop(0)
            if name in programs:
                roll.current[name] = programs[name].incarnation
                orders.append(name)
        return orders

    patch.setattr(rolling, "take_next", mutated)


def waits_for_a_roll_for_ever(patch: MonkeyPatch) -> None:
    """What never becomes ready is waited for without an end."""
    patch.setattr(rolling, "time_limit", lambda *_: None)
