"""The guards as decisions: the rate, the list, the length, and sessions. Time is an input."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.guards.gate import Arrival, Gate
from bot.guards.rate import MOST_SENDERS, Admission, RateLimit
from bot.guards.settings import GuardSettings
from bot.sessions import Session, is_over, renew

gaps = st.lists(st.floats(0, 30), max_size=80)


def arrivals(distances: list[float]) -> list[float]:
    """Times of arrival; all are multiples of 1/64, so that sums and differences are exact."""
    now, times = 0.0, []
    for distance in distances:
        now += round(distance * 64) / 64
        times.append(now)
    return times


@settings(deadline=None)
@given(gaps, st.integers(1, 12))
def test_no_window_ever_has_more_than_the_limit(distances: list[float], limit: int) -> None:
    """However the messages come, at most `limit` of them pass in any minute."""
    rate = RateLimit(limit, 60)
    passed = [now for now in arrivals(distances) if rate.admit(1, now) is Admission.PASS]
    for first, beyond in zip(passed, passed[limit:], strict=False):
        assert beyond - first >= 60


@settings(deadline=None)
@given(gaps, st.integers(1, 12))
def test_nobody_is_refused_who_keeps_to_the_limit(distances: list[float], limit: int) -> None:
    """A message is only refused if `limit` others have passed in the minute before it."""
    rate, passed = RateLimit(limit, 60), []
    for now in arrivals(distances):
        if rate.admit(1, now) is Admission.PASS:
            passed.append(now)
        else:
            assert sum(now - before < 60 for before in passed) == limit


@settings(deadline=None)
@given(gaps)
def test_a_sender_is_told_once_a_window(distances: list[float]) -> None:
    """Two polite answers are a minute apart, or more; the first refusal is told."""
    rate = RateLimit(2, 60)
    seen = [(now, rate.admit(1, now)) for now in arrivals(distances)]
    refused = [what for _, what in seen if what is not Admission.PASS]
    assert refused[:1] in ([], [Admission.TELL])
    told = [now for now, what in seen if what is Admission.TELL]
    assert all(later - earlier >= 60 for earlier, later in pairwise(told))


def test_senders_do_not_share_a_limit_and_memory_is_bounded() -> None:
    """A crowd of strangers neither slows one another down nor fills the memory."""
    rate = RateLimit(1, 60)
    assert all(rate.admit(who, 0) is Admission.PASS for who in range(2 * MOST_SENDERS))
    assert len(rate) == MOST_SENDERS


def test_a_stranger_is_told_their_id_once_an_hour() -> None:
    """Who is not on the list learns their id, and then meets silence."""
    gate = Gate(GuardSettings(allowed_users=frozenset({1})))
    first, second, later = (gate.rule(Arrival(7, 7, 3), now) for now in (0, 10, 3601))
    assert "Your user id is 7" in (first.answer or "")
    assert (second.cause, second.answer) == ("stranger", None)
    assert later.answer == first.answer
    flood = [gate.rule(Arrival(7, 7, 9999), 3602).cause for _ in range(50)]
    assert flood == ["stranger"] * 50
    assert gate.rule(Arrival(1, 1, 3), 11).passes
    assert not gate.rule(Arrival(None, -100, 3), 11).passes


def test_the_longest_message_passes_and_one_more_character_does_not() -> None:
    """The limit is what is allowed; beyond it both numbers are told."""
    gate = Gate(GuardSettings())
    assert gate.rule(Arrival(1, 1, 4000), 0).passes
    assert gate.rule(Arrival(1, 1, 4001), 0).answer == (
        "Your message has 4001 characters; 4000 are the most I read."
    )


def test_long_messages_count_for_the_rate() -> None:
    """Ten refusals of length are answered, the eleventh is one of rate, then silence."""
    gate = Gate(GuardSettings())
    causes = [gate.rule(Arrival(1, 1, 9999), now) for now in range(12)]
    assert [ruling.cause for ruling in causes] == ["length"] * 10 + ["rate"] * 2
    assert causes[10].answer and not causes[11].answer
    assert gate.refused == {"length": 10, "rate": 2}


def test_no_limit_is_no_limit() -> None:
    """RATE_LIMIT_PER_MINUTE=0 lets everything through."""
    gate = Gate(GuardSettings(messages_per_minute=0))
    assert all(gate.rule(Arrival(1, 1, 1), 0).passes for _ in range(1000))


times = st.floats(0, 1e9)


@settings(deadline=None)
@given(times, times, st.floats(1, 1e6))
def test_a_session_lives_for_its_ttl_after_the_last_message(
    began: float, now: float, ttl: float
) -> None:
    """It is over exactly when more than `ttl` has passed since it was last renewed."""
    session = renew(Session(1, 1, began, began), now)
    assert (session.began, session.messages) == (began, 2)
    assert session.seen == max(began, now)
    assert not is_over(session, session.seen + ttl / 2, ttl)
    assert is_over(session, session.seen + 2 * ttl, ttl)
