"""The colours of the view: the terminal's own sixteen, so that it fits every theme of a user."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

from watchdog.tui.columns import Piece
from watchdog.tui.glyphs import to_ascii

STYLES = {
    "": Style(),
    "strong": Style(bold=True),
    "good": Style(color="green"),
    "warn": Style(color="cyan"),
    "alarm": Style(color="yellow"),
    "bad": Style(color="red", bold=True),
    "dim": Style(dim=True),
    "found": Style(color="black", bgcolor="yellow"),
    "heading": Style(bold=True, underline=True),
}


def segments_of(pieces: list[Piece], base: Style) -> list[Segment]:
    """The pieces as Textual draws them, over a base style."""
    return [Segment(text, base + STYLES[style]) for text, style in pieces if text]


class AsciiOnly(LineFilter):
    """The last before the terminal: nothing but ASCII passes, whatever drew it."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same segments, as wide as they were."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(to_ascii(segment.text, segment.cell_length), segment.style)
            for segment in segments
        ]
