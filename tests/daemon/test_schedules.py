"""Restarts by the clock on the wall: when, over changes of the clocks, and with which timers."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.core.builders import policy
from watchdog.core.events import Event, Recycle
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.daemon.occurrences import local_zone, next_time, zone_of
from watchdog.daemon.schedules import NAP, Schedules

LISBON = ZoneInfo("Europe/Lisbon")  # one hour ahead of UTC from March 29 to October 25, 2026


def at(text: str, zone: ZoneInfo = LISBON, fold: int = 0) -> float:
    """A time of the wall clock there as Unix seconds."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).timestamp()


def following(line: str, after: float, count: int) -> list[str]:
    """The next times, as the clocks in Lisbon show them."""
    found = []
    for _ in range(count):
        after = next_time(line, LISBON, after)
        found.append(datetime.fromtimestamp(after, LISBON).isoformat())
    return found


def test_every_monday_at_four() -> None:
    """The same time of the day before and after the clocks are changed."""
    assert following("0 4 * * 1", at("2026-03-20T12:00"), 3) == [
        "2026-03-23T04:00:00+00:00",
        "2026-03-30T04:00:00+01:00",
        "2026-04-06T04:00:00+01:00",
    ]


def test_an_hour_that_is_left_out_in_spring() -> None:
    """What would come at 01:30 comes when the clocks have jumped to 02:00, on that day once."""
    assert following("30 1 * * *", at("2026-03-28T12:00"), 2) == [
        "2026-03-29T02:00:00+01:00",
        "2026-03-30T01:30:00+01:00",
    ]


def test_an_hour_that_is_repeated_in_autumn() -> None:
    """What comes at 01:30 comes once, also if the clock is looked at between the two."""
    assert following("30 1 * * *", at("2026-10-24T12:00"), 2) == [
        "2026-10-25T01:30:00+01:00",
        "2026-10-26T01:30:00+00:00",
    ]
    again = at("2026-10-25T01:10", fold=1)
    assert following("30 1 * * *", again, 1) == ["2026-10-26T01:30:00+00:00"]


def test_the_machines_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of TZ or of /etc/localtime; one that cannot be found is no reason to fail."""
    monkeypatch.setenv("TZ", "Europe/Lisbon")
    assert local_zone() == LISBON
    monkeypatch.setenv("TZ", "nowhere/at-all")
    assert zone_of(None) is None
    assert next_time("0 4 * * *", None, time.time()) > time.time()


class Watch:
    """A clock on the wall that a test moves, and what is told."""

    def __init__(self, line: str, now: float) -> None:
        self.wall = now
        self.told: list[Event] = []
        config: Any = SimpleNamespace(restart_at=line, restart_at_zone="Europe/Lisbon")
        self.program = Program(policy(), incarnation=7)
        self.schedules = Schedules(
            {"a": config},
            lambda: {"a": self.program},
            lambda name, event: self.told.append(event),
            lambda: self.wall,
        )

    def enter(self, state: State) -> None:
        """The program changes its state."""
        before, self.program = self.program, Program(policy(), incarnation=7, state=state)
        self.schedules.note(before, self.program)

    def delay(self) -> float | None:
        """Seconds until its timer rings; None: there is none."""
        timer = self.schedules._timer
        return None if timer is None else timer.when() - asyncio.get_running_loop().time()

    def ring(self) -> None:
        """The timer rings now."""
        timer = self.schedules._timer
        assert timer is not None
        timer.cancel()
        self.schedules._wake()


async def test_a_restart_is_told_when_its_time_has_come() -> None:
    """One timer to the next time, and the incarnation that is up."""
    watch = Watch("0 4 * * *", at("2026-06-01T03:59:59.95"))
    assert watch.delay() is None
    watch.enter(State.RUNNING)
    assert 0 < (watch.delay() or 0) <= 0.05
    watch.wall += 0.1
    watch.ring()
    assert watch.told == [Recycle(7, 'its schedule says so (restart_at = "0 4 * * *")')]
    assert watch.delay() is None, "the next process asks anew"


async def test_without_a_program_that_is_up_there_is_no_timer() -> None:
    """What is down is not restarted by a schedule."""
    watch = Watch("0 4 * * *", at("2026-06-01T03:00"))
    watch.enter(State.RUNNING)
    assert watch.delay() is not None
    watch.enter(State.STOPPING)
    assert watch.delay() is None
    watch.enter(State.STOPPED)
    assert watch.delay() is None and not watch.told


async def test_a_clock_that_is_moved_is_noticed_within_the_hour() -> None:
    """Nobody sleeps longer than that; the time is looked up again, and what is late is told."""
    watch = Watch("0 4 * * *", at("2026-06-01T12:00"))
    watch.enter(State.RUNNING)
    assert (watch.delay() or 0) == pytest.approx(NAP, abs=1)
    watch.wall = at("2026-06-01T03:30")  # back
    watch.ring()
    assert not watch.told
    assert (watch.delay() or 0) == pytest.approx(1800, abs=1)
    watch.wall = at("2026-06-01T09:00")  # the machine slept
    watch.ring()
    assert len(watch.told) == 1
