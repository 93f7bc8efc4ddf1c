"""Locks in a directory of the test's own, and processes that hold or contend for them."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HOLD = """
import sys, os, subprocess
from watchdog.locks import PairLock, sentence
from watchdog.locks.file import FileLock
from watchdog.locks.holders import ourselves
key, what, child = sys.argv[1:4]
lock = PairLock(key) if what == "pair" else FileLock(key)
refused = lock.acquire(ourselves("bot", lock.key))
if refused:
    print("refused " + sentence(refused), flush=True)
    sys.exit(69)
pid = 0
if child == "child":
    pid = subprocess.Popen(["sleep", "1000"], pass_fds=lock.descriptors()).pid
print("held", pid, flush=True)
sys.stdin.read()
"""

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def key() -> str:
    """Abstract names are the machine's, so each test has its own."""
    return f"test:{uuid.uuid4().hex}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WATCHDOG_LOCK_DIR", str(tmp_path / "locks"))
    return tmp_path / "locks"


@pytest.fixture
def start(place: Path) -> Iterator[Start]:
    """Start a process that takes a lock and holds it until it is killed or its stdin closed."""
    started: list[subprocess.Popen[str]] = []

    def begin(
        key: str, what: str = "pair", child: str = "", wrap: tuple[str, ...] = (), **more: str
    ) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [*wrap, sys.executable, "-c", HOLD, key, what, child],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, **more},
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def says(process: subprocess.Popen[str]) -> str:
    """The first line that it prints, or what went wrong."""
    assert process.stdout is not None
    assert process.stderr is not None
    return process.stdout.readline().strip() or process.stderr.read()
