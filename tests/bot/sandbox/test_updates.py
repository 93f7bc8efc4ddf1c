"""The queue of updates."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.updates import UpdateQueue


def make_queue(count: int) -> UpdateQueue:
    queue = UpdateQueue()
    for _ in range(count):
        queue.append({})
    return queue


def ids(texts: list[str]) -> list[int]:
    return [json.loads(text)["update_id"] for text in texts]


def test_offset_zero_starts_with_the_oldest() -> None:
    """Without an offset the earliest unconfirmed updates come, up to the limit."""
    assert ids(make_queue(5).fetch(0, 3)) == [1, 2, 3]


def test_an_offset_confirms_what_is_below_it() -> None:
    """Confirmed updates never come back, even with a lower offset."""
    queue = make_queue(5)
    assert ids(queue.fetch(4, 100)) == [4, 5]
    assert ids(queue.fetch(0, 100)) == [4, 5]
    assert queue.confirmed == 3


def test_a_negative_offset_keeps_only_the_last() -> None:
    """Offset -2 forgets all but the last two."""
    queue = make_queue(5)
    assert ids(queue.fetch(-2, 100)) == [4, 5]
    assert len(queue) == 2
    assert ids(queue.fetch(-9, 100)) == [4, 5]


def test_an_offset_far_in_the_future_forgets_nothing() -> None:
    """An offset that no update could have is taken for the beginning."""
    assert ids(make_queue(2).fetch(1000, 100)) == [1, 2]


def test_text_is_kept_as_it_is() -> None:
    """A broken update is stored and returned unchanged, in its place."""
    queue = make_queue(1)
    assert queue.append_text("{broken") == 2
    assert queue.fetch(2, 100) == ["{broken"]


@given(st.lists(st.integers(0, 30), max_size=30))
def test_no_update_is_lost_or_reordered(offsets: list[int]) -> None:
    """Every fetch returns exactly what the highest plausible offset so far has not confirmed."""
    queue, floor = make_queue(20), 0
    for offset in offsets:
        floor = max(floor, offset)
        assert ids(queue.fetch(offset, 100)) == list(range(max(floor, 1), 21))
