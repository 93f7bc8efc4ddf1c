"""A line that shows that something is being waited for, and for how long.

Only on a terminal, on standard error, only once a second has passed, and gone without a trace when
it is over. What a program's output is piped into never sees it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType

from watchdog.cli.context import terminal_width
from watchdog.cli.terminal import CYAN, DIM, paint, wants_colour

PATIENCE = 1.0
"""Seconds after which a person wonders whether anything happens."""
BEAT = 0.1
"""Seconds between two pictures."""
LOOK = 1.0
"""Seconds between two questions about what is still awaited."""
_FRAMES, _ASCII_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"
_CLEAR = "\r\x1b[K"

Look = Callable[[], str]
"""What is still awaited, in a few words."""


class Waiting:
    """While this context lasts, `text` is being waited for. `look` may tell more, once a second.

    `look` is called in a thread of its own and must not share a connection with anybody.
    """

    def __init__(self, text: str, look: Look | None = None) -> None:
        self._text = text
        self._look = look
        self._over = threading.Event()
        self._turn = threading.Lock()  # who writes to the terminal
        self._shown = False
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Waiting:
        if _can_show():
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        with self._turn:
            self._clear()

    def say(self, text: str) -> None:
        """Print a line of output above."""
        with self._turn:
            self._clear()
            print(text, flush=True)

    def _run(self) -> None:
        began = time.monotonic()
        frames = _frames(sys.stderr.encoding)
        colour = wants_colour(sys.stderr)
        detail, looked, pictures = "", began, 0
        self._over.wait(PATIENCE)
        while not self._over.is_set():
            now = time.monotonic()
            if self._look is not None and now - looked >= LOOK:
                detail, looked = self._ask(self._look), now
            line = picture(self._text, detail, now - began, terminal_width())
            self._draw(paint(frames[pictures % len(frames)], CYAN * colour), line, colour)
            pictures += 1
            self._over.wait(BEAT)

    def _ask(self, look: Look) -> str:
        try:
            return look()
        except Exception:  # it is only an ornament: whoever waits will hear of the trouble itself
            return ""

    def _draw(self, frame: str, line: str, colour: bool) -> None:
        with self._turn:
            if not self._over.is_set():
                sys.stderr.write(f"{_CLEAR}{frame} {paint(line, DIM * colour)}")
                sys.stderr.flush()
                self._shown = True

    def _clear(self) -> None:
        if self._shown:
            sys.stderr.write(_CLEAR)
            sys.stderr.flush()
            self._shown = False


def picture(text: str, detail: str, seconds: float, width: int) -> str:
    """What is said, cut so that it stays one line. Pure."""
    told = f"{text}: {detail}" if detail else text
    clock = f"  {seconds:.0f} s"
    room = max(0, width - 3)  # beside the frame, a space, and the cursor
    fitting = max(0, room - len(clock))
    return ((told if len(told) <= fitting else told[: fitting - 1] + "…") + clock)[:room]


def _can_show() -> bool:
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def _frames(encoding: str) -> str:
    try:
        _FRAMES.encode(encoding)
    except (UnicodeError, LookupError):
        return _ASCII_FRAMES
    return _FRAMES
