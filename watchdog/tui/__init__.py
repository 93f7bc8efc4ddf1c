"""`watchdog top`: the terminal view of one or several running watchdogs.

It knows them only through the client. `run` shows it until a person leaves.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from watchdog.tui.glyphs import choose
from watchdog.tui.sources import Source

if TYPE_CHECKING:
    from watchdog.tui.deeds import Drill

__all__ = ["Source", "run"]


def run(sources: Sequence[Source], drill: Drill | None = None) -> int:
    """Show these watchdogs; the exit code. `drill` makes the command that drills a program."""
    from watchdog.tui.app import Top

    glyphs = choose(os.environ, sys.stdout.encoding or "ascii")
    app = Top(sources, glyphs, is_simple(), drill)
    app.run()
    return app.return_code or 0


def is_simple() -> bool:
    """Whether the terminal has sixteen colours, or none: then they are the terminal's own."""
    from rich.console import Console

    if os.environ.get("TEXTUAL_DRIVER"):
        return False
    return Console(file=sys.__stdout__).color_system in (None, "standard")
