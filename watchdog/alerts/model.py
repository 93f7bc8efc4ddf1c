"""What passes between the desk, the outbox and the sender. Plain immutable values."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Topic = Literal["down", "conflict"]
Phase = Literal["begins", "lasts", "over", "left", "once"]
"""Of what lasts: it begins, still is, is over, or is nobody's business any more. Else: once."""

CLOSING: tuple[Phase, ...] = ("over", "left")


class News(Struct, frozen=True):
    """Something that people should hear of. Times are on the monotonic clock."""

    kind: str  # one of the configuration's words for `on`
    phase: Phase
    program: str = ""
    since: float = 0.0  # when what is told of began
    reason: str = ""
    failures: int = 1
    stays: bool = False  # it will not come back by itself


class Alert(Struct, frozen=True):
    """News in the outbox."""

    id: str  # sorts by time
    kind: str
    phase: Phase
    at: float  # Unix seconds
    text: str
    program: str = ""
    opener: str = ""  # of what closes something: the alert that opened it
    dropped: int = 0  # alerts before this one that nobody could be told, and that are gone


class Mark(Struct, frozen=True):
    """How far one receiver is. Times are Unix seconds."""

    done: frozenset[str] = frozenset()  # alerts in the outbox that it has
    open: frozenset[str] = frozenset()  # openers that it may have, without what closes them
    sent: tuple[float, ...] = ()  # messages within the last hour
    failures: int = 0  # in a row
    retry_at: float = 0.0
    trouble: str = ""  # why the last attempt failed


class Task(Struct, frozen=True):
    """What a sender is told on its standard input. The URLs are secret."""

    urls: tuple[str, ...]
    group: float
    limit: int
    title: str
    linger: float = 60.0  # seconds without an alert after which it ends
    deadline: float = 60.0  # seconds for one message, after which the sender is killed


class Rules(Struct, frozen=True):
    """What the desk must know of the configuration."""

    on: frozenset[str]
    after: float
    repeat: float | None = None
