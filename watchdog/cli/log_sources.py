"""Where `watchdog logs` has its lines from: the files themselves, or the watchdog over its socket.

Files are preferred wherever they can be read: following them needs no connection, so a restart or
an upgrade of the watchdog is not even noticed and no line is lost or doubled, and the daemon has
nothing to do. Over the network the watchdog sends what it reads; a connection that broke is taken
up again, and that lines may be missing is said.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol

from watchdog.cli.context import complain
from watchdog.client.errors import Refused, Unreachable
from watchdog.wire.names import choose

if TYPE_CHECKING:
    from collections.abc import Callable

    from watchdog.cli.ports import LogFile
    from watchdog.client import Client
    from watchdog.client.client import Stream

MOST_REMOTE = 10_000
"""Lines that are asked for over a connection, where all are wanted: some MB."""
REST = 1.0
"""Seconds between two attempts to connect again."""


class Place(NamedTuple):
    """The log of one stream of a program."""

    program: str
    path: Path | None  # None where it is not captured


class Source(Protocol):
    """The output of one program."""

    def look_back(self, count: int | None) -> Iterator[bytes]:
        """The lines up to now, newest first; at least `count` of them if there are so many."""

    def read(self) -> bytes:
        """What came since; empty when there is nothing yet."""


class OfFile:
    """Read where it lies."""

    def __init__(self, log: LogFile) -> None:
        self._log = log

    def look_back(self, count: int | None) -> Iterator[bytes]:
        return self._log.look_back()

    def read(self) -> bytes:
        return self._log.read()


class OfWatchdog:
    """Sent by the watchdog, over one connection for what was and one for what comes."""

    def __init__(self, dial: Callable[[], Client], program: str, stream: Stream) -> None:
        self._dial = dial
        self._program = program
        self._stream: Stream = stream
        self._arrived: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._listener: threading.Thread | None = None

    def look_back(self, count: int | None) -> Iterator[bytes]:
        asked = MOST_REMOTE if count is None else min(count, MOST_REMOTE)
        text = self._dial().last_lines(self._program, self._stream, asked)
        lines = text.encode("utf-8", "surrogateescape").split(b"\n")
        return (line + b"\n" for line in reversed(lines[:-1] if not lines[-1] else lines))

    def follow(self, lines: int) -> None:
        """Begin to listen; `read` has the last `lines` lines, and then all that comes."""
        chunks = self._dial().follow(self._program, self._stream, lines)  # a refusal is told now
        self._listener = threading.Thread(target=self._listen, args=(chunks,), daemon=True)
        self._listener.start()

    def read(self) -> bytes:
        try:
            arrived = self._arrived.get_nowait()
        except queue.Empty:
            return b""
        if isinstance(arrived, Exception):
            raise arrived
        return arrived

    def _listen(self, chunks: Iterator[bytes]) -> None:
        try:
            while True:
                self._pass_on(chunks)
                chunks = self._dial_again()
        except Exception as error:
            self._arrived.put(error)

    def _pass_on(self, chunks: Iterator[bytes]) -> None:
        try:
            for chunk in chunks:
                self._arrived.put(chunk)
        except Unreachable:
            pass  # it will be looked for
        complain(f"{self._program}: the watchdog hung up; waiting for it")

    def _dial_again(self) -> Iterator[bytes]:
        while True:
            time.sleep(REST)
            try:
                chunks = self._dial().follow(self._program, self._stream, 0)
            except Unreachable:
                continue
            complain(f"{self._program}: connected again; what was written meanwhile is not shown")
            return chunks


def find_places(client: Client, names: list[str], stream: Stream) -> list[Place]:
    """Where the running watchdog keeps the logs of these programs (none: of all)."""
    found = client.call("supervisor.getAllProcessInfo")
    places = [_place_of(info, stream) for info in found]
    wanted = [place for name in names for place in _named(places, name)]
    return list(dict.fromkeys(wanted)) if names else places


def _place_of(info: dict[str, str], stream: Stream) -> Place:
    group, name = info["group"], info["name"]
    path = info[f"{stream}_logfile"]
    captured = path not in ("", os.devnull, "NONE")
    return Place(name if group == name else f"{group}:{name}", Path(path) if captured else None)


def _named(places: list[Place], name: str) -> list[Place]:
    if found := choose(places, name, names_of):
        return found
    raise Refused(0, f"there is no program {name}")


def names_of(place: Place) -> tuple[str, str]:
    """Its program, and the group of that."""
    return place.program, place.program.partition(":")[0]
