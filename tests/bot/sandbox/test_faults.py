"""Which call meets which fault, in virtual time."""

from __future__ import annotations

import json

import pytest

from bot.sandbox.faults import BadFault, FaultBook, Verdict


def test_the_next_calls_of_a_method_get_the_answer() -> None:
    """A fault with a count is met by so many calls of its method, and then is gone."""
    book = FaultBook()
    book.add({"kind": "answer", "status": 404, "method": "getUpdates", "count": 2}, 0.0)
    assert book.take(1, "getMe", 0.0) == Verdict()
    answers = [book.take(1, "GETUPDATES", 1.0).answer for _ in range(3)]
    assert [answer and answer.status for answer in answers] == [404, 404, None]
    assert book.list(1.0) == []


def test_a_429_says_when_to_try_again() -> None:
    """The seconds are in the parameters, as Telegram puts them."""
    book = FaultBook()
    book.add({"kind": "answer", "status": 429, "retry_after": 7}, 0.0)
    answer = book.take(1, "sendMessage", 0.0).answer
    assert answer is not None
    assert json.loads(answer.body)["parameters"] == {"retry_after": 7}


def test_a_fault_may_be_for_one_bot_only() -> None:
    """Other bots do not meet it."""
    book = FaultBook()
    book.add({"kind": "drop", "bot": 5}, 0.0)
    assert book.take(6, "getMe", 0.0) == Verdict()
    assert book.take(5, "getMe", 0.0).drop


def test_slowness_adds_up_with_another_fault() -> None:
    """A slow answer may be a wrong one too."""
    book = FaultBook()
    book.add({"kind": "slow", "milliseconds": 250}, 0.0)
    book.add({"kind": "slow", "milliseconds": 500}, 0.0)
    book.add({"kind": "empty"}, 0.0)
    verdict = book.take(1, "getMe", 0.0)
    assert (verdict.delay, verdict.answer and verdict.answer.body) == (0.75, b"")
    assert book.take(1, "getMe", 0.0) == Verdict(0.75)


def test_a_hang_ends_with_its_time_or_when_cleared() -> None:
    """Only the time and the hand end a hang; it uses up no count."""
    book = FaultBook()
    fault = book.add({"kind": "hang", "seconds": 5}, 10.0)
    assert book.hangs_until(1, "getMe", 14.9) == 15.0
    assert book.hangs_until(1, "getMe", 15.0) is None
    endless = book.add({"kind": "hang"}, 20.0)
    assert book.hangs_until(1, "getMe", 1e9) == float("inf")
    assert book.clear(endless.id) == 1
    assert book.hangs_until(1, "getMe", 21.0) is None
    assert book.clear() == 1 and fault.id == 1


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"kind": "explode"},
        {"kind": ["hang"]},
        {"kind": "hang", "second": 5},
        {"kind": "hang", "seconds": "5"},
        {"kind": "hang", "seconds": -1},
        {"kind": "answer", "status": 99},
        {"kind": "answer", "count": True},
    ],
)
def test_a_fault_that_cannot_be_is_refused(request_: dict[str, object]) -> None:
    """The error names what was found and what is allowed, and nothing is added."""
    book = FaultBook()
    with pytest.raises(BadFault, match="allowed"):
        book.add(request_, 0.0)
    assert book.list(0.0) == []
