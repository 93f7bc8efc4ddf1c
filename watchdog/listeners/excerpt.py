"""Messages for listeners within a program's output, between two tokens. Pure.

Output comes in pieces that may be cut anywhere; what is outside of the tokens, and each message
that is complete, is given back as soon as it is sure. Of a long message only the end is kept.
"""

from __future__ import annotations

BEGIN = b"<!--XSUPERVISOR:BEGIN-->"
END = b"<!--XSUPERVISOR:END-->"


class Excerpt:
    """Divides one stream."""

    __slots__ = ("_held", "_inside", "_maximum", "_message")

    def __init__(self, maximum: int) -> None:
        self._maximum = maximum
        self._inside = False
        self._held = b""  # may be the beginning of a token
        self._message = b""

    def feed(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """What stands outside, and the messages that ended in `data`."""
        outside, messages = bytearray(), []
        data = self._held + data
        while True:
            token = END if self._inside else BEGIN
            before, found, rest = data.partition(token)
            if not found:
                break
            if self._inside:
                messages.append(self._keep(before))
                self._message = b""
            else:
                outside += before
            self._inside, data = not self._inside, rest
        keep = possible_start(data, token)
        self._held, data = data[len(data) - keep :], data[: len(data) - keep]
        if self._inside:
            self._message = self._keep(data)
        else:
            outside += data
        return bytes(outside), messages

    def finish(self) -> bytes:
        """The process is gone: what was held back, outside of a message that never ended."""
        held, self._held = self._held, b""
        held = b"" if self._inside else held
        self._inside, self._message = False, b""
        return held

    def _keep(self, more: bytes) -> bytes:
        return (self._message + more)[-self._maximum :]


def possible_start(data: bytes, token: bytes) -> int:
    """How many bytes at the end of `data` may be the beginning of the token."""
    for length in range(min(len(data), len(token) - 1), 0, -1):
        if data.endswith(token[:length]):
            return length
    return 0
