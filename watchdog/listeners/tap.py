"""What listeners want of one output stream of a program: its lines, and the messages within it."""

from __future__ import annotations

from collections.abc import Callable

from watchdog.listeners.excerpt import Excerpt

Publish = Callable[[str, bytes], None]
"""("LOG" or "COMMUNICATION", what was written)."""


class Tap:
    """Looks at a stream twice: raw as it is read, and again when its clean lines are written.

    A message is told as soon as its end is read, a line when it is whole and without secrets. What
    is a message is not logged.
    """

    def __init__(self, publish: Publish, tells_lines: bool, capture: int) -> None:
        self._publish = publish
        self._tells_lines = tells_lines
        self._capture = capture
        self._raw = self._clean = Excerpt(capture)
        self.begin()

    def begin(self) -> None:
        """A new process writes from now on; a message that the last one did not end is void."""
        self._raw, self._clean = Excerpt(self._capture), Excerpt(self._capture)

    def read(self, data: bytes) -> None:
        """This was read."""
        if self._capture:
            for message in self._raw.feed(data)[1]:
                if self._tells_lines:  # supervisord tells it as a line, too
                    self._publish("LOG", message)
                self._publish("COMMUNICATION", message)

    def write(self, data: bytes) -> bytes:
        """These clean lines are to be written; what is left of them."""
        if self._capture:
            data = self._clean.feed(data)[0]
        if data and self._tells_lines:
            self._publish("LOG", data)
        return data
