"""The verdict: pure, so each case is a snapshot and a time."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import health
from bot.figures import Figures, LoopFigures, Phase, PoisonFigures, PollingFigures, Snapshot
from bot.health import Limits, judge
from bot.health_keys import STATUSES, TROUBLES
from bot.verdict import Verdict

NOW = 1000.0
LIMITS = Limits(loop_stale=5.0, poll_stale=30.0)


def snapshot(**changes: Any) -> Snapshot:
    polling = PollingFigures(began=900.0, started=999.0, finished=998.0, succeeded=998.0)
    polling.status = 200
    base = Snapshot(phase=Phase.SERVING, polling=polling, loop=LoopFigures(beat=999.0))
    return replace(base, **changes)


def polling(**changes: Any) -> PollingFigures:
    return replace(snapshot().polling, **changes)


def verdict(**changes: Any) -> Verdict:
    return judge(snapshot(**changes), LIMITS, NOW)


def test_a_bot_that_polls_is_running() -> None:
    """Fresh figures are well, with no reason to give."""
    assert verdict() == Verdict("running", 200, None)


def test_a_bot_that_has_not_finished_its_first_poll_is_well() -> None:
    """A quiet first poll takes its time, counted from when polling began."""
    fresh = PollingFigures(began=NOW - 29, started=NOW - 29)
    assert verdict(polling=fresh).ok
    assert verdict(polling=replace(fresh, began=NOW - 31)).status == "late"


def test_a_crowd_is_neither_late_nor_an_outage() -> None:
    """A poll that waits for handlers is told after some seconds; the pause counts for nothing."""
    crowd = polling(held=NOW - 4, finished=NOW - 90, succeeded=NOW - 90, failures=1)
    assert verdict(polling=crowd).status == "running"
    found = verdict(polling=replace(crowd, held=NOW - 6))
    assert (found.status, found.code, found.trouble) == ("degraded", 200, "crowd")
    over = replace(crowd, held=None, released=NOW - 1)
    assert verdict(polling=over).status == "running"
    assert verdict(polling=replace(over, released=NOW - 31)).status == "late"


def test_a_crowd_before_handlers_that_never_end_is_stuck() -> None:
    """Two minutes in which none of them ends: only a restart helps."""
    crowd = polling(held=NOW - 500)
    assert verdict(polling=crowd, last_end=NOW - 119).status == "degraded"
    found = verdict(polling=crowd, last_end=NOW - 121, running=256, waiting=1001)
    assert (found.status, found.code, found.trouble) == ("stuck", 503, "handlers")
    assert "256 handlers are at it, none has ended for 121 s, and 1001 updates wait" in str(found)
    assert verdict(polling=crowd).trouble == "handlers"
    assert verdict(polling=polling(held=NOW - 119)).status == "degraded"


def test_poison_is_told_for_a_while_or_until_it_is_forgotten() -> None:
    """Poisoned is 200, and says of which kind; graver things are told first."""
    poison = PoisonFigures(unreadable=2, deadly=1, kept=3, last=NOW - 10)
    found = verdict(poison=poison)
    assert (found.status, found.code, found.trouble) == ("poisoned", 200, "poison")
    assert "(2 could not be read, 1 ended the bot each time)" in (found.reason or "")
    assert verdict(poison=poison, poller_alive=False).status == "deaf"
    assert verdict(poison=replace(poison, last=NOW - 601)).status == "running"
    assert verdict(poison=replace(poison, kept=0)).status == "running"
    assert verdict(poison=replace(poison, kept=None)).status == "poisoned"


def test_all_words_are_listed() -> None:
    """Whatever the verdict says, the page and the metrics know the word."""
    words = {word.word for word in STATUSES + TROUBLES}
    source = Path(health.__file__).read_text()
    said = re.findall(r'Verdict\(\s*"(\w+)", \d+, [^"]*(?:"(\w+)")?\)', source)
    assert len(said) > 12
    assert {word for pair in said for word in pair if word} <= words


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"loop": LoopFigures(beat=NOW - 5.1)}, "stuck"),
        ({"poller_alive": False}, "deaf"),
        ({"dispatcher_alive": False}, "deaf"),
        ({"polling": polling(finished=NOW - 30.1)}, "late"),
        ({"polling": polling(status=401, error="Unauthorized")}, "refused"),
        ({"polling": polling(status=404, error="Not Found"), "poller_alive": False}, "refused"),
        ({"phase": Phase.STARTING}, "starting"),
        ({"phase": Phase.STOPPING}, "stopping"),
        ({"phase": Phase.STARTING, "loop": LoopFigures(beat=NOW - 6)}, "stuck"),
        ({"polling": polling(succeeded=NOW - 31, failures=9, pool_timeouts=9)}, "late"),
    ],
)
def test_what_a_restart_must_cure_is_503(changes: dict[str, Any], status: str) -> None:
    """Stuck, deaf, late, refused, starting and stopping are not well, and say why."""
    found = verdict(**changes)
    assert (found.status, found.code) == (status, 503)
    assert found.reason is not None
    assert found.reason.endswith(".")


def test_a_conflict_is_told_but_waited_out() -> None:
    """A rival poller makes the bot degraded, not dead, and is forgotten after a minute."""
    rival = polling(status=409, conflicts=3, last_conflict=NOW - 2, failures=1, pause=30.0)
    found = verdict(polling=rival)
    assert (found.status, found.code) == ("degraded", 200)
    told = "Someone else is polling this token, since 1970-01-01 00:16:38 UTC (3 conflicts)."
    assert (found.reason, found.trouble) == (told, "rival")
    past = replace(rival, status=200, failures=0, last_conflict=NOW - 61)
    assert verdict(polling=past).status == "running"


def test_a_webhook_is_told_apart_from_a_rival() -> None:
    """Both are conflicts to Telegram, but only one of them is somebody else's poll."""
    text = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook"
    found = verdict(polling=polling(conflicts=1, last_conflict=NOW - 2, conflict_error=text))
    assert (found.code, found.trouble) == (200, "webhook")
    assert "A webhook is set" in (found.reason or "") and "(1 conflict)" in (found.reason or "")


