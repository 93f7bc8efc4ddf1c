"""Processes that keep the lock of a key of the test's own, and are all ended with the test."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Takes the lock, does what `body` says (it may fork), and says "held" with the pids it names.
HOLD = """
import os, signal, sys, time
from watchdog.locks import PairLock, sentence
from watchdog.locks.holders import ourselves
from msgspec.structs import replace
lock = PairLock(sys.argv[1])
refused = lock.acquire(replace(ourselves("", sys.argv[1]), program=None, watchdog_pid=None))
if refused:
    print("refused " + sentence(refused), flush=True)
    sys.exit(69)
pids = []
{body}
print("held", *pids, flush=True)
time.sleep(1000)
"""

Hold = Callable[..., tuple["subprocess.Popen[str]", list[int]]]

if sys.platform != "linux":
    collect_ignore_glob = ["test_*.py"]  # pidfds


@pytest.fixture
def key() -> str:
    """Abstract names are the machine's, so each test has its own."""
    return f"test-{uuid.uuid4().hex}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The lock directory."""
    monkeypatch.setenv("WATCHDOG_LOCK_DIR", str(tmp_path / "locks"))
    return tmp_path / "locks"


@pytest.fixture
def hold(tmp_path: Path, place: Path, key: str) -> Iterator[Hold]:
    """Start a process that keeps the lock; with it come the pids that it named."""
    started: list[subprocess.Popen[str]] = []
    named: list[int] = []

    def begin(body: str = "", *arguments: str) -> tuple[subprocess.Popen[str], list[int]]:
        script = tmp_path / f"hold{len(started)}.py"
        script.write_text(HOLD.format(body=body))
        process = subprocess.Popen(
            [sys.executable, str(script), key, *arguments],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        started.append(process)
        assert process.stdout is not None
        word, *pids = process.stdout.readline().split()
        assert word == "held"
        named.extend(map(int, pids))
        return process, [int(pid) for pid in pids]

    yield begin
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    for pid in named:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
