"""Processes that are replaced although they are well: by a schedule, or for their age.

A planned restart is no failure: the restart policy is not asked, nothing is counted, and the next
process follows at once.
"""

from __future__ import annotations

from watchdog.core import events, going_down
from watchdog.core.model import Cause
from watchdog.core.turn import Turn


def recycle(t: Turn, event: events.Recycle) -> None:
    """It is time, by the clock on the wall."""
    replace(t, Cause.SCHEDULE, event.reason)


def retire_old(t: Turn, event: events.AgeReached) -> None:
    """It is as old as it may become."""
    program = t.program
    age = 0.0 if program.started_at is None else t.moment.now - program.started_at
    replace(t, Cause.AGE, f"{age:.0f} s old, at most {program.policy.maximum_age:g} s are allowed")


def replace(t: Turn, cause: Cause, reason: str) -> None:
    """Down, politely, and up again."""
    going_down.end(t, cause, reason, t.program.policy.stop.grace)
