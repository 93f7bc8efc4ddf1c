"""The story on a terminal: one full-screen view that is painted anew a few times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from rich import live as rich_live
from rich.console import Console, RenderableType
from rich.text import Text

from watchdog.demo.board import Board, Mark, Step
from watchdog.demo.judge import Row
from watchdog.demo.paint import paint, paint_verdict
from watchdog.demo.screens import Document

REFRESH = 8  # times a second: enough for clocks that show tenths, too few to flicker


class Live:
    """Keeps the board, and has it painted. On the alternate screen: nothing of it scrolls away."""

    def __init__(self) -> None:
        self._console = Console(highlight=False)
        self._board = Board()
        self._lock = threading.Lock()
        self._view = rich_live.Live(
            console=self._console,
            screen=True,
            refresh_per_second=REFRESH,
            get_renderable=self._paint,
        )

    def open(self, titles: Sequence[str]) -> None:
        self._board.steps = [Step(title) for title in titles]
        self._view.start()

    def show_config(self, text: str) -> None:
        with self._lock:
            self._board.config = text

    def begin_step(self, number: int, sentence: str) -> None:
        with self._lock:
            step = self._board.steps[number]
            step.mark, step.began = Mark.NOW, self._board.now
            self._board.sentence = sentence

    def tell(self, sentence: str) -> None:
        with self._lock:
            self._board.sentence = sentence

    def end_step(self, number: int, seen: str, held: bool) -> None:
        with self._lock:
            step = self._board.steps[number]
            step.mark = Mark.HELD if held else Mark.BROKEN
            step.seen, step.ended = seen, self._board.now

    def show_program(self, program: Document) -> None:
        with self._lock:
            self._board.program = program

    def hear(self, line: str) -> None:
        with self._lock:
            self._board.heard.append(line)

    def show_chat(self, messages: Sequence[Document]) -> None:
        with self._lock:
            self._board.chat = messages
            if messages:  # the chat takes the place of the configuration
                self._board.config = ""

    def linger(self, seconds: float) -> None:
        time.sleep(seconds)

    def close(self) -> None:
        self._view.stop()

    def show_verdict(self, rows: Sequence[Row], note: str, sentence: str) -> None:
        style = "bold green" if all(row.held for row in rows) else "bold red"
        self._console.print(paint_verdict(rows))
        self._console.print(Text(note + "\n", style="dim"))
        self._console.print(Text(sentence, style=style))

    def show_log(self, name: str, lines: Sequence[str]) -> None:
        self._console.print(Text(f"\nthe last lines of {name}:", style="bold"))
        for line in lines:
            self._console.print(Text(f"    {line}"))

    def _paint(self) -> RenderableType:
        width, height = self._console.size
        with self._lock:
            return paint(self._board, width, height)
