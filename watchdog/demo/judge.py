"""The verdicts: what was promised, within which bound, what was seen, and whether it held. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

TOLERANCE = 1.05  # a hang is replaced within threshold x period + timeout, and 5 percent
RESTART_BOUND = 0.5  # seconds; the first restart is immediate, the rest is for a busy machine
ANSWER_BOUND = 3.0  # seconds from a recovery to the bot's answer
COMING_UP_BOUND = 20.0  # seconds from nothing to the first answer
SHUTDOWN_BOUND = 15.0  # seconds; the default grace period
UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h: already running elsewhere

Message = Mapping[str, Any]


class Row(NamedTuple):
    """One line of the final table."""

    promise: str
    bound: str
    seen: str
    held: bool


class Exchange(NamedTuple):
    """What the user wrote, and everything that the bot wrote until the next question."""

    question: str
    answers: tuple[str, ...]


def hang_bound(threshold: int, period: float, timeout: float, notice: float = 0.0) -> float:
    """Seconds within which a hang is replaced; `notice` is what the health endpoint itself takes
    to see it."""
    return (notice + threshold * period + timeout) * TOLERANCE


def judge_time(promise: str, bound: float, seen: float) -> Row:
    """Something took `seen` seconds, and might take `bound`."""
    return Row(promise, f"{bound:.2f} s", f"{seen:.2f} s", seen <= bound)


def judge_answers(delays: Sequence[float], expected: int) -> Row:
    """After each recovery the bot answered, the slowest time counts."""
    slowest = max(delays, default=0.0)
    held = len(delays) == expected and slowest <= ANSWER_BOUND
    promise = f"answers after {expected} recoveries"
    return Row(
        promise, f"{ANSWER_BOUND:.2f} s each", f"{len(delays)}, at most {slowest:.2f} s", held
    )


def judge_refusal(promise: str, code: int, text: str, pids: Iterable[int], user: str) -> Row:
    """A second copy must end with 69 and say who runs: pid, user, command and since when."""
    wanted = {
        "the pid": any(re.search(rf"\bpid {pid}\b", text) for pid in pids),
        "the user": f"user {user}" in text,
        "the command": "-m bot" in text,
        "since when": re.search(r"since \d{4}-\d\d-\d\d", text) is not None,
    }
    missing = [name for name, found in wanted.items() if not found]
    seen = f"{code}, lacks {' and '.join(missing)}" if missing else f"{code}, names the holder"
    return Row(promise, f"{UNAVAILABLE}, by whom", seen, code == UNAVAILABLE and not missing)


def judge_count(promise: str, expected: int, seen: int) -> Row:
    """Something was counted, and there is one right number."""
    return Row(promise, str(expected), str(seen), seen == expected)


def judge_exchanges(messages: Iterable[Message]) -> Row:
    """Each message of the user has one answer, and it is the right one."""
    exchanges = pair(messages)
    right = sum(is_answered_once(exchange) for exchange in exchanges)
    return Row(
        "messages answered exactly once",
        f"all {len(exchanges)}",
        f"{right} of {len(exchanges)}",
        bool(exchanges) and right == len(exchanges),
    )


def judge_shutdown(code: int | None, seconds: float, order: Sequence[str]) -> Row:
    """The bot stopped first, then the watchdog ended: well, and in time."""
    ended = "still running" if code is None else f"exit {code}"
    in_order = tuple(order) == ("bot", "watchdog")
    seen = f"{ended}, {seconds:.2f} s" + ("" if in_order else f", {' then '.join(order)}")
    held = code == 0 and in_order and seconds <= SHUTDOWN_BOUND
    return Row("shutdown in order", f"exit 0, {SHUTDOWN_BOUND:.2f} s", seen, held)


def judge_leftovers(left: Sequence[str]) -> Row:
    """No process of all that were started is left."""
    return Row("processes left over", "0", " ".join([str(len(left)), *left]), not left)


def pair(messages: Iterable[Message]) -> list[Exchange]:
    """The chat as questions with their answers, in the order of writing."""
    exchanges: list[Exchange] = []
    for message in messages:
        text = str(message.get("text", ""))
        if not message["from_bot"]:
            exchanges.append(Exchange(text, ()))
        elif exchanges:
            last = exchanges[-1]
            exchanges[-1] = last._replace(answers=(*last.answers, text))
    return exchanges


def is_answered_once(exchange: Exchange) -> bool:
    """Whether there is one answer, and to this question."""
    return len(exchange.answers) == 1 and fits(exchange.question, exchange.answers[0])


def fits(question: str, answer: str) -> bool:
    """Whether this answers that: a greeting, a fault that is announced, or else an echo."""
    if question.startswith("/start"):
        return answer.startswith("Hello")
    if question.startswith("/fault "):
        return answer == "fault: " + question.removeprefix("/fault ")
    return answer == question
