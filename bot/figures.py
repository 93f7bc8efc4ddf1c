"""The bot's vital figures: what happened when, and nothing about what to make of it.

Written by the event loop, read by the health thread. Every figure is one attribute that is
replaced as a whole, so a reader sees old or new but never half. All times are `time.monotonic()`
seconds; the verdict over these figures is in `health.py`.
"""

import math
import time
from asyncio import Future
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.call_figures import CallFigures
from bot.condition import Condition
from bot.webhook.figures import WebhookFigures

# The longest pause python-telegram-bot makes after a failed poll (telegram/ext/_utils/networkloop).
LONGEST_BACKOFF = 30.0
# A poll in flight for longer than this has long been read by the server, in seconds.
SETTLED = 0.25
# Conflicts further apart than this are two stories: python-telegram-bot rests up to 30 s after one,
# so younger than two rests means that it goes on.
CONFLICT_SECONDS = 60.0
_RATE_WINDOW = 60.0  # seconds over which updates per second are averaged

Clock = Callable[[], float]


class Phase(StrEnum):
    """Where the process is in its life."""

    STARTING = "starting"
    SERVING = "serving"
    STOPPING = "stopping"


@dataclass
class PollingFigures:
    """What the getUpdates round trips did; `PollingRequest` stamps each of them."""

    began: float | None = None  # when polling began
    started: float | None = None  # the last round trip's start
    finished: float | None = None  # the last round trip's end, however it ended
    succeeded: float | None = None
    status: int | None = None  # HTTP status of the last answer; None if there was no answer
    error: str | None = None  # what the last round trip failed with
    failures: int = 0  # in a row
    pool_timeouts: int = 0  # in a row: requests that did not even get a connection
    conflicts: int = 0
    last_conflict: float | None = None
    conflict_since: float | None = None  # when the present or last series of conflicts began
    conflict_error: str = ""  # what Telegram said at the last of them
    pause: float = 0.0  # how long the poller may rest before its next round trip
    held: float | None = None  # since when the next poll waits for handlers to get on
    released: float = -math.inf  # when such a pause last ended
    round_trips: int = 0
    received: int = 0  # updates
    skipped: int = 0  # updates that could not be parsed
    offset: int = 0  # the highest offset sent: Telegram forgets every update below it
    answered: int = 0  # the highest offset that was answered

    def confirms(self, update_id: int, now: float) -> bool:
        """Whether Telegram has surely been told that `update_id` was received."""
        in_flight = self.offset > update_id and self.settled(-math.inf, now)
        return in_flight or self.answered > update_id

    def settled(self, since: float, now: float) -> bool:
        """Whether the last poll began after `since`, and has reached the server by now.

        One that has only just begun may be cut off before it gets there.
        """
        return self.started is not None and since <= self.started < now - SETTLED

    def start(self, now: float, offset: int) -> None:
        self.started = now
        self.offset = max(self.offset, offset)

    def succeed(self, now: float, received: int, skipped: int) -> None:
        self.received += received
        self.skipped += skipped
        self.answered = self.offset
        self.failures = self.pool_timeouts = 0
        self.status, self.error, self.pause = 200, None, 0.0
        self.succeeded = now
        self._finish(now)

    def fail(self, now: float, status: int | None, error: str, pause: float) -> None:
        """Stamp a failure, after which the poller may rest for `pause` seconds."""
        self.failures += 1
        self.pool_timeouts = self.pool_timeouts + 1 if error.startswith("Pool timeout") else 0
        self.status, self.error, self.pause = status, error, pause
        if status == 409:
            self._conflict(now, error)
        self._finish(now)

    def _conflict(self, now: float, error: str) -> None:
        if self.last_conflict is None or now - self.last_conflict > CONFLICT_SECONDS:
            self.conflict_since = now
        self.conflicts += 1
        self.last_conflict, self.conflict_error = now, error

    def _finish(self, now: float) -> None:
        self.round_trips += 1
        self.finished = now


@dataclass
class LoopFigures:
    """The event loop's own heartbeat."""

    beat: float | None = None  # when it last ran
    lag: float = 0.0  # how much later than asked for


