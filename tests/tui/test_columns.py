"""The table's lines: which columns fit, and that nothing is ever too long."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from tests.tui.test_rows import row
from watchdog.tui import wording
from watchdog.tui.columns import (
    HISTORY_FIRST,
    REASON_FIRST,
    Moment,
    column_at,
    draw_heading,
    draw_row,
    place,
)
from watchdog.tui.glyphs import ASCII, UNICODE, choose, to_ascii
from watchdog.tui.lines import break_up, cut

LONG = row(
    "a-program-with-a-very-long-name-indeed",
    state="BACKOFF",
    health="unhealthy",
    reason="日本語 " * 30,
    pid=4194304,
    uptime=86400.0 * 400,
    restarts=12345,
    retry_at=1e6,
    cpu=123.4,
    resident=2**50,
    changes=((0.0, "RUNNING"), (10.0, "FATAL")),
    probes=((1.0, "liveness", True, 99.0), (2.0, "liveness", False, 1.0)),
)


@pytest.mark.parametrize("width", [20, 40, 60, 78, 100, 118, 200])
@pytest.mark.parametrize("wanted", [HISTORY_FIRST, REASON_FIRST])
@pytest.mark.parametrize("several", [False, True])
def test_a_line_is_never_too_long(width: int, wanted: tuple, several: bool) -> None:  # type: ignore[type-arg]
    """However much there is to show, heading and cells fill the same columns."""
    placed = place(wanted, [LONG], width, several)
    for glyphs in (UNICODE, ASCII):
        moment = Moment(glyphs, 20.0, ["one", "日本語" * 9])
        for one in (LONG, row("x")):
            line = "".join(text for text, _ in draw_row(one, placed, moment))
            assert cell_len(line) <= width + 1
            assert cell_len(line.rstrip()) <= width
        heading = draw_heading(placed, "cpu", True, glyphs)
        assert cell_len(heading) <= width


def titles(wanted: tuple, width: int) -> list[str]:  # type: ignore[type-arg]
    return [one.column.title for one in place(wanted, [LONG], width, False)]


def test_at_80_columns_the_history_stays_and_the_reason_is_a_key_away() -> None:
    """What a person needs first is there on the smallest screen."""
    narrow = titles(HISTORY_FIRST, 78)
    assert {"NAME", "STATE", "HEALTH", "UP", "CPU", "MEM", "RST", "LAST HOUR"} <= set(narrow)
    other = titles(REASON_FIRST, 78)
    assert {"NAME", "STATE", "PID", "REASON"} <= set(other)
    assert len(titles(HISTORY_FIRST, 118)) == 11


def test_the_time_until_the_next_try_counts_down() -> None:
    """It never shows 0 before it is over."""
    placed = place(HISTORY_FIRST, [LONG], 78, False)
    left = row("x", state="BACKOFF", retry_at=100.0)
    line = lambda now: "".join(t for t, _ in draw_row(left, placed, Moment(ASCII, now, [])))  # noqa: E731
    assert "BACKOFF 5s" in line(95.0) and "BACKOFF 1s" in line(99.9) and "BACKOFF 0s" in line(101)


def test_a_click_finds_its_column() -> None:
    """The first column is at 0, and beyond the last there is none."""
    placed = place(HISTORY_FIRST, [row("bot")], 78, False)
    first = column_at(placed, 0)
    second = column_at(placed, placed[0].width + 1)
    assert first is not None and first.title == "NAME"
    assert second is not None and second.title == "STATE"
    assert column_at(placed, 500) is None


def test_the_sorted_column_is_marked() -> None:
    """With a sign that says which way."""
    placed = place(HISTORY_FIRST, [row("bot")], 78, False)
    assert "CPUv" in draw_heading(placed, "cpu", False, ASCII)
    assert "STATE^" in draw_heading(placed, "state", True, ASCII)


def test_figures_are_short() -> None:
    """As people write them."""
    assert [wording.duration(s) for s in (None, 5, 65, 3661, 90000)] == [
        "", "5s", "1m05s", "1h01m", "1d01h",
    ]  # fmt: skip
    assert [wording.size(n) for n in (None, 0, 999, 1024, 20e6, 3e12)] == [
        "", "0B", "999B", "1.0K", "19.1M", "2.7T",
    ]  # fmt: skip
    assert [wording.share(p) for p in (None, 0.0, 0.125, 2.0)] == ["", "0.0%", "12.5%", "200%"]
    assert [wording.latency(s) for s in (None, 0.0042, 1.25)] == ["", "4ms", "1.2s"]


def test_what_a_program_writes_cannot_steer_the_terminal() -> None:
    """Escapes are taken out, other control characters become spaces."""
    assert (
        wording.printable("\x1b[31mred\x1b[0m\x1b]0;title\x07 \x08x\ty") == "red  x" + " " * 2 + "y"
    )
    assert "\x1b" not in wording.printable("\x1b\x1b[2J\x9b2J")


def test_ascii_is_decided_by_encoding_and_terminal() -> None:
    """A browser always has Unicode."""
    assert choose({"TERM": "xterm"}, "utf-8") is UNICODE
    assert choose({"TERM": "xterm"}, "ANSI_X3.4-1968") is ASCII
    assert choose({"TERM": "vt100"}, "UTF-8") is ASCII
    assert choose({"TEXTUAL_DRIVER": "textual.drivers.web_driver:WebDriver"}, "ascii") is UNICODE


@pytest.mark.parametrize("text", ["━━╸ x", "日本", "e\u0301a", "…✗▁█", "plain"])
def test_ascii_is_as_wide_as_what_it_stands_for(text: str) -> None:
    """So nothing behind it moves."""
    width = cell_len(text)
    shown = to_ascii(text, width)
    assert shown.isascii() and len(shown) == width


def test_lines_wrap_between_words_and_lose_nothing_else() -> None:
    """A word that is longer than the screen is broken."""
    assert list(break_up("one two three four", 9)) == ["one two ", "three ", "four"]
    assert list(break_up("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]
    assert cut(3, "日本語日本語", 6, True) == [(3, "日本語"), (3, "日本語")]
    assert cut(3, "a long line", 4, False) == [(3, "a long line")]
