"""What a journal amounts to: availability, causes, repairs, and what nobody can know."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.lines import ZERO, began, line, state, window
from watchdog.report.figures import report_on
from watchdog.report.model import KINDS, Figures, Line
from watchdog.report.timeline import trace

UP = [began(0), state(0, "STARTING", cause="")]


def figures(lines: list[Line], since: float, until: float, watched: float | None = None) -> Figures:
    (found,) = report_on(lines, window(since, until, watched))
    return found


def test_a_crash_and_a_hang_are_told_apart() -> None:
    """Each downtime has its cause; repairs and failures are counted, the first start is none."""
    lines = [
        *UP,
        state(10, "RUNNING"),
        state(110, "BACKOFF", cause="crash", restarts=1),
        state(112, "STARTING", restarts=1),
        state(120, "RUNNING", restarts=1),
        state(220, "STOPPING", cause="hang", restarts=1),
        state(221, "STARTING", restarts=2),
        state(250, "RUNNING", restarts=2),
    ]
    found = figures(lines, 0, 300)
    assert found.downtime == {"hang": 30, "start": 10, "crash": 10}
    assert found.availability == pytest.approx(250 / 300)
    assert (found.failures, found.restarts) == (2, 2)
    assert found.mean_repair == pytest.approx((10 + 10 + 30) / 3)
    assert found.mean_between == pytest.approx(125)


def test_what_an_operator_wanted_is_counted_apart() -> None:
    """A stop, a restart and a job that is done are no downtime; a job that failed is."""
    lines = [
        *UP,
        state(0, "RUNNING"),
        state(10, "STOPPING", cause="operator"),
        state(11, "STOPPED"),
        state(50, "STARTING"),
        state(60, "RUNNING"),
        state(100, "STOPPING", cause="restart"),
        state(105, "STARTING"),
        state(110, "RUNNING"),
        state(150, "EXITED", cause="crash", exit={"code": 0}),
        state(160, "STARTING"),
        state(160, "RUNNING"),
        state(170, "EXITED", cause="crash", exit={"code": 3}),
    ]
    found = figures(lines, 0, 200)
    assert found.apart == {"operator": 60, "done": 10}
    assert found.downtime == {"crash": 30}
    assert found.availability == pytest.approx(100 / 130)


def test_where_no_watchdog_looked_nothing_is_known() -> None:
    """From the last sign of a killed watchdog to the next one's word of the program: unknown."""
    lines = [
        *UP,
        state(0, "RUNNING"),
        began(500, last_sign=300),
        state(501, "RUNNING"),
    ]
    found = figures(lines, 0, 1000, watched=800)
    assert found.seconds == pytest.approx({"up": 599, "down": 0, "apart": 0, "unknown": 401})
    assert found.availability == 1
    assert [(s.kind, s.start - ZERO) for s in found.spans] == [
        ("up", 0),
        ("unknown", 300),
        ("up", 501),
        ("unknown", 800),
    ]
    # The next watchdog's word of it may come after the window.
    assert figures(lines, 0, 400).seconds["unknown"] == pytest.approx(100)
    # Without a sign, the last line is the last that is known.
    assert figures([*UP, state(7, "RUNNING"), began(500)], 0, 600).seconds["up"] == 0


def test_an_orderly_end_and_an_upgrade_are_known() -> None:
    """After a shutdown all is down as it should be; a new version in place changes nothing."""
    lines = [
        *UP,
        state(0, "RUNNING"),
        line(100, "upgrade", state="BEGUN"),
        began(101, last_sign=100),
        line(200, "watchdog", state="SHUTDOWN"),
        began(300),
        state(310, "RUNNING"),
    ]
    found = figures(lines, 0, 400, watched=350)
    assert found.seconds == pytest.approx({"up": 240, "down": 0, "apart": 110, "unknown": 50})
    rested = figures(lines[:-2], 0, 400, watched=200)
    assert rested.seconds["apart"] == 200 and rested.seconds["unknown"] == 0


def test_what_was_given_up_was_not_repaired() -> None:
    """A downtime that an operator ended by a stop is no repair, though it is a failure."""
    lines = [*UP, state(0, "RUNNING"), state(10, "BACKOFF", cause="crash")]
    lines += [state(30, "STOPPED", cause="operator"), state(40, "STARTING"), state(41, "RUNNING")]
    found = figures(lines, 0, 50)
    assert found.failures == 1 and found.mean_repair is None
    assert found.downtime == {"crash": 20}


def test_a_drill_and_a_late_failure_have_their_causes() -> None:
    """Downtime that began in a drill is a drill's; a readiness that fails is downtime, too."""
    lines = [
        *UP,
        state(0, "RUNNING", health="healthy"),
        line(10, "drill", program="bot", phase="begins"),
        state(11, "BACKOFF", cause="crash"),
        state(12, "RUNNING"),
        line(13, "drill", program="bot", phase="over", result="kept"),
        state(20, "RUNNING", health="unhealthy"),
        state(25, "RUNNING", health="healthy"),
        state(30, "BACKOFF", cause="crash"),
        state(31, "RUNNING"),
    ]
    found = figures(lines, 0, 40)
    assert found.downtime == {"unhealthy": 5, "drill": 1, "crash": 1}
    assert found.drills == {"kept": 1}


