"""The polling rules in virtual time."""

from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.answers import POLL_CONFLICT, WEBHOOK_CONFLICT, WEBHOOK_ENDS_POLL
from bot.sandbox.rules import (
    Outcome,
    Poll,
    PollingRules,
    Reply,
    clamp_limit,
    clamp_timeout,
)
from bot.sandbox.updates import UpdateQueue


def make_rules(*updates: int) -> PollingRules:
    queue = UpdateQueue()
    for number in updates:
        queue.append({"number": number})
    return PollingRules(queue)


def waiting_poll(poll_id: int, offset: int = 0) -> Poll:
    return Poll(poll_id, offset=offset, timeout=50)


def text_of(reply: Reply) -> str:
    return str(json.loads(reply.answer.body)["description"])


def ids_of(reply: Reply) -> list[int]:
    return [update["update_id"] for update in json.loads(reply.answer.body)["result"]]


def test_the_old_poll_gets_the_conflict_and_the_new_one_waits() -> None:
    """A second waiting poll ends the first with a 409, at once, and waits in its place."""
    rules = make_rules()
    assert rules.arrive(waiting_poll(1), 0.0) == []
    [reply] = rules.arrive(waiting_poll(2), 10.0)
    assert (reply.poll, reply.at, reply.answer.status) == (1, 10.0, 409)
    assert text_of(reply) == POLL_CONFLICT
    assert rules.waiting == 2


def test_an_immediate_answer_ends_nobody() -> None:
    """A call with timeout 0, or one that finds an update, leaves the waiting poll alone."""
    rules = make_rules()
    rules.arrive(waiting_poll(1), 0.0)
    [reply] = rules.arrive(Poll(2, offset=7, timeout=0), 1.0)
    assert (reply.poll, reply.outcome) == (2, Outcome.NOTHING)
    assert rules.waiting == 1


def test_the_second_conflict_within_three_seconds_is_held_for_three() -> None:
    """Only the last immediate 409 counts: a held one does not hold the next."""
    rules = make_rules()
    due = []
    for poll, now in enumerate([0.0, 1.0, 2.0, 3.9, 4.0, 5.0], start=1):
        due += [(reply.poll, reply.at) for reply in rules.arrive(waiting_poll(poll), now)]
    assert due == [(1, 1.0), (2, 5.0), (3, 6.9), (4, 4.0), (5, 8.0)]


def test_a_repeated_offset_within_three_seconds_waits_three() -> None:
    """A call without a timeout that repeats the last offset is slowed down, and so ends a poll."""
    rules = make_rules()
    assert len(rules.arrive(Poll(1, offset=5), 0.0)) == 1
    assert rules.arrive(Poll(2, offset=5), 2.9) == []
    assert rules.deadline == 5.9
    [reply] = rules.expire(5.9)
    assert (reply.poll, ids_of(reply)) == (2, [])


def test_a_repeated_offset_after_three_seconds_is_answered_at_once() -> None:
    """The rule about the same offset ends with its window, and spares other offsets."""
    rules = make_rules()
    rules.arrive(Poll(1, offset=5), 0.0)
    assert len(rules.arrive(Poll(2, offset=5), 3.0)) == 1
    assert len(rules.arrive(Poll(3, offset=6), 3.1)) == 1


def test_a_longer_timeout_is_not_shortened_by_a_repeat() -> None:
    """The 3 s are a minimum, never a maximum."""
    rules = make_rules()
    rules.arrive(Poll(1, offset=5), 0.0)
    rules.arrive(Poll(2, offset=5, timeout=20), 1.0)
    assert rules.deadline == 21.0


def test_a_webhook_refuses_polls_and_setting_it_ends_the_waiting_one() -> None:
    """Both get their own 409 text; without the webhook polling works again."""
    rules = make_rules()
    rules.arrive(waiting_poll(1), 0.0)
    [ended] = rules.set_webhook("https://example.org", 1.0)
    assert (ended.poll, ended.at, text_of(ended)) == (1, 1.0, WEBHOOK_ENDS_POLL)
    [refused] = rules.arrive(waiting_poll(2), 9.0)
    assert (refused.answer.status, text_of(refused)) == (409, WEBHOOK_CONFLICT)
    assert rules.set_webhook("", 10.0) == []
    assert rules.arrive(waiting_poll(3), 11.0) == []


