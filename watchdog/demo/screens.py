"""What a screen can do, and which one fits where the output goes."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from watchdog.demo.judge import Row

LEAST_WIDTH, LEAST_HEIGHT = 72, 24  # a smaller terminal gets plain lines

Document = Mapping[str, Any]


class Screen(Protocol):
    """Shows what happens. Any thread may call it."""

    def open(self, titles: Sequence[str]) -> None:
        """The story begins; these are its steps."""

    def show_config(self, text: str) -> None:
        """The configuration that is supervised."""

    def begin_step(self, number: int, sentence: str) -> None:
        """This step (from 0) begins; the sentence says what is about to be seen."""

    def tell(self, sentence: str) -> None:
        """Something was done or found."""

    def end_step(self, number: int, seen: str, held: bool) -> None:
        """This step is over, and this was seen."""

    def show_program(self, program: Document) -> None:
        """The program as the watchdog describes it now; empty if nobody answers."""

    def hear(self, line: str) -> None:
        """The watchdog said this."""

    def show_chat(self, messages: Sequence[Document]) -> None:
        """The whole chat, oldest message first, each with `from_bot`."""

    def linger(self, seconds: float) -> None:
        """Give a viewer the time to read; nobody waits who does not watch."""

    def close(self) -> None:
        """The story is over, or was left; the terminal is as before."""

    def show_verdict(self, rows: Sequence[Row], note: str, sentence: str) -> None:
        """The table of what was promised and what was seen, with a note; after `close`."""

    def show_log(self, name: str, lines: Sequence[str]) -> None:
        """The end of a log, where something broke; after `close`."""


def choose(plain: bool) -> Screen:
    """The live view on a terminal that can show it, else plain lines."""
    if plain or not _is_fit():
        from watchdog.demo.plain import Plain

        return Plain(sys.stdout)
    from watchdog.demo.live import Live

    return Live()


def _is_fit() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb":
        return False
    # What has no name for a tick or a border gets no view that is made of them.
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    if not sys.stdout.isatty() or encoding != "utf8":
        return False
    width, height = os.get_terminal_size(sys.stdout.fileno())
    return width >= LEAST_WIDTH and height >= LEAST_HEIGHT
