"""A program's time as a bar of characters. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from watchdog.report.model import Kind, Span, Window

GLYPHS: dict[Kind, str] = {"up": "█", "down": "✗", "apart": "·", "unknown": "?"}
PLAIN: dict[Kind, str] = {"up": "=", "down": "X", "apart": ".", "unknown": "?"}
COLOURS: dict[Kind, str] = {"up": "32", "down": "31", "apart": "2", "unknown": "33"}
WORST: tuple[Kind, ...] = ("down", "unknown", "apart", "up")  # what a cell shows of several


def bar(spans: Sequence[Span], window: Window, width: int, unicode: bool, colour: bool) -> str:
    """The window in so many characters, each the worst of its time: no outage is too short."""
    glyphs = GLYPHS if unicode else PLAIN
    text, last = "", ""
    for kind in cells(spans, window, width):
        code = COLOURS[kind] if colour else ""
        text += (f"\x1b[0;{code}m" if code != last else "") + glyphs[kind]
        last = code
    return text + ("\x1b[0m" if colour else "")


def cells(spans: Sequence[Span], window: Window, width: int) -> list[Kind]:
    """The worst kind of each of `width` equal parts of the window."""
    length = (window.until - window.since) / width
    found: list[set[Kind]] = [set() for _ in range(width)]
    for span in spans:
        first = int((span.start - window.since) / length)
        last = max(first, int((span.end - window.since) / length - 1e-9))
        for index in range(min(first, width - 1), min(last, width - 1) + 1):
            found[index].add(span.kind)
    return [next((kind for kind in WORST if kind in some), "unknown") for some in found]


def legend(unicode: bool) -> str:
    """What the characters mean."""
    glyphs = GLYPHS if unicode else PLAIN
    words = {
        "up": "up",
        "down": "down",
        "apart": "down as it should be",
        "unknown": "no watchdog looked",
    }
    return "   ".join(f"{glyphs[kind]} {words[kind]}" for kind in glyphs)
