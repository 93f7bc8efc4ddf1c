"""An update as it is kept: whatever was sent, short, sound and without personal data."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot.pii import mask_pii
from bot.poison_text import LONGEST, show_update

JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


@given(JSON)
def test_a_small_update_is_kept_whole(update: Any) -> None:
    """Shape and values are as they were."""
    shown = show_update(update, str)
    assert len(shown) <= LONGEST + 1
    if len(shown) < LONGEST and "…" not in shown and "bits" not in shown:
        assert json.loads(shown) == json.loads(json.dumps(update).encode("utf-8", "replace")) or (
            "?" in shown  # halves of surrogate pairs
        )


def test_monsters_become_small() -> None:
    """Five megabytes of text, a million items, a thousand levels, a number without end."""
    deep: Any = "end"
    for _ in range(900):
        deep = [deep]
    monsters = ["x" * 5_000_000, list(range(1_000_000)), deep, 10**5000, {"k" * 100_000: 1}]
    for monster in monsters:
        shown = show_update({"update_id": 1, "message": monster}, mask_pii)
        assert len(shown) < LONGEST
        assert "…" in shown or "bits" in shown


def test_texts_and_keys_are_filtered_and_numbers_are_not() -> None:
    """Personal data goes, ids stay: they are what one looks for."""
    update = {"update_id": 123456789, "text": "ann@mail.example.com", "ann@mail.example.com": 1}
    shown = show_update(update, mask_pii)
    assert "ann@mail" not in shown
    assert shown.count("[e-mail]") == 2
    assert "123456789" in shown
