"""What is read at a glance is what the parser would have read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.glance import glance
from watchdog.config.template import STARTER

ROOT = Path(__file__).parents[2]
PIECES = st.sampled_from(
    [
        "[watchdog]", "[ watchdog ]", '["watchdog"]', "[watchdog] # x", "[[watchdog]]",
        "[programs.watchdog]", "[programs.a]", "[watchdog.x]", 'watchdog.state = "d"',
        'state = "s"', "state = 's'", 'socket = "a#b" # c', 'socket = "\\\\x"', "state = 5",
        'state = """', '"""', "'\'\'", 'command = ["x",', '"[watchdog]"]', "]", "# state = 'x'", "",
        "  state = \"t\"  ", "on = true", "state", 'x = { state = "y" }', 'state.a = "b"',
    ]
)  # fmt: skip


@given(st.lists(PIECES, max_size=8))
def test_a_glance_agrees_with_the_parser(lines: list[str]) -> None:
    """Of whatever is TOML, it reads the same, or leaves it to the parser."""
    text = "\n".join(lines)
    try:
        table = tomllib.loads(text).get("watchdog", {})
    except tomllib.TOMLDecodeError:
        return
    seen = glance(text)
    if seen is not None:
        assert seen == {key: value for key, value in table.items() if isinstance(value, str)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('[watchdog]\nstate = "a" # b\nmetrics_public = true\n[programs.x]\nstate = "c"', "a"),
        ("[programs.x]\ncommand = 'x'\n", None),
        (STARTER, None),
    ],
)
def test_an_ordinary_file_needs_no_parser(text: str, expected: str | None) -> None:
    """The common case is the quick one."""
    seen = glance(text)
    assert seen is not None
    assert seen.get("state") == expected