@dataclass
class HandlerFigures:
    """The updates being handled now, and how many there were."""

    running: dict[int, float] = field(default_factory=dict)  # a serial number: when it began
    begun: int = 0
    asides: int = 0
    failed: int = 0
    ended: float | None = None  # when the last one ended
    rate: float = 0.0  # updates per second, a moving average
    last_begun: float | None = None

    def begin(self, now: float) -> int:
        """Note the start of a handler; returns what `end` wants to know."""
        self.rate = self.rate_at(now) + 1 / _RATE_WINDOW
        self.last_begun = now
        self.begun += 1
        self.running[self.begun] = now
        return self.begun

    def begin_aside(self, now: float) -> int:
        """Note work that goes on behind an update whose own handler has ended."""
        self.asides += 1
        self.running[-self.asides] = now
        return -self.asides

    def end(self, number: int, now: float | None = None) -> None:
        self.running.pop(number, None)
        if number > 0 and now is not None:
            self.ended = now

    def rate_at(self, now: float) -> float:
        if self.last_begun is None:
            return 0.0
        return self.rate * math.exp((self.last_begun - now) / _RATE_WINDOW)

    def oldest(self) -> float | None:
        """When the oldest running handler began."""
        return min(tuple(self.running.values()), default=None)


@dataclass
class PoisonFigures:
    """Updates that were left out, for good."""

    unreadable: int = 0  # the library cannot parse them
    deadly: int = 0  # whoever began with them came to its end
    kept: int | None = None  # in the database now; None: not known
    last: float | None = None  # when the last one was left out


@dataclass(frozen=True)
class Snapshot:
    """The figures at one moment; the verdict is a pure function of it."""

    phase: Phase
    polling: PollingFigures
    loop: LoopFigures
    poller_alive: bool = True
    dispatcher_alive: bool = True
    note: str | None = None
    waiting: int = 0  # updates fetched but not yet begun
    running: int = 0
    oldest_handler: float | None = None
    last_end: float | None = None  # when a handler of an update last ended
    degraded: tuple[str, ...] = ()  # which capabilities do not work, and why
    poison: PoisonFigures = field(default_factory=PoisonFigures)
    webhook: WebhookFigures | None = None  # in webhook mode only
    epoch: float = 0.0  # added to a time, it makes it seconds since 1970


class Figures:
    """All figures of one process."""

    def __init__(self, bot_id: int, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self.born = clock()
        self.bot_id = bot_id
        self.username: str | None = None
        self.phase = Phase.STARTING
        self.note: str | None = "the process has just been started"
        self.polling = PollingFigures()
        self.loop = LoopFigures()
        self.handlers = HandlerFigures()
        self.calls = CallFigures()
        self.poison = PoisonFigures()
        self.webhook: WebhookFigures | None = None
        self.poller: Future[Any] | None = None
        self.dispatcher: Future[Any] | None = None
        self.conditions: tuple[Condition, ...] = ()

    def add_condition(self, name: str) -> Condition:
        """The condition of a capability, which is part of the verdict from now on."""
        condition = Condition(name, self.clock)
        self.conditions = (*self.conditions, condition)
        return condition

    @property
    def waiting(self) -> int:
        """Updates that came in, but were not yet begun with."""
        accepted = self.webhook.accepted if self.webhook else 0
        return max(0, self.polling.received + accepted - self.handlers.begun)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            phase=self.phase,
            polling=replace(self.polling),
            loop=replace(self.loop),
            poller_alive=_alive(self.poller),
            dispatcher_alive=_alive(self.dispatcher),
            note=self.note,
            waiting=self.waiting,
            last_end=self.handlers.ended,
            running=len(self.handlers.running),
            oldest_handler=self.handlers.oldest(),
            degraded=tuple(_describe_troubles(self.conditions)),
            poison=replace(self.poison),
            webhook=replace(self.webhook) if self.webhook else None,
            epoch=time.time() - self.clock(),
        )


def _alive(task: Future[Any] | None) -> bool:
    return task is not None and not task.done()


def _describe_troubles(conditions: tuple[Condition, ...]) -> Iterator[str]:
    for condition in conditions:
        if trouble := condition.trouble:
            yield f"The {condition.name} does not work: {trouble.reason}."
