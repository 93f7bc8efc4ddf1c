"""When something is due for a program, read off the program itself.

There are no timers in the core, and so none to cancel or to mistake for another's: the shell asks
`earliest` when to come back, and `due` what to say then.
"""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.core.events import (
    AgeReached,
    BeatMissed,
    Event,
    EvidenceOver,
    GraceOver,
    HookOver,
    ProbeDue,
    ReloadDue,
    RetryDue,
    Settled,
    StartupOver,
)
from watchdog.core.program import Program

TIME_EVENTS = (
    GraceOver,
    EvidenceOver,
    HookOver,
    RetryDue,
    StartupOver,
    BeatMissed,
    Settled,
    ReloadDue,
    AgeReached,
    ProbeDue,
)


def deadlines(program: Program) -> Iterator[tuple[float, Event]]:
    """Everything that is going to be due, in the order in which ties are settled."""
    if program.kill_at is not None:
        yield program.kill_at, GraceOver()
    if program.examine_by is not None:
        yield program.examine_by, EvidenceOver()
    if program.hook_by is not None:
        yield program.hook_by, HookOver()
    if program.retry_at is not None:
        yield program.retry_at, RetryDue()
    if program.up_at is not None:
        yield program.up_at, StartupOver()
    if program.beat_by is not None:
        yield program.beat_by, BeatMissed()
    if program.settle_at is not None:
        yield program.settle_at, Settled()
    if program.reloading is not None:
        reloading = program.reloading
        yield (reloading.by if reloading.settled else reloading.sure), ReloadDue()
    if program.age_at is not None:
        yield program.age_at, AgeReached()
    for role, check in program.checks.items():
        yield check.due, ProbeDue(role)


def earliest(program: Program) -> float | None:
    """When the shell must look at this program again; None is never."""
    return min((at for at, _ in deadlines(program)), default=None)


def due(program: Program, now: float) -> Event | None:
    """The first thing that is due now, if any."""
    for at, event in deadlines(program):
        if at <= now:
            return event
    return None


def is_due(program: Program, event: Event, now: float) -> bool:
    """Whether a reminder still holds: it may come late, twice, or for a deadline that moved."""
    return any(at <= now and event == reminder for at, reminder in deadlines(program))
