"""From chunks as the kernel hands them out to whole lines, and lines in the form a log wants.

Pure, but for the clock in `one_line` and the time zone in `stamp`. Output
without newlines is passed on in pieces, cut only where no secret can be torn; at most `HELD_BACK`
bytes wait.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec

HELD_BACK = 64 * 1024
"""Bytes of an unfinished line that are kept waiting for its end."""

Formatter = Callable[[bytes, float], bytes]
"""(redacted whole lines or a piece of one, seconds since the epoch) -> what is written."""


class Splitter:
    """Joins chunks to whole lines; holds at most `HELD_BACK` bytes of an unfinished one."""

    __slots__ = ("_cut", "_rest")

    def __init__(self, cut: Callable[[bytes], int]) -> None:
        """`cut` says where an overlong piece may be cut (`Redactor.safe_cut`)."""
        self._cut = cut
        self._rest = b""

    @property
    def held(self) -> int:
        """Bytes of the unfinished line."""
        return len(self._rest)

    @property
    def rest(self) -> bytes:
        """The unfinished line."""
        return self._rest

    def cut_by(self, cut: Callable[[bytes], int]) -> None:
        """Cut later pieces by another rule: the set of secrets has changed."""
        self._cut = cut

    def feed(self, chunk: bytes) -> bytes:
        """All that is now whole: lines, and a piece of an overlong line behind them if need be."""
        end = chunk.rfind(b"\n") + 1
        whole = self._rest + chunk[:end] if end else b""
        rest = chunk[end:] if end else self._rest + chunk
        cut = self._cut(rest) if len(rest) > HELD_BACK else 0
        self._rest = rest[cut:]
        return whole + rest[:cut] if cut else whole

    def finish(self) -> bytes:
        """The unfinished line, which nothing will finish: the process is gone."""
        rest, self._rest = self._rest, b""
        return rest


class _JsonLine(msgspec.Struct):
    time: str
    program: str
    stream: str
    line: str


_encoder = msgspec.json.Encoder()


def formatter(kind: str, program: str, stream: str, mark: str = "") -> Formatter:
    """The function that writes lines as `kind`: "raw", "text" or "json".

    With a mark, which says whose they are beside the program's own: before each line, and in JSON
    as the stream.
    """
    if kind == "json":
        stream = mark or stream
    elif mark:
        own, before = formatter(kind, program, stream), f"[{mark}] ".encode()
        return lambda data, now: own(behind(before, data), now)
    if kind == "text":
        return as_text
    if kind == "json":
        return lambda data, now: as_json(data, now, program, stream)
    return as_raw


def as_raw(data: bytes, now: float) -> bytes:
    """The bytes as they are; a line that the process left unfinished stays unfinished."""
    return data


def as_text(data: bytes, now: float) -> bytes:
    """Each line behind the local time and a space, and always ended by a newline."""
    return behind(stamp(now).encode() + b" ", data)


def behind(prefix: bytes, data: bytes) -> bytes:
    """Each line behind a prefix, and always ended by a newline."""
    if not data:
        return data
    return prefix + _without_end(data).replace(b"\n", b"\n" + prefix) + b"\n"


def as_json(data: bytes, now: float, program: str, stream: str) -> bytes:
    """One object a line. Bytes that are not UTF-8 become `\\xNN`, so that it is always valid."""
    if not data:
        return data
    when = stamp(now)
    text = _without_end(data).decode("utf-8", "backslashreplace")
    rows = [_JsonLine(when, program, stream, line) for line in text.split("\n")]
    return _encoder.encode_lines(rows)


def one_line(form: Formatter, sentence: str) -> bytes:
    """A sentence of our own as a line of a log whose lines `form` makes."""
    return form(sentence.encode() + b"\n", time.time())


def stamp(now: float) -> str:
    """`now` (seconds since the epoch) in local time: 2025-03-14T15:09:26.535+01:00."""
    milliseconds = int(now * 1000)
    local = time.localtime(milliseconds // 1000)
    zone = time.strftime("%z", local)
    head = time.strftime("%Y-%m-%dT%H:%M:%S", local)
    return f"{head}.{milliseconds % 1000:03d}{zone[:3]}:{zone[3:]}"


def _without_end(data: bytes) -> bytes:
    return data[:-1] if data.endswith(b"\n") else data
