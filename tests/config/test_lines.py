"""The line of each key, in TOML that tries to fool a scanner."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from watchdog.config.errors import KeyPath
from watchdog.config.lines import find_lines

TRICKY = r'''# [programs.comment]
top = 1
[programs.bot] # the bot
text = """
[programs.fake]
command = "no" \""" ""still
""""
raw = \'\'\'
[fake]
x = 1\'\'\'
list = [ # a comment with ] and "
  "a]b", # more
  [1, 2],
  { deep = 1 },
]
day = 1979-05-27 07:32:00
"quoted key".inner . 'other' = 'va#lue' # [x]
inline = { a = "}", b.c = [ 1,
  2
  , 3 ], d = {} }

[ programs . "x.y" ]
z = true
[[many]]
one = 1
[[many]]
one = 2
[many.sub]
two = 3
[programs.bot.late]
'''.replace("\\'", "'")


def _paths(value: Any, path: KeyPath = ()) -> list[KeyPath]:
    """Every path in parsed data."""
    items: list[tuple[str | int, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [path, *(found for key, inner in items for found in _paths(inner, (*path, key)))]


def test_nothing_fools_the_scanner() -> None:
    """Comments, strings, arrays, inline tables and dotted keys do not shift a line."""
    bot: KeyPath = ("programs", "bot")
    expected: dict[KeyPath, int] = {
        ("top",): 2,
        bot: 3,
        (*bot, "text"): 4,
        (*bot, "raw"): 8,
        (*bot, "list"): 11,
        (*bot, "list", 0): 12,
        (*bot, "list", 1, 1): 13,
        (*bot, "list", 2, "deep"): 14,
        (*bot, "day"): 16,
        (*bot, "quoted key", "inner", "other"): 17,
        (*bot, "inline", "a"): 18,
        (*bot, "inline", "b", "c", 1): 19,
        (*bot, "inline", "b", "c", 2): 20,
        (*bot, "inline", "d"): 20,
        ("programs", "x.y", "z"): 23,
        ("many", 0, "one"): 25,
        ("many", 1, "one"): 27,
        ("many", 1, "sub", "two"): 29,
        (*bot, "late"): 30,
    }
    found = find_lines(TRICKY)
    assert {path: found.get(path) for path in expected} == expected


def test_every_key_is_found_and_no_other() -> None:
    """The scanner sees the same keys as the parser."""
    found, parsed = set(find_lines(TRICKY)), set(_paths(tomllib.loads(TRICKY)))
    assert found - parsed == set()
    assert parsed - found <= {("many", 0), ("many", 1)}


@given(st.text(alphabet="a.='\"[]{},#\n\\ 1", max_size=60))
def test_any_accepted_text_is_scanned_rightly(text: str) -> None:
    """Whatever the parser accepts, the scanner finds only keys that are there, on real lines."""
    try:
        parsed = tomllib.loads(text)
    except ValueError:
        find_lines(text)  # must not fail either
        return
    lines = find_lines(text)
    assert set(lines) <= set(_paths(parsed))
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())
