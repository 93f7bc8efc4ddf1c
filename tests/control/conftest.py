"""Fixtures: a fake daemon behind a real server on a real socket, and raw HTTP against it."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon, view
from watchdog.core.model import State


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A directory whose path is short enough for a socket, however long tmp_path is."""
    with tempfile.TemporaryDirectory(prefix="wd") as directory:
        yield Path(directory)


@pytest.fixture
def backend(tmp_path: Path) -> FakeBackend:
    return FakeBackend(
        tmp_path,
        view("bot"),
        view("web", State.STOPPED),
        view("late", State.WAITING, reason="waits for the lock"),
    )


@pytest.fixture
def daemon(short_path: Path, backend: FakeBackend) -> Iterator[FakeDaemon]:
    with FakeDaemon(short_path / "s.sock", backend).running() as running:
        yield running


@pytest.fixture
def connect(daemon: FakeDaemon) -> Iterator[Callable[[], socket.socket]]:
    """Makes raw connections to the daemon's unix socket."""
    made: list[socket.socket] = []

    def make() -> socket.socket:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(daemon.path))
        made.append(client)
        return client

    yield make
    for client in made:
        client.close()
