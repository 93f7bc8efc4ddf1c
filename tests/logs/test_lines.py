"""Chunks become whole lines, and lines take the form that was asked for."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.logs.lines import HELD_BACK, Splitter, as_json, as_raw, as_text, formatter, stamp

NOON = 1741950000.123
TEXT_LINE = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d .*")


def cut_anywhere(data: bytes) -> int:
    return len(data) - 100


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"a", b"\n", b"bc\n", b"\n\n", b"long " * 50])))
def test_lines_come_out_whole_and_complete(chunks: list[bytes]) -> None:
    """Whatever the chunks, each output ends with a newline and together they are the input."""
    splitter = Splitter(cut_anywhere)
    out = [splitter.feed(chunk) for chunk in chunks]
    assert all(piece.endswith(b"\n") for piece in out if piece)
    assert b"".join(out) + splitter.finish() == b"".join(chunks)
    assert splitter.finish() == b""


@settings(deadline=None)
@given(st.lists(st.integers(1, 3 * HELD_BACK), max_size=20))
def test_a_flood_without_newlines_is_bounded(sizes: list[int]) -> None:
    """What is held back of an endless line never exceeds its bound, and nothing is lost."""
    splitter = Splitter(cut_anywhere)
    total = 0
    for size in sizes:
        total += len(splitter.feed(b"x" * size))
        assert splitter.held <= HELD_BACK
    assert total + len(splitter.finish()) == sum(sizes)


def test_raw_changes_nothing() -> None:
    """The raw form is the bytes themselves, also without a last newline."""
    assert as_raw(b"\xff a\r\nb", NOON) == b"\xff a\r\nb"


def test_text_puts_the_time_before_each_line() -> None:
    """Every line, also an empty and an unfinished one, has its time, and all end with a newline."""
    lines = as_text(b"one\n\nthree", NOON).split(b"\n")
    assert len(lines) == 4
    assert lines[3] == b""
    assert all(TEXT_LINE.fullmatch(line) for line in lines[:3])


def test_stamp_is_the_local_time_with_its_offset(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is the local one, with milliseconds and the offset that makes it unambiguous."""
    monkeypatch.setenv("TZ", "XXX-05:30")
    time.tzset()
    try:
        assert stamp(NOON) == "2025-03-14T16:30:00.123+05:30"
    finally:
        monkeypatch.undo()
        time.tzset()


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_json_is_valid_for_any_bytes(data: bytes) -> None:
    """Each line of any bytes becomes one JSON object whose `line` is what was written."""
    out = as_json(data + b"\n", NOON, "bot", "stderr")
    rows = [json.loads(line) for line in out.split(b"\n")[:-1]]
    assert [row["line"] for row in rows] == data.decode("utf-8", "backslashreplace").split("\n")
    assert all(row["program"] == "bot" and row["stream"] == "stderr" for row in rows)
    assert all(list(row) == ["time", "program", "stream", "line"] for row in rows)


def test_nothing_stays_nothing() -> None:
    """No form makes a line out of no output."""
    forms = [formatter(kind, "bot", "stdout") for kind in ("raw", "text", "json")]
    assert [form(b"", NOON) for form in forms] == [b"", b"", b""]
