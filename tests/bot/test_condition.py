"""What is amiss with a capability: since when, said once, and never a reason to restart."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.condition import Condition, Rhythm, watch
from bot.figures import Figures, LoopFigures, Phase, PollingFigures, Snapshot
from bot.health import Limits, judge


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_trouble_has_a_beginning_that_stays() -> None:
    """A new reason does not make the trouble younger; the next success ends it."""
    clock = Clock()
    condition = Condition("thing", clock)
    assert condition.figures() == {"state": "well", "reason": None, "since_seconds": None}
    condition.fail("away")
    clock.now = 107.5
    condition.fail("refused")
    assert condition.figures() == {"state": "degraded", "reason": "refused", "since_seconds": 7.5}
    condition.well()
    assert condition.trouble is None


def test_each_reason_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    """A database that is away for a night fills no log."""
    condition = Condition("thing")
    with caplog.at_level(logging.INFO):
        for _ in range(50):
            condition.fail("away")
        condition.well()
        condition.well()
    said = [record.message for record in caplog.records]
    assert said == ["The thing is degraded: away", "The thing works again"]


def test_degraded_capabilities_never_fail_the_health() -> None:
    """200 with all reasons; what is graver comes first."""
    polling = PollingFigures(began=0.0, finished=99.0, succeeded=99.0, status=200)
    snapshot = Snapshot(Phase.SERVING, polling, LoopFigures(99.0), degraded=("One.", "Two."))
    verdict = judge(snapshot, Limits(5.0, 30.0), 100.0)
    assert (verdict.status, verdict.code, verdict.reason) == ("degraded", 200, "One. Two.")
    assert judge(snapshot, Limits(5.0, 30.0), 200.0).code == 503


def test_the_figures_have_a_sentence_for_each() -> None:
    """Only for those that do not work."""
    figures = Figures(1)
    figures.add_condition("one").fail("it is away")
    figures.add_condition("two")
    assert figures.snapshot().degraded == ("The one does not work: it is away.",)


async def test_it_is_looked_at_at_once_and_then_in_rhythm() -> None:
    """Often while something is amiss, seldom while it is well."""
    condition, looks = Condition("thing"), 0

    async def look() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:
            condition.fail("away")
        else:
            condition.well()

    watching = asyncio.create_task(watch(condition, look, Rhythm(well=3600.0, ill=0.01)))
    async with asyncio.timeout(10):
        while condition.trouble or looks < 3:  # noqa: ASYNC110 - nobody tells when it looks
            await asyncio.sleep(0.01)
    assert looks == 3
    watching.cancel()