def test_the_hold_is_shared_by_both_kinds_of_conflict() -> None:
    """A webhook's 409 within 3 s of an immediate one is held too."""
    rules = make_rules()
    rules.arrive(waiting_poll(1), 0.0)
    rules.set_webhook("https://example.org", 1.0)
    [refused] = rules.arrive(waiting_poll(2), 2.0)
    assert refused.at == 5.0


def test_a_waiting_poll_gets_the_update_that_comes() -> None:
    """An update is delivered to the poll that waits, once."""
    queue = UpdateQueue()
    rules = PollingRules(queue)
    rules.arrive(waiting_poll(1), 0.0)
    update = queue.append({})
    [reply] = rules.wake(4.0)
    assert (reply.poll, reply.at, ids_of(reply), reply.count) == (1, 4.0, [update], 1)
    assert rules.waiting is None
    assert rules.wake(5.0) == []


def test_an_update_that_nobody_confirmed_is_delivered_again() -> None:
    """An update answered into a dead socket comes back, until a higher offset forgets it."""
    rules = make_rules(1)
    [first] = rules.arrive(waiting_poll(1), 0.0)
    [second] = rules.arrive(waiting_poll(2), 1.0)
    assert ids_of(first) == ids_of(second) == [1]
    assert rules.arrive(waiting_poll(3, offset=2), 2.0) == []


def test_a_poll_ends_at_its_timeout_and_not_before() -> None:
    """The timeout answers an empty list."""
    rules = make_rules()
    rules.arrive(Poll(1, timeout=10), 5.0)
    assert rules.expire(14.999) == []
    [reply] = rules.expire(15.0)
    assert (reply.answer.status, ids_of(reply)) == (200, [])
    assert rules.deadline is None


def test_the_end_of_an_account_answers_the_waiting_poll_with_nothing() -> None:
    """A revoked token's waiting poll gets 200 with an empty list."""
    rules = make_rules()
    rules.arrive(waiting_poll(1), 0.0)
    [reply] = rules.end(3.0)
    assert (reply.poll, reply.answer.status, ids_of(reply)) == (1, 200, [])
    assert rules.end(4.0) == []


def test_the_limits_are_those_of_telegram() -> None:
    """The timeout is at most 50 s and the limit 1 to 100."""
    assert [clamp_timeout(n) for n in (-1, 0, 50, 51)] == [0, 0, 50, 50]
    assert [clamp_limit(n) for n in (-5, 0, 1, 100, 101)] == [1, 1, 1, 100, 100]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["poll", "update", "time", "webhook", "unhook", "end"]),
        st.integers(0, 6),
        st.floats(0, 5),
    ),
    max_size=60,
)


@given(STEPS)
def test_every_poll_gets_exactly_one_answer(steps: list[tuple[str, int, float]]) -> None:
    """Whatever happens, each poll is answered once, and at most one waits."""
    rules, answered, arrived = play(steps)
    waiting = [] if rules.waiting is None else [rules.waiting]
    assert sorted([reply.poll for _, reply in answered] + waiting) == list(range(1, arrived + 1))


@given(STEPS)
def test_immediate_conflicts_are_three_seconds_apart(steps: list[tuple[str, int, float]]) -> None:
    """A 409 is sent at once or after 3 s, and never two at once within 3 s."""
    _, answered, _ = play(steps)
    assert all(reply.at in (now, now + 3.0) for now, reply in answered)
    immediate = [now for now, r in answered if r.answer.status == 409 and r.at == now]
    assert all(later >= earlier + 3.0 for earlier, later in pairwise(immediate))


def play(
    steps: list[tuple[str, int, float]],
) -> tuple[PollingRules, list[tuple[float, Reply]], int]:
    """Do all this to fresh rules; returns them, the replies with their times, and the polls."""
    queue = UpdateQueue()
    rules, now, arrived, answered = PollingRules(queue), 0.0, 0, list[tuple[float, Reply]]()
    for step, number, pause in steps:
        now += pause
        replies = rules.expire(now)
        if step == "poll":
            arrived += 1
            replies += rules.arrive(Poll(arrived, offset=number, timeout=number), now)
        elif step == "update":
            queue.append({})
            replies += rules.wake(now)
        elif step == "end":
            replies += rules.end(now)
        elif step != "time":
            replies += rules.set_webhook("https://x" if step == "webhook" else "", now)
        answered += [(now, reply) for reply in replies]
    return rules, answered, arrived
