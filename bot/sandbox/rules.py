"""Who may poll: the rules of getUpdates for one bot, without a clock and without a socket.

The theory (after the official telegram-bot-api server, `Client.cpp`):

* At most one poll waits. A poll that must wait (no update is ready and its timeout is not 0) ends
  the one that waits already: the *old* poll gets the 409, the *new* one waits. A call that is
  answered at once ends nobody.
* The first 409 is immediate. Another one that falls due within 3 s of the last immediate one is
  held for 3.0 s; a held one does not move that mark.
* A webhook refuses every poll, and setting one ends the waiting poll.
* A call with the same offset as the call before and less than 3 s after it waits 3 s where it
  asked for less.
* Nobody tells these rules that a poller died. Its poll waits until its timeout, an update, or the
  next poll that waits.

Every operation takes the time (seconds on any clock that only goes forward) and returns the
replies that are now due, or due later (`Reply.at`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.sandbox.answers import (
    POLL_CONFLICT,
    WEBHOOK_CONFLICT,
    WEBHOOK_ENDS_POLL,
    deliver,
    refuse,
)
from bot.sandbox.updates import UpdateQueue
from bot.serving import Answer

MAXIMUM_TIMEOUT = 50
MAXIMUM_LIMIT = 100
CONFLICT_HOLD = 3.0
REPEAT_WINDOW = 3.0
REPEAT_TIMEOUT = 3


class Outcome(StrEnum):
    """Why a poll was answered."""

    UPDATES = "updates"
    NOTHING = "nothing"
    CONFLICT = "conflict"
    WEBHOOK = "webhook"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Poll:
    """One getUpdates call, its numbers already within the limits."""

    id: int
    offset: int = 0
    limit: int = MAXIMUM_LIMIT
    timeout: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to the poll `poll`, to be sent at time `at`; `count` updates are in it."""

    poll: int
    at: float
    outcome: Outcome
    answer: Answer
    count: int = 0


def clamp_timeout(seconds: int) -> int:
    """The timeout the server will use, in seconds."""
    return max(0, min(seconds, MAXIMUM_TIMEOUT))


def clamp_limit(limit: int) -> int:
    """The limit the server will use."""
    return max(1, min(limit, MAXIMUM_LIMIT))


class PollingRules:
    """The state machine: which poll waits, until when, and when the last immediate 409 was."""

    def __init__(self, queue: UpdateQueue) -> None:
        self._queue = queue
        self._waiting: Poll | None = None
        self._deadline = 0.0
        self._next_immediate_conflict = float("-inf")
        self._previous_offset: int | None = None
        self._previous_start = float("-inf")
        self.webhook = ""

    @property
    def waiting(self) -> int | None:
        """The id of the poll that waits, alive or not."""
        return self._waiting.id if self._waiting else None

    @property
    def deadline(self) -> float | None:
        """When the waiting poll ends by itself."""
        return self._deadline if self._waiting else None

    def arrive(self, poll: Poll, now: float) -> list[Reply]:
        """A getUpdates call came in."""
        if self.webhook:
            return [self._conflict(poll.id, WEBHOOK_CONFLICT, Outcome.WEBHOOK, now)]
        timeout = self._lengthen_repeat(poll, now)
        updates = self._queue.fetch(poll.offset, poll.limit)
        if updates or timeout == 0:
            return [_answer(poll.id, updates, now)]
        replies = self._end_waiting(POLL_CONFLICT, Outcome.CONFLICT, now)
        self._waiting, self._deadline = poll, now + timeout
        return replies

    def wake(self, now: float) -> list[Reply]:
        """An update was queued: the waiting poll gets it."""
        if self._waiting is None or not len(self._queue):
            return []
        poll, self._waiting = self._waiting, None
        updates = self._queue.fetch(max(poll.offset, 0), poll.limit)
        return [_answer(poll.id, updates, now)]

    def expire(self, now: float) -> list[Reply]:
        """Time has passed: a poll at its timeout gets an empty list."""
        if self._waiting is None or now < self._deadline:
            return []
        poll, self._waiting = self._waiting, None
        return [_answer(poll.id, [], now)]

    def set_webhook(self, url: str, now: float) -> list[Reply]:
        """Set the webhook; an empty `url` removes it. A waiting poll ends when one is set."""
        self.webhook = url
        if not url:
            return []
        return self._end_waiting(WEBHOOK_ENDS_POLL, Outcome.WEBHOOK, now)

    def end(self, now: float) -> list[Reply]:
        """The account goes away (revoked, logged out, closed): the waiting poll gets `200 []`."""
        if self._waiting is None:
            return []
        poll, self._waiting = self._waiting, None
        return [Reply(poll.id, now, Outcome.ENDED, deliver([]))]

    def _lengthen_repeat(self, poll: Poll, now: float) -> int:
        repeated = poll.offset == self._previous_offset
        recent = now < self._previous_start + REPEAT_WINDOW
        self._previous_offset, self._previous_start = poll.offset, now
        return REPEAT_TIMEOUT if repeated and recent and poll.timeout < 3 else poll.timeout

    def _end_waiting(self, text: str, outcome: Outcome, now: float) -> list[Reply]:
        if self._waiting is None:
            return []
        poll, self._waiting = self._waiting, None
        return [self._conflict(poll.id, text, outcome, now)]

    def _conflict(self, poll_id: int, text: str, outcome: Outcome, now: float) -> Reply:
        at = now + CONFLICT_HOLD
        if now >= self._next_immediate_conflict:
            self._next_immediate_conflict = now + CONFLICT_HOLD
            at = now
        return Reply(poll_id, at, outcome, refuse(409, text))


def _answer(poll_id: int, updates: list[str], now: float) -> Reply:
    outcome = Outcome.UPDATES if updates else Outcome.NOTHING
    return Reply(poll_id, now, outcome, deliver(updates), len(updates))
