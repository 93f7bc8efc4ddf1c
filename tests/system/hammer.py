"""A client that never lets up: it connects, asks, and notes every connection that came to nothing.

Each request has a connection of its own, so that no refusal can hide behind one that is open. What
is a failure to a browser is one here: refused, reset, closed without an answer, or too late.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

PATIENCE = 30.0  # seconds in which an answer must have come
ASK = b"GET / HTTP/1.0\r\nHost: test\r\n\r\n"

Place = tuple[str, int] | Path


class Hammer:
    """What a crowd of clients met."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.answers = 0
        self.failures: list[str] = []
        self.slowest = 0.0  # seconds
        self._over = threading.Event()
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def pounding(self, clients: int = 4) -> Iterator[Hammer]:
        """Meanwhile so many clients ask, one request after the other."""
        crowd = [threading.Thread(target=self._pound, daemon=True) for _ in range(clients)]
        for one in crowd:
            one.start()
        try:
            yield self
        finally:
            self._over.set()
            for one in crowd:
                one.join(PATIENCE)

    def _pound(self) -> None:
        while not self._over.is_set():
            began = time.monotonic()
            trouble = ask(self.place)
            with self._lock:
                self.slowest = max(self.slowest, time.monotonic() - began)
                if trouble:
                    self.failures.append(trouble)
                else:
                    self.answers += 1
            time.sleep(0.002)


def ask(place: Place) -> str:
    """One request; empty if it was answered, else what went wrong."""
    try:
        with connect(place) as client:
            client.sendall(ASK)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return "" if answer.startswith(b"HTTP/1.") and b" 200 " in answer[:20] else f"got {answer!r}"


def connect(place: Place) -> socket.socket:
    """A connection."""
    if not isinstance(place, Path):
        return socket.create_connection(place, PATIENCE)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(PATIENCE)
    client.connect(str(place))
    return client
