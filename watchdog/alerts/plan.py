"""When a message goes out, and what is in it; and what of a full outbox is dropped. Pure.

Each receiver has a mark of its own, so one that cannot be reached holds up nobody else. Its alerts
go out in their order, together where they came together, and never more than so many messages an
hour: what is over waits, and is summed up in the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from watchdog.alerts.model import CLOSING, Alert, Mark
from watchdog.alerts.words import body_of

HOUR = 3600.0
FIRST_RETRY, LONGEST_RETRY = 1.0, 300.0
"""Seconds between two attempts at a receiver: doubled each time, up to five minutes."""

LONGEST_BODY = 3000
"""Characters of a message: Telegram takes 4096, with what a service adds; Slack more."""


MOST_OPEN = 1000
"""Openers that are remembered; where nobody wants to hear of recoveries they are never closed."""


class Step(NamedTuple):
    """Send the batch, or look again at `at`. Neither: nothing waits."""

    batch: tuple[Alert, ...] = ()
    at: float | None = None


def plan(alerts: Sequence[Alert], mark: Mark, group: float, limit: int, now: float) -> Step:
    """The next step for one receiver. Alerts are in their order; times are Unix seconds."""
    waiting = [alert for alert in alerts if alert.id not in mark.done]
    if not waiting:
        return Step()
    first = waiting[0].at
    # Times in the future are of a clock that was put back: they hold up nothing.
    grouped = first + group if first <= now else now
    retry = mark.retry_at if mark.retry_at <= now + LONGEST_RETRY else now
    ready = max(grouped, retry, free_at(mark.sent, limit, now))
    return Step(at=ready) if ready > now else Step(batch=fit(waiting))


def free_at(sent: Iterable[float], limit: int, now: float) -> float:
    """When the limit lets another message through."""
    recent = sorted(at for at in sent if now - HOUR < at <= now)
    return recent[-limit] + HOUR if len(recent) >= limit else now


def fit(waiting: Sequence[Alert]) -> tuple[Alert, ...]:
    """As many of the first as one message can hold, and at least one."""
    if len(body_of(tuple(waiting))) <= LONGEST_BODY:
        return tuple(waiting)
    low, high = 1, len(waiting)
    while low < high:  # the body grows with each program, so halving finds an end
        middle = (low + high + 1) // 2
        low, high = (middle, high) if _fits(waiting[:middle]) else (low, middle - 1)
    return tuple(waiting[:low])


def _fits(alerts: Sequence[Alert]) -> bool:
    return len(body_of(tuple(alerts))) <= LONGEST_BODY


def attempt(mark: Mark, batch: Iterable[Alert], now: float) -> Mark:
    """Before sending: whatever becomes of us, it is known that they may have it.

    An attempt counts as failed until it has succeeded, so that one that gets us killed is not the
    first again.
    """
    openers = {alert.id for alert in batch if alert.phase == "begins"}
    known = frozenset(sorted(mark.open | openers)[-MOST_OPEN:])
    failures = mark.failures + 1
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2.0 ** min(failures - 1, 16))
    return replace(mark, open=known, failures=failures, retry_at=now + wait)


def succeed(mark: Mark, batch: Sequence[Alert], now: float) -> Mark:
    """They have it."""
    closed = {alert.opener for alert in batch if alert.phase in CLOSING}
    sent = (*(at for at in mark.sent if now - HOUR < at <= now), now)
    return Mark(done=mark.done | {alert.id for alert in batch}, open=mark.open - closed, sent=sent)


def prune(mark: Mark, alerts: Iterable[Alert]) -> Mark:
    """Without what is no longer in the outbox."""
    return replace(mark, done=mark.done & {alert.id for alert in alerts})


def choose_victims(
    alerts: Sequence[Alert], marks: Iterable[Mark], most: int
) -> tuple[list[Alert], int]:
    """What of too many alerts is dropped, the oldest first, and how many nobody has heard of.

    What closes something stays as long as anybody may know that it was opened.
    """
    marks = list(marks)
    surplus = len(alerts) - most
    if surplus <= 0:
        return [], 0
    needed = {
        alert.id
        for alert in alerts
        if alert.phase in CLOSING
        and any(alert.opener in mark.open and alert.id not in mark.done for mark in marks)
    }
    victims = [alert for alert in alerts if alert.id not in needed][:surplus]
    unheard = [a for a in victims if not any(a.id in mark.done for mark in marks)]
    return victims, sum(1 + alert.dropped for alert in unheard)
