"""What is kept of one failure. Plain immutable values; times are seconds of the wall clock."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class Result(Struct, frozen=True, omit_defaults=True):
    """One probe, as it went."""

    at: float
    role: str
    ok: bool
    text: str = ""
    latency: float = 0.0  # seconds


class Moment(Struct, frozen=True, omit_defaults=True):
    """One step of the story: where the program stood from then on."""

    at: float
    state: str
    health: str = ""
    text: str = ""
    pid: int | None = None
    incarnation: int = 0


class Incident(Struct, frozen=True):
    """The evidence of one failure, and what came of it."""

    id: str  # PROGRAM-YYYYMMDD-HHMMSS, in universal time; with a number if that is taken
    program: str
    incarnation: int
    pid: int | None
    cause: str  # of the core: crash, hang, startup, memory, spawn, refused; or "unseen"
    at: float  # when it became known
    reason: str  # why it was ended, in words; or how it ended by itself
    promised: str  # what the configuration says of this case, in words
    began: float | None = None  # when this incarnation was started
    exit: dict[str, Any] | None = None  # "code", "signal", "text"
    last_well: float | None = None  # the last probe or beat that passed
    probes: tuple[Result, ...] = ()  # the last ones, oldest first
    output: str = ""  # the last lines, also of incarnations before it
    own_lines: int | None = None  # so many of them, at the end, it wrote itself; None: not known
    processes: tuple[dict[str, Any], ...] = ()  # as the examiner prints them, the leader first
    examined_in: float | None = None  # seconds that the evidence took; None: there was no process
    timeline: tuple[Moment, ...] = ()
    repeats: int = 0  # failures of the same kind before it had recovered
    recovered: float | None = None  # up again, and healthy as far as anything looks at that
    drill: bool = False  # it was rehearsed


class Summary(Struct, frozen=True):
    """One line of a list of incidents."""

    id: str
    program: str
    cause: str
    at: float
    reason: str
    repeats: int
    recovered: float | None
    drill: bool


def summary_of(incident: Incident) -> Summary:
    """The line for a list."""
    return Summary(
        incident.id,
        incident.program,
        incident.cause,
        incident.at,
        incident.reason,
        incident.repeats,
        incident.recovered,
        incident.drill,
    )
