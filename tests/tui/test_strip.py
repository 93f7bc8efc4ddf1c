"""The timeline and the sparkline: what a few columns show of an hour."""

from __future__ import annotations

import pytest

from watchdog.tui.glyphs import ASCII, UNICODE
from watchdog.tui.strip import spark, strip, worse

MINUTE = 60.0
NOW = 3600.0 * 100 + 3599.0  # the last second of an hour, so that columns are whole


def draw(changes: list[tuple[float, str]], columns: int = 12) -> str:
    signs = ASCII.strip
    return "".join(signs[name] for name in strip(changes, NOW, 3600.0, columns))


def ago(minutes: float) -> float:
    return NOW - minutes * MINUTE


def test_what_is_not_known_is_left_empty() -> None:
    """Before the first change nothing is claimed."""
    assert draw([]) == " " * 12
    assert draw([(ago(29.5), "RUNNING")]) == " " * 6 + "#" * 6


def test_a_column_shows_the_worst_that_was_seen_in_it() -> None:
    """An outage of a millisecond is to be seen."""
    changes = [(ago(90), "RUNNING"), (ago(31), "BACKOFF"), (ago(31) + 0.001, "RUNNING")]
    assert draw(changes) == "#####~######"


def test_each_class_of_state_has_a_sign_of_its_own() -> None:
    """Without colours the picture still says which."""
    for glyphs in (ASCII, UNICODE):
        signs = list(glyphs.strip.values())
        assert len(set(signs)) == len(signs) and all(len(sign) == 1 for sign in signs)


def test_what_goes_on_reaches_the_last_column() -> None:
    """The present is at the right."""
    assert draw([(ago(4), "FATAL")]) == " " * 11 + "!"
    assert draw([(ago(120), "STOPPED")]) == "." * 12


def test_no_watchdog_leaves_a_gap() -> None:
    """While nobody looked nothing is claimed either."""
    changes = [(ago(120), "RUNNING"), (ago(44), ""), (ago(16), "RUNNING")]
    assert draw(changes) == "####    ####"


@pytest.mark.parametrize("later", [0.0, 100.0, 299.0])
def test_a_picture_moves_only_with_its_columns(later: float) -> None:
    """Within the time of one column nothing shimmers."""
    begin = 300.0 * 1000
    changes = [(begin - 2000, "RUNNING"), (begin - 1000, "BACKOFF"), (begin - 650, "RUNNING")]
    shown = strip(changes, begin + later, 3600.0, 12)
    assert shown == ["", "", "", "", "up", "up", "up", "backoff", "backoff", "up", "up", "up"]


def test_worse_is_a_total_order() -> None:
    """Down is worst, unknown says least."""
    assert worse("up", "down") == worse("down", "up") == "down"
    assert worse("", "off") == "off" and worse("off", "starting") == "starting"


def test_the_slowest_probe_has_full_height_and_a_failed_one_a_sign() -> None:
    """The newest is at the right, and there are as many columns as asked for."""
    assert spark([(True, 0.001), (True, 0.008), (False, 5.0)], 5, "12345678", "x") == "  28x"
    assert spark([(True, 1.0)] * 9, 4, "12345678", "x") == "8888"
    assert spark([], 3, "12345678", "x") == "   "
    assert spark([(True, 0.0)], 1, "12345678", "x") == "1"
