"""A thread that follows the output of one program, and hands on what it writes.

A program that floods cannot flood the view: what nobody has taken yet is kept up to a bound, the
newest of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

from watchdog.client import Client, Refused, Unreachable
from watchdog.tui.sources import Source, explain

FIRST = 500  # lines of what was written before
KEPT = 5000  # lines that wait to be taken
AGAIN = 2.0  # seconds before a log that is not there is asked for again
PAUSE = 0.1  # seconds between two announcements

Stream = Literal["stdout", "stderr"]


class Follower(threading.Thread):
    """Follows one stream of one program until it is ended."""

    def __init__(
        self, source: Source, name: str, stream: Stream, announce: Callable[[], None]
    ) -> None:
        super().__init__(name=f"follow {name}", daemon=True)
        self._source = source
        self._name = name
        self._stream = stream
        self._announce = announce  # that there is something to take
        self._lines: deque[str] = deque(maxlen=KEPT)
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._client: Client | None = None
        self.trouble = ""  # why nothing comes
        self._begun_anew = False

    def take(self) -> tuple[list[str], bool]:
        """The lines since the last time, and whether they begin anew: what was shown is old."""
        with self._lock:
            lines, anew = list(self._lines), self._begun_anew
            self._lines.clear()
            self._begun_anew = False
        return lines, anew

    def end(self) -> None:
        """Follow no more."""
        self._over.set()
        if self._client is not None:
            self._client.interrupt()

    def run(self) -> None:
        """Until it is ended; whatever ends the stream, it is opened again."""
        while not self._over.is_set():
            self._client = client = self._source.client()
            try:
                self._follow(client)
            except (Unreachable, Refused) as error:
                self._say(explain(error))
            finally:
                client.close()
            self._over.wait(AGAIN)

    def _follow(self, client: Client) -> None:
        rest = b""
        fresh = True
        for chunk in client.follow(self._name, self._stream, FIRST):
            if self._over.is_set():
                return
            *whole, rest = (rest + chunk).split(b"\n")
            self._add([line.decode("utf-8", "replace") for line in whole], fresh)
            fresh = False
            self._over.wait(PAUSE)

    def _add(self, lines: list[str], fresh: bool) -> None:
        with self._lock:
            if fresh:
                self._lines.clear()
                self._begun_anew = True
            self._lines += lines
        self._say("")

    def _say(self, trouble: str) -> None:
        self.trouble = trouble
        if not self._over.is_set():
            self._announce()
