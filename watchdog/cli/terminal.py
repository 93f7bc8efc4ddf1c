"""What is written to a terminal differently than to a file or a pipe: colours, no control bytes."""

from __future__ import annotations

import os
from typing import TextIO

GREEN, YELLOW, RED, DIM, CYAN, MAGENTA, BLUE = "32", "33", "31", "2", "36", "35", "34"


def wants_colour(out: TextIO) -> bool:
    """Whether `out` is a terminal with colours, and nobody asked for none (no-color.org)."""
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def paint(text: str, colour: str) -> str:
    """The text in this colour; as it is if the colour is empty."""
    return f"\x1b[{colour}m{text}\x1b[0m" if colour and text else text
