"""The verdicts of the demonstration: a promise that was broken is never called held."""

from __future__ import annotations

from typing import Any

import pytest

from watchdog.demo import judge

HOLDER = (
    'watchdog: bot is already running elsewhere: telegram:1 is held by pid 42 (user ann, "python'
    ' -m bot", since 2026-01-02 03:04:05)'
)


def says(*texts: str) -> list[dict[str, Any]]:
    """A chat; what begins with `bot:` was written by the bot."""
    return [
        {"from_bot": text.startswith("bot:"), "text": text.removeprefix("bot:")} for text in texts
    ]


def test_the_bound_of_a_hang_is_threshold_periods_and_a_timeout_and_5_percent() -> None:
    """3 x 0.4 s + 1 s + 5 %, and what the endpoint itself needs comes on top."""
    assert judge.hang_bound(3, 0.4, 1.0) == pytest.approx(2.31)
    assert judge.hang_bound(3, 0.4, 1.0, notice=1.0) == pytest.approx(3.36)


def test_a_time_at_its_bound_holds_and_one_behind_it_does_not() -> None:
    """The bound belongs to the promise."""
    assert judge.judge_time("", 2.0, 2.0).held
    assert not judge.judge_time("", 2.0, 2.001).held


@pytest.mark.parametrize("delays", [[], [0.1], [0.1, 3.2], [0.1, 0.1, 0.1]])
def test_answers_must_be_as_many_as_recoveries_and_each_in_time(delays: list[float]) -> None:
    """One that is late, missing or too many breaks the promise."""
    assert not judge.judge_answers(delays, 2).held
    assert judge.judge_answers([0.1, 3.0], 2).held


def test_a_refusal_names_the_holder() -> None:
    """Exit code 69 with pid, user, command and since."""
    assert judge.judge_refusal("", 69, HOLDER, (42, 7), "ann").held


@pytest.mark.parametrize(
    ("code", "text", "pids", "lacking"),
    [
        (0, HOLDER, (42,), "0"),
        (69, HOLDER, (4,), "the pid"),
        (69, HOLDER.replace("ann", "bob"), (42,), "the user"),
        (69, HOLDER.replace("-m bot", ""), (42,), "the command"),
        (69, HOLDER.replace("2026", ""), (42,), "since when"),
    ],
)
def test_a_refusal_that_lacks_something_says_what(
    code: int, text: str, pids: tuple[int, ...], lacking: str
) -> None:
    """Each of the four facts is needed, and the code."""
    row = judge.judge_refusal("", code, text, pids, "ann")
    assert not row.held
    assert lacking in row.seen


@pytest.mark.parametrize(
    ("chat", "held"),
    [
        (says("/start", "bot:Hello, Ann", "hi", "bot:hi", "/fault deaf", "bot:fault: deaf"), True),
        (says("hi", "bot:hi", "bot:hi"), False),
        (says("hi"), False),
        (says("hi", "bot:ho"), False),
        (says("hi", "ho", "bot:hi", "bot:ho"), False),
        (says(), False),
    ],
)
def test_each_message_needs_one_answer_and_the_right_one(
    chat: list[dict[str, Any]], held: bool
) -> None:
    """Twice, never, wrong, and nothing written at all: none of these holds."""
    assert judge.judge_exchanges(chat).held is held


@pytest.mark.parametrize(
    ("code", "seconds", "order", "held"),
    [
        (0, 1.0, ("bot", "watchdog"), True),
        (0, 1.0, ("watchdog", "bot"), False),
        (0, 1.0, ("watchdog",), False),
        (1, 1.0, ("bot", "watchdog"), False),
        (None, 1.0, ("bot",), False),
        (0, 99.0, ("bot", "watchdog"), False),
    ],
)
def test_a_shutdown_is_clean_in_order_and_in_time(
    code: int | None, seconds: float, order: tuple[str, ...], held: bool
) -> None:
    """Any of the three that is missing breaks it."""
    assert judge.judge_shutdown(code, seconds, order).held is held


def test_a_process_that_is_left_is_named() -> None:
    """Leftovers break the promise."""
    row = judge.judge_leftovers(["python (pid 7)"])
    assert not row.held
    assert "pid 7" in row.seen
