"""The pure parts of notices: where a text is cut, what is news, how a start is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.graphemes import cut_before
from bot.notices.life import judge_start
from bot.notices.news import Newsroom
from bot.parting import all_parts
from bot.texts import units
from bot.verdict import Verdict

FAMILY = "👨\u200d👩\u200d👧"
WELL = Verdict("running", 200, None)
RIVAL = Verdict("degraded", 200, "Someone else is polling.", "rival")


@pytest.mark.parametrize(
    "sign", ["e\u0301", FAMILY, "🇩🇪", "👍🏽", "❤\ufe0f", "각", "\r\n", "🏴\U000e0067\U000e007f"]
)
def test_what_is_seen_as_one_sign_is_never_cut(sign: str) -> None:
    """Wherever the cut falls in a row of them, it moves to a border between two."""
    text = "xy" + sign * 9
    for at in range(2, len(text) + 1):
        assert (cut_before(text, at) - 2) % len(sign) == 0


@given(st.text(st.sampled_from("ae\u0301 \n👍🏽🇩🇪\u200d👩x.")), st.integers(0, 99))
def test_a_cut_is_never_behind_the_place(text: str, at: int) -> None:
    """It moves back at most, and not far."""
    at = min(at, len(text))
    assert at - 64 <= cut_before(text, at) <= at


@given(st.lists(st.sampled_from([FAMILY, "🇩🇪", "word ", "\n", "e\u0301", "👍🏽"]), max_size=3000))
def test_the_parts_of_a_text_fit_and_lose_only_white_space(pieces: list[str]) -> None:
    """Each is within 4096 UTF-16 units; put together they are the text; no sign is taken apart."""
    text = "".join(pieces)
    parts = list(all_parts(text))
    assert all(0 < units(part) <= 4096 for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())
    assert not any(part[0] in "\u0301\u200d🏽" for part in parts)


def test_a_mountain_of_marks_is_cut_all_the_same() -> None:
    """One letter with ten thousand accents is not one message, and is no endless loop."""
    parts = list(all_parts("e" + "\u0301" * 10_000))
    assert sum(map(len, parts)) == 10_001


def test_a_trouble_is_news_when_it_stays_and_when_it_ends() -> None:
    """Half a minute of it, then once; its end is told with how long it took."""
    room = Newsroom()
    assert room.hear(RIVAL, 100) == []
    assert room.hear(RIVAL, 129) == []
    assert room.hear(RIVAL, 130) == ["Someone else is polling."]
    assert room.hear(RIVAL, 500) == []
    assert room.hear(WELL, 705) == ["no longer degraded (rival), after 10 min 5 s."]
    assert room.hear(WELL, 800) == []


def test_what_comes_and_goes_is_no_news() -> None:
    """Neither a short trouble, nor the same one again within ten minutes of its end."""
    room = Newsroom()
    for start in range(0, 1000, 20):
        assert room.hear(RIVAL, start) == room.hear(WELL, start + 10) == []
    room.hear(RIVAL, 2000)
    assert room.hear(RIVAL, 2030)
    assert room.hear(WELL, 2040)
    room.hear(RIVAL, 2100)
    assert room.hear(RIVAL, 2200) == []
    assert room.hear(RIVAL, 2641) == ["Someone else is polling."]


def test_starts_in_a_row_are_told_once_a_minute() -> None:
    """The first is told, those soon after are counted, the next one later says how many."""
    assert judge_start(None, 1000).worth_telling
    second = judge_start((False, 1000, 0), 1010)
    assert (second.worth_telling, second.untold) == (False, 1)
    later = judge_start((False, 1000, 7), 1061)
    assert later.worth_telling
    crash, count = later.remarks()
    assert crash.startswith("The one before did not stop in order")
    assert count.endswith(": 7.")
    assert list(judge_start((True, 1000, 0), 9000).remarks()) == []
    assert judge_start((True, 9000, 0), 1000).worth_telling  # a clock that was put back