def test_the_series_of_conflicts_has_one_beginning() -> None:
    """Conflicts less than a minute apart are one story, told since its first."""
    figures = PollingFigures()
    for now in (10.0, 50.0, 100.0):
        figures.fail(now, 409, "Conflict", 0.0)
    assert (figures.conflict_since, figures.last_conflict) == (10.0, 100.0)
    figures.fail(161.0, 409, "Conflict", 0.0)
    assert (figures.conflict_since, figures.conflicts) == (161.0, 4)


def test_an_outage_is_told_but_waited_out() -> None:
    """Telegram being away for minutes is no reason to restart."""
    away = polling(succeeded=NOW - 300, finished=NOW - 3, failures=40, error="ConnectError")
    found = verdict(polling=away)
    assert (found.status, found.code) == ("degraded", 200)
    assert "ConnectError" in (found.reason or "")


def test_a_rest_that_telegram_asked_for_is_not_lateness() -> None:
    """After a RetryAfter of 100 s the poller may rest so long, and no longer."""
    asked = polling(finished=NOW - 100, status=429, failures=1, pause=100.5)
    assert verdict(polling=asked).ok
    assert verdict(polling=replace(asked, finished=NOW - 131)).status == "late"


ages = st.floats(0, 500)


@given(ages, ages, st.integers(0, 5), st.sampled_from([None, 200, 409, 500]), st.booleans())
def test_verdicts_are_total_and_consistent(
    loop_age: float, poll_age: float, failures: int, status: int | None, alive: bool
) -> None:
    """Every snapshot has a verdict; 200 only while loop and polling are alive and fresh."""
    found = verdict(
        loop=LoopFigures(beat=NOW - loop_age),
        polling=polling(finished=NOW - poll_age, failures=failures, status=status),
        poller_alive=alive,
    )
    assert (found.reason is None) == (found.status == "running")
    assert found.ok == (loop_age <= 5 and alive and poll_age <= 30)


@given(ages, st.floats(0, 500))
def test_a_bot_that_is_left_alone_never_gets_better(age: float, more: float) -> None:
    """With no new figures, time alone never turns 503 into 200."""
    figures = snapshot(polling=polling(finished=NOW - age, succeeded=NOW - age))
    if not judge(figures, LIMITS, NOW).ok:
        assert not judge(figures, LIMITS, NOW + more).ok


def test_figures_count_what_waits_and_what_runs() -> None:
    """Received but not begun is waiting; begun but not ended is running, the oldest first."""
    now = [10.0]
    figures = Figures(1, clock=lambda: now[0])
    figures.polling.succeed(10.0, received=3, skipped=0)
    first = figures.handlers.begin(10.0)
    figures.handlers.begin(12.0)
    seen = figures.snapshot()
    assert (seen.waiting, seen.running, seen.oldest_handler) == (1, 2, 10.0)
    figures.handlers.end(first)
    assert figures.snapshot().oldest_handler == 12.0


def test_the_update_rate_fades() -> None:
    """Sixty updates in a moment are one a second, and less and less afterwards."""
    figures = Figures(1)
    for _ in range(60):
        figures.handlers.begin(100.0)
    assert figures.handlers.rate_at(100.0) == pytest.approx(1.0)
    assert figures.handlers.rate_at(400.0) < 0.01


def test_updates_are_confirmed_by_a_higher_offset_that_arrived() -> None:
    """An answered poll above it confirms an update; one just begun may never reach the server."""
    figures = PollingFigures()
    figures.start(1.0, offset=7)
    figures.succeed(60.0, received=1, skipped=0)
    assert not figures.confirms(7, now=60.0)
    figures.start(61.0, offset=8)
    assert not figures.confirms(7, now=61.1)
    assert figures.confirms(7, now=61.5)
    figures.succeed(61.1, received=0, skipped=0)
    assert figures.confirms(7, now=61.1)


def test_a_poll_has_settled_only_if_it_began_in_time() -> None:
    """An older poll says nothing about one that is still to come."""
    figures = PollingFigures()
    assert not figures.settled(0.0, now=99.0)
    figures.start(5.0, offset=1)
    assert not figures.settled(6.0, now=99.0)
    assert figures.settled(5.0, now=5.5)
