"""The signs that the view draws with: block characters, or ASCII where a terminal has no others.

Each state has a sign of its own in the timeline, so that it can be read without colours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Glyphs(NamedTuple):
    """One set of signs, each a column wide."""

    strip: dict[str, str]  # by class of state, see `strip.py`
    levels: str  # of the sparkline, lowest first
    failed: str  # a probe that failed
    cursor: str
    more: str  # at the end of what was cut off
    down: str  # sorted downwards
    up: str
    ascii: bool


UNICODE = Glyphs(
    {"up": "█", "starting": "▆", "backoff": "▄", "down": "▂", "off": "·", "": " "},
    "▁▂▃▄▅▆▇█",
    "✗",
    "▸",
    "…",
    "▾",
    "▴",
    False,
)
ASCII = Glyphs(
    {"up": "#", "starting": "+", "backoff": "~", "down": "!", "off": ".", "": " "},
    "_.-=+*%@",
    "x",
    ">",
    "~",
    "v",
    "^",
    True,
)

_POOR_TERMINALS = ("dumb", "vt52", "vt100", "vt102", "vt220", "ansi", "linux-basic")


def choose(environ: Mapping[str, str], encoding: str) -> Glyphs:
    """The signs that this terminal can show. Pure."""
    if environ.get("TEXTUAL_DRIVER", "").endswith(":WebDriver"):
        return UNICODE
    wide = encoding.lower().replace("-", "").replace("_", "").startswith("utf")
    return UNICODE if wide and environ.get("TERM", "") not in _POOR_TERMINALS else ASCII


_NEAREST = str.maketrans(
    {
        **dict.fromkeys("─━┄┅┈┉╌╍═▔▁▂", "-"),
        **dict.fromkeys("│┃┆┇┊┋║▏▎▍▌▐▕", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╸╺╶╴", "+"),
        **dict.fromkeys("█▇▆▅▄▓", "#"),
        **dict.fromkeys("▒░▃", ":"),
        **dict.fromkeys("•·●◉○", "*"),
        **dict.fromkeys("▶▸►❯›→", ">"),
        **dict.fromkeys("◀◂◄❮‹←", "<"),
        **dict.fromkeys("▼▾↓", "v"),
        **dict.fromkeys("▲▴↑", "^"),
        **dict.fromkeys("“”„", '"'),
        **dict.fromkeys("‘’", "'"),
        **dict.fromkeys("–—", "-"),
        "…": "~",
        "✓": "+",
        "✗": "x",
        "×": "x",
        "\N{NO-BREAK SPACE}": " ",
    }
)


def to_ascii(text: str, width: int) -> str:
    """The text in ASCII, as many columns wide (`width`) as it was."""
    near = text.translate(_NEAREST)
    if len(near) != width:  # characters of two columns, or of none
        return "".join(char if char.isascii() else "?" for char in near)[:width].ljust(width, "?")
    return "".join(char if char.isascii() else "?" for char in near)