def test_hand_overs_are_added_up_with_what_nobody_knows() -> None:
    """Gaps and double running are sums of what is known, and the rest is counted."""
    handover = {"program": "bot", "how": "spawned"}
    lines = [
        *UP,
        state(0, "RUNNING"),
        line(1, "handover", gap_seconds=0.5, double_seconds=0.0, bound="exact", **handover),
        line(2, "handover", gap_seconds=2.0, double_seconds=None, bound="at most", **handover),
        line(3, "handover", gap_seconds=None, double_seconds=0.0, **handover),
        line(999, "handover", gap_seconds=9.0, double_seconds=9.0, **handover),
    ]
    costs = figures(lines, 0, 10).costs
    assert costs == (3, 2.5, True, 1, 0.0, 1)


TIMES = st.floats(-50, 150)
STATES = st.sampled_from(
    ["STOPPED", "WAITING", "STARTING", "RUNNING", "STOPPING", "BACKOFF", "EXITED", "FATAL"]
)
CAUSES = st.sampled_from(["", "crash", "hang", "operator", "restart", "memory"])
CHANGES = st.builds(
    lambda at, to, cause, health, program: state(at, to, program, cause=cause, health=health),
    TIMES, STATES, CAUSES, st.sampled_from(["", "healthy", "unhealthy"]), st.sampled_from("ab"),
)  # fmt: skip
WATCHDOGS = st.builds(
    lambda at, word, sign: line(at, "watchdog", state=word, last_sign=sign),
    TIMES, st.sampled_from(["RUNNING", "SHUTDOWN", "GIVEN_WAY", "RESTARTING"]), TIMES,
)  # fmt: skip
OTHERS = st.builds(
    lambda at, kind, phase: line(at, kind, program="a", phase=phase, state="BEGUN"),
    TIMES, st.sampled_from(["drill", "upgrade"]), st.sampled_from(["begins", "over"]),
)  # fmt: skip
LIVES = st.lists(CHANGES | WATCHDOGS | OTHERS, max_size=40)


@given(lines=LIVES, watched=st.floats(-10, 110))
def test_the_spans_of_a_program_are_the_whole_window(lines: list[Line], watched: float) -> None:
    """Whatever the journal holds: no gap, no overlap, and the seconds add up to the window."""
    for found in report_on(lines, window(0, 100, watched)):
        assert found.spans[0].start == ZERO and found.spans[-1].end == ZERO + 100
        assert all(a.end == b.start for a, b in zip(found.spans, found.spans[1:], strict=False))
        assert all(span.seconds > 0 for span in found.spans)
        assert sum(found.seconds.values()) == pytest.approx(100)
        assert sum(found.downtime.values()) == pytest.approx(found.seconds["down"])
        assert found.availability is None or 0 <= found.availability <= 1
        assert found.mean_repair is None or 0 <= found.mean_repair <= 100
        assert {span.kind for span in found.spans} <= set(KINDS)


@given(lines=LIVES, cut=st.floats(1, 99))
def test_two_halves_are_as_long_as_the_whole(lines: list[Line], cut: float) -> None:
    """A window that is cut in two tells the same, second by second."""
    lines = sorted(lines, key=lambda one: one.at)
    whole, first, second = (
        trace(lines, window(*ends)) for ends in ((0, 100), (0, cut, 100), (cut, 100))
    )
    for name, spans in second.items():
        seconds = dict.fromkeys(KINDS, 0.0)
        for span in (*first.get(name, ()), *spans):
            seconds[span.kind] += span.seconds
        if name in first:
            for kind in KINDS:
                told = sum(s.seconds for s in whole[name] if s.kind == kind)
                assert seconds[kind] == pytest.approx(told, abs=1e-3)


@given(lines=LIVES, sign=st.floats(0, 40))
def test_after_a_watchdog_is_lost_nothing_is_up(lines: list[Line], sign: float) -> None:
    """Between the last sign of life and the next watchdog's own word, nothing counts as up."""
    early = [one for one in lines if one.at.timestamp() <= ZERO + sign and one.event == "state"]
    late = [began(60, last_sign=sign)]
    for found in report_on([*early, *late], window(0, 100)):
        later = [span for span in found.spans if span.end > ZERO + sign + 1e-3]
        assert all(span.kind == "unknown" or span.start < ZERO + sign for span in later)


def test_a_start_that_never_succeeds_is_a_failure() -> None:
    """One failure, however often it is tried; down at the begin of the window is none of it."""
    lines = [
        *UP,
        state(1, "BACKOFF", cause="startup"),
        state(2, "STARTING", restarts=1),
        state(3, "BACKOFF", cause="startup", restarts=1),
    ]
    assert figures(lines, 0, 100).failures == 1
    assert figures(lines, 50, 100).failures == 0


def test_planned_restarts_have_a_median_and_a_longest() -> None:
    """Those of the window that somebody wanted; a crash is none."""
    lines = [
        *UP,
        state(0, "RUNNING"),
        *(
            line(at, "restart", program="bot", gap_seconds=gap, planned=planned, cause="restart")
            for at, gap, planned in [
                (1, 0.5, True),
                (2, 3.0, True),
                (3, 0.7, True),
                (4, 9.0, False),
            ]
        ),
        line(999, "restart", program="bot", gap_seconds=50.0, planned=True),
    ]
    assert figures(lines, 0, 10).planned == (3, 0.7, 3.0)
    assert figures(UP, 0, 10).planned is None
