"""Ceilings on memory and processor time: the judgement, what is measured, and no timer without."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from watchdog.core.events import Event, Overweight
from watchdog.core.model import Cause
from watchdog.process.ceilings import (
    MEGABYTE,
    PERIOD,
    Ceiling,
    Ceilings,
    Kind,
    Sample,
    add,
    judge,
    period_for,
)


def look(ceiling: Ceiling, values: Iterable[float], period: float = 1.0) -> list[str]:
    """What is said at each look, one every second (or `period`)."""
    samples: list[Sample] = []
    said = []
    for count, value in enumerate(values):
        samples = add(samples, Sample(count * period, value), ceiling.over, period)
        said.append(judge(ceiling, samples))
    return said


def test_memory_at_once_names_both_figures() -> None:
    """Above the ceiling the reason says what is used and what is allowed; at it, nothing."""
    ceiling = Ceiling("memory", 512 * MEGABYTE)
    told = look(ceiling, [512 * MEGABYTE, 612 * MEGABYTE])
    assert told == ["", "memory: 612 MB used, 512 MB allowed"]


def test_memory_over_a_time_is_an_average() -> None:
    """A peak is allowed; what stays above is not, and the time must have passed."""
    ceiling = Ceiling("memory", 100.0, over=4.0)
    assert not any(look(ceiling, [90, 90, 120, 90, 90, 90, 90]))
    told = look(ceiling, [150 * MEGABYTE] * 6)
    assert told[:4] == [""] * 4
    assert told[4] == "memory: 150 MB used over 4 s, 0 MB allowed"


def test_processor_time_is_what_grew_within_the_time() -> None:
    """Three seconds of two processors within four are 1.5; a burst before does not count."""
    ceiling = Ceiling("cpu", 0.9, over=4.0)
    burst = [0.0, 8.0, 8.0, 8.0, 8.0]
    assert look(ceiling, burst)[4] == "cpu: 200 % used over 4 s, 90 % allowed"
    assert not any(look(ceiling, [0.8 * second for second in range(20)]))
    assert look(ceiling, [second * 1.0 for second in range(6)])[5].startswith("cpu: 100 % used")


def test_a_collected_child_is_no_negative_use() -> None:
    """What was used by a child that is gone falls out of the sum, and hides nothing."""
    ceiling = Ceiling("cpu", 0.9, over=4.0)
    assert look(ceiling, [50.0, 51.0, 2.0, 3.0, 4.0])[4] == ""
    assert look(ceiling, [50.0, 52.0, 3.0, 5.0, 7.0])[4] != ""


def test_time_in_which_nobody_looked_proves_nothing() -> None:
    """After a gap, of a suspended machine or a stopped watchdog, the time begins anew."""
    samples = [Sample(0.0, 0.0), Sample(1.0, 5.0)]
    assert add(samples, Sample(100.0, 900.0), 10.0, 1.0) == [Sample(100.0, 900.0)]


def test_a_short_time_is_looked_at_often() -> None:
    """Ten looks within it, and no look more often than five times a second."""
    assert period_for([Ceiling("memory", 1)]) == PERIOD
    assert period_for([Ceiling("memory", 1), Ceiling("cpu", 1, 20.0)]) == 2.0
    assert period_for([Ceiling("cpu", 1, 0.5)]) == 0.2
    assert period_for([Ceiling("cpu", 1, 3600.0)]) == PERIOD


GROW = "import os,time\nif os.fork() == 0: x = bytearray(80 << 20)\ntime.sleep(1000)"
SPIN = "import os,time\nif os.fork() == 0:\n while True: pass\ntime.sleep(1000)"


@pytest.mark.parametrize(
    ("script", "ceiling"),
    [
        (GROW, Ceiling("memory", 60 * MEGABYTE)),
        (GROW, Ceiling("memory", 60 * MEGABYTE, over=0.2)),
        (SPIN, Ceiling("cpu", 0.05, over=0.4)),
    ],
    ids=["memory", "memory over a time", "cpu"],
)
async def test_a_tree_that_uses_too_much_is_posted_once(
    world: Any, script: str, ceiling: Ceiling
) -> None:
    """A process whose child uses more than it may is reported once, with the cause."""
    posted: list[tuple[str, Event]] = []
    used = {"memory": world.processes.memory, "cpu": world.processes.cpu}
    watch = Ceilings(lambda p, e: posted.append((p, e)), used, period=0.02)
    world.python(script)
    watch.watch("bot", 1, (ceiling,))
    await world.until(lambda: posted)
    await asyncio.sleep(0.06)
    [(program, event)] = posted
    assert program == "bot"
    assert isinstance(event, Overweight)
    assert (event.incarnation, event.cause) == (1, Cause(ceiling.kind))
    assert event.reason.startswith(f"{ceiling.kind}: ")
    assert watch._timer is None


async def test_no_ceiling_no_timer() -> None:
    """Without a ceiling, and after the last was forgotten, no timer exists."""
    used: dict[Kind, Any] = {"memory": lambda name: 0.0}
    watch = Ceilings(lambda *_: None, used)
    watch.watch("bot", 1, ())
    assert watch._timer is None
    watch.watch("bot", 1, (Ceiling("memory", 1.0),))
    assert watch._timer is not None
    watch.forget("bot")
    assert watch._timer is None
