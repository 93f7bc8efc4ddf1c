"""The list of incidents, as wide as there is room."""

from __future__ import annotations

from watchdog.cli.incidents import line_of, lines_of

LINE = {
    "id": "bot-20260102-030405",
    "at": 1_767_323_045.0,
    "cause": "hang",
    "reason": "no answer within 2s",
    "repeats": 1,
    "recovered": None,
    "drill": True,
}


def test_a_reason_is_seen_in_a_narrow_terminal_too() -> None:
    """In a line of its own there; else all of an incident is one line."""
    wide = line_of(LINE, 20)
    assert wide.startswith("bot-20260102-030405 ")
    assert wide.endswith("hang x2    open       no answer within 2s (drill)")
    first, second = lines_of(LINE, 20).splitlines()
    assert first == "bot-20260102-030405   hang x2    open"
    assert second.endswith("no answer within 2s (drill)") and len(second) < 60
