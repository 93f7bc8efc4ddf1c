"""Fixtures: the command line called in this process, against a fake daemon on a real socket."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon, view
from watchdog.cli.main import main
from watchdog.core.model import Health, State

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def directory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current directory and the user's home: empty, and with a short path."""
    with tempfile.TemporaryDirectory(prefix="wd") as path:
        monkeypatch.chdir(path)
        for name, value in (("HOME", path), ("XDG_STATE_HOME", path), ("XDG_CONFIG_HOME", path)):
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("WATCHDOG_CONFIG", raising=False)
        yield Path(path)


@pytest.fixture
def backend(directory: Path) -> FakeBackend:
    return FakeBackend(
        directory,
        view("bot", restarts=3),
        view("web", State.STOPPED),
        view("late", State.WAITING, reason="waits for the lock", health=Health.UNKNOWN),
    )


@pytest.fixture
def daemon(directory: Path, backend: FakeBackend) -> Iterator[FakeDaemon]:
    """A daemon at the socket that ./watchdog.toml names."""
    (directory / "watchdog.toml").write_text(
        '[watchdog]\nsocket = "s.sock"\n[programs.bot]\ncommand = "bot ${MISSING_HERE}"\n'
    )
    with FakeDaemon(directory / "s.sock", backend).running() as running:
        yield running


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], directory: Path) -> Call:
    """Calls the command line: its exit code, and what it printed on both streams."""

    def call(*words: str) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main(words)
        printed = capfd.readouterr()
        return code, printed.out, printed.err

    return call
