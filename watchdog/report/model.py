"""What a report is made of. Times are Unix seconds, durations seconds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

from msgspec import Meta, Struct, field

Kind = Literal["up", "down", "apart", "unknown"]
"""`apart` is down as it should be: an operator wanted it, or the job was done."""

KINDS: tuple[Kind, ...] = ("up", "down", "apart", "unknown")


class Line(Struct, frozen=True, gc=False):
    """One line of the journal, as far as a report looks at it."""

    at: Annotated[datetime, Meta(tz=True)]
    event: str
    program: str = ""
    state: str = ""
    health: str = ""
    cause: str = ""
    before: str = field(default="", name="from")
    restarts: int = 0
    exit: dict[str, Any] | None = None
    gap_seconds: float | None = None
    double_seconds: float | None = None
    bound: str = ""
    how: str = ""
    planned: bool = False
    phase: str = ""
    result: str = ""
    last_sign: Annotated[datetime, Meta(tz=True)] | None = None  # of the watchdog before


class Window(NamedTuple):
    """The time that is reported on. Until `watched` something is known, later nothing is."""

    since: float
    until: float
    watched: float


class Span(NamedTuple):
    """A time in which nothing changed."""

    start: float
    end: float
    kind: Kind
    cause: str = ""

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.start


class Costs(NamedTuple):
    """What the hand-overs cost, by the ledger. None: nobody can know."""

    handovers: int = 0
    gap: float = 0.0
    at_most: bool = False  # whether a gap is a bound from above
    unknown_gaps: int = 0
    double: float = 0.0
    unproved: int = 0  # hand-overs of which nobody knows whether two ran


class Restarts(NamedTuple):
    """Restarts that somebody wanted, and the time from nobody to somebody who is ready."""

    total: int
    median: float  # seconds
    longest: float


class Figures(NamedTuple):
    """One program."""

    name: str
    spans: tuple[Span, ...]
    seconds: dict[str, float]  # by kind
    downtime: dict[str, float]  # by cause
    apart: dict[str, float]
    availability: float | None  # of the time that is known and was wanted; None: there was none
    failures: int  # times that it went down in the window
    restarts: int  # automatic ones
    mean_repair: float | None  # MTTR
    mean_between: float | None  # MTBF
    costs: Costs
    drills: dict[str, int]  # by result
    planned: Restarts | None = None  # None: there was none
