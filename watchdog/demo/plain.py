"""The story as lines with times, for pipes, logs and small terminals. ASCII only."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Sequence
from typing import TextIO

from watchdog.demo.judge import Row
from watchdog.demo.screens import Document

WIDTH = 79  # columns of a note
_HEADINGS = ("promised", "bound", "seen", "held")


class Plain:
    """Prints each thing when it is seen."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._began = time.monotonic()
        self._titles: Sequence[str] = ()
        self._shown = 0  # messages of the chat
        self._lock = threading.Lock()

    def open(self, titles: Sequence[str]) -> None:
        self._titles = titles

    def show_config(self, text: str) -> None:
        self._say("watchdog.toml:\n" + textwrap.indent(text.rstrip(), "    | ", lambda line: True))

    def begin_step(self, number: int, sentence: str) -> None:
        place = f"[{number + 1}/{len(self._titles)}]"
        self._say(f"{place} {self._titles[number]}. {sentence}", gap="\n")

    def tell(self, sentence: str) -> None:
        self._say(f"  demo      {sentence}")

    def end_step(self, number: int, seen: str, held: bool) -> None:
        self._say(f"  {'ok' if held else 'BROKEN':<9} {seen}")

    def show_program(self, program: Document) -> None:
        """Its changes are in what the watchdog says."""

    def hear(self, line: str) -> None:
        self._say(f"  watchdog  {line}")

    def show_chat(self, messages: Sequence[Document]) -> None:
        for message in messages[self._shown :]:
            who = "bot" if message["from_bot"] else "user"
            self._say(f"  chat      {who}: {message.get('text', '')}")
        self._shown = max(self._shown, len(messages))

    def linger(self, seconds: float) -> None:
        """Lines stay: nobody has to be waited for."""

    def close(self) -> None:
        """Nothing to put back."""

    def show_verdict(self, rows: Sequence[Row], note: str, sentence: str) -> None:
        lines = ["", *format_table(rows), "", *textwrap.wrap(note, WIDTH), "", sentence]
        print(*lines, sep="\n", file=self._out, flush=True)

    def show_log(self, name: str, lines: Sequence[str]) -> None:
        print(f"\nthe last lines of {name}:", *lines, sep="\n    ", file=self._out, flush=True)

    def _say(self, text: str, gap: str = "") -> None:
        with self._lock:
            passed = time.monotonic() - self._began
            print(f"{gap}{passed:5.1f} s {text}", file=self._out, flush=True)


def format_table(rows: Sequence[Row]) -> list[str]:
    """The verdicts as aligned columns under a heading."""
    cells = [_HEADINGS, *((row.promise, row.bound, row.seen, _word(row.held)) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(_HEADINGS))]
    lines = [_align(line, widths) for line in cells]
    return [lines[0], _align(["-" * width for width in widths], widths), *lines[1:]]


def _align(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True)).rstrip()


def _word(held: bool) -> str:
    return "yes" if held else "NO"
