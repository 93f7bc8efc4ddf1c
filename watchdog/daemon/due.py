"""When something that is done every so often is due, by the clock on the wall.

Times are of the machine's own wall clock, without a zone, as people write them into a
configuration: "04:00" is four o'clock before and after the clocks are changed. Pure.
"""

from __future__ import annotations

from datetime import datetime, timedelta

HALF_A_DAY = timedelta(hours=12)


def next_due(last: datetime, every: float, at: str | None) -> datetime:
    """When it is due, having been done last at that time; it may lie in the past: it was missed.

    every: seconds. at: HH:MM, or None for any time of the day.
    """
    interval = timedelta(seconds=every)
    if at is None:
        return last + interval
    # What was done some seconds after four must not be due a day later each time, so it may come up
    # to half a day early; of two times of the day, that is the nearer one.
    earliest = last + interval - min(HALF_A_DAY, interval / 2)
    return first_at(earliest, at)


def first_at(earliest: datetime, at: str) -> datetime:
    """The first time of the day HH:MM that is not before `earliest`."""
    hour, minute = map(int, at.split(":"))
    found = earliest.replace(hour=hour, minute=minute, second=0, microsecond=0)
    return found if found >= earliest else found + timedelta(days=1)


def wait_for(due: datetime, now: datetime, at: str | None) -> datetime:
    """When to do it, if it may have been missed: now, or at the next such time of the day."""
    if due >= now:
        return due
    return now if at is None else first_at(now, at)
