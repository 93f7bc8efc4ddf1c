"""When something that is done every so often is due."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.daemon.due import next_due, wait_for

DAY = 86400.0
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1))
CLOCKS = st.times().map(lambda time: f"{time.hour:02}:{time.minute:02}")


@pytest.mark.parametrize(
    ("last", "every", "at", "due"),
    [
        ("2026-03-01 04:00:07", 7 * DAY, "04:00", "2026-03-08 04:00:00"),
        ("2026-03-01 15:00:00", 7 * DAY, "04:00", "2026-03-08 04:00:00"),
        ("2026-03-01 17:00:00", 7 * DAY, "04:00", "2026-03-09 04:00:00"),
        ("2026-03-01 04:00:07", DAY, "04:00", "2026-03-02 04:00:00"),
        ("2026-03-01 04:00:07", 7 * DAY, None, "2026-03-08 04:00:07"),
        ("2026-03-01 04:00:07", 3600.0, "04:00", "2026-03-02 04:00:00"),
    ],
)
def test_it_is_due_at_its_time_of_the_day(last: str, every: float, at: str, due: str) -> None:
    """A week later at four, and not a little later each week."""
    found = next_due(datetime.fromisoformat(last), every, at)
    assert found == datetime.fromisoformat(due)


@given(last=MOMENTS, every=st.floats(60, 400 * DAY), at=CLOCKS)
def test_it_never_drifts_by_more_than_a_day(last: datetime, every: float, at: str) -> None:
    """Later than the last time, at the time of the day, and about an interval away."""
    due = next_due(last, every, at)
    assert due > last
    assert f"{due:%H:%M}" == at
    assert abs((due - last).total_seconds() - every) <= DAY


@given(due=MOMENTS, now=MOMENTS, at=st.none() | CLOCKS)
def test_what_was_missed_is_made_up_for_within_a_day(
    due: datetime, now: datetime, at: str | None
) -> None:
    """Never in the past, and not put off by more than the next time of the day."""
    then = wait_for(due, now, at)
    assert then >= now
    assert then == due or then - now <= timedelta(days=1)
