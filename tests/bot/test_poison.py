"""Poison updates: replaced, counted, and never asked for in a hot loop."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.poison import Unintelligible, sift


def parse(update: dict[str, Any]) -> object:
    """Stands in for the library's parser: wants a text that is a string."""
    if not isinstance(update.get("text", ""), str):
        raise TypeError("text is no string")
    return update


def answer(*updates: Any) -> bytes:
    return json.dumps({"ok": True, "result": list(updates)}).encode()


def ids(payload: bytes) -> list[int]:
    return [update["update_id"] for update in json.loads(payload)["result"]]


def test_a_good_answer_is_passed_on_untouched() -> None:
    """Without poison the very same bytes go on."""
    payload = answer({"update_id": 1, "text": "a"})
    sifted = sift(payload, parse)
    assert (sifted.payload, sifted.received, sifted.skipped) == (payload, 1, ())


def test_poison_is_replaced_by_an_empty_update_with_its_id() -> None:
    """The good ones stay as they are, in order; the bad one only moves the offset."""
    sifted = sift(answer({"update_id": 1, "text": "a"}, {"update_id": 2, "text": 3}), parse)
    assert json.loads(sifted.payload)["result"] == [{"update_id": 1, "text": "a"}, {"update_id": 2}]
    assert [(item.update_id, item.error) for item in sifted.skipped] == [
        (2, "TypeError: text is no string")
    ]


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"<html>",
        b"[]",
        b'{"ok": true}',
        b'{"ok": true, "result": {}}',
        b"[" * 100_000,
        answer({"text": "no id"}),
        answer(None, 3, "x"),
    ],
)
def test_an_answer_without_any_id_is_an_error(payload: bytes) -> None:
    """Nothing to confirm means that asking again at once would be a hot loop: it is an error."""
    with pytest.raises(Unintelligible):
        sift(payload, parse)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@st.composite
def update_lists(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Updates with rising ids, some of them poisoned."""
    numbers = sorted(draw(st.sets(st.integers(0, 2**40))))
    return [{"update_id": number, "text": draw(st.text() | JSON)} for number in numbers]


@given(update_lists())
def test_every_id_survives_in_order(updates: list[dict[str, Any]]) -> None:
    """Whatever is poisoned, all ids are passed on, so that the offset passes all of them."""
    sifted = sift(answer(*updates), parse)
    assert ids(sifted.payload) == [update["update_id"] for update in updates]
    assert sifted.received == len(updates)


@given(st.lists(JSON))
def test_any_list_is_sifted_or_refused(updates: list[Any]) -> None:
    """No content of an answer makes the sifting fail in another way."""
    try:
        sifted = sift(answer(*updates), parse)
    except Unintelligible:
        return
    assert all(parse(update) for update in json.loads(sifted.payload)["result"])
