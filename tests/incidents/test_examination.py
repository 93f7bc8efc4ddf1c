"""The evidence of real processes, taken as the daemon takes it."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from watchdog.daemon.evidence import run
from watchdog.incidents import examination
from watchdog.incidents.stacks import find_place

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the evidence is read from /proc")

BLOCKED = """
import socket, sys
def ask_the_database(connection):
    print("ready", flush=True)
    connection.recv(1)
ask_the_database(socket.create_connection(("127.0.0.1", int(sys.argv[1]))))
"""
BUSY = """
print("ready", flush=True)
def count_for_ever():
    while True:
        pass
count_for_ever()
"""


@contextmanager
def running(*argv: str) -> Iterator[int]:
    """A process that has said that it is ready."""
    process = subprocess.Popen(argv, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        process.kill()
        process.communicate()


async def see(pid: int, within: float = 20.0) -> dict[str, Any]:
    (seen,) = await examination.examine([pid], within, run)
    return seen


async def test_a_blocked_python_program_is_caught_at_its_line() -> None:
    """The function that waits, the connection that it waits for, and that it does not compute."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with running(sys.executable, "-c", BLOCKED, str(port)) as pid:
            seen = await see(pid)
    place = find_place([seen])
    assert place is not None
    assert (place.function, place.line) == ("ask_the_database", 5)
    assert any(f"-> 127.0.0.1:{port} ESTABLISHED" in file for file in seen["files"])
    assert seen["cpu_share"] < 0.5
    assert seen["resident_bytes"] > 2**20
    assert seen["threads"] == 1
    assert seen["state"] == "S"


async def test_a_busy_program_is_seen_to_compute() -> None:
    """Its stack and its use of the processor are both there."""
    with running(sys.executable, "-c", BUSY) as pid:
        seen = await see(pid)
    place = find_place([seen])
    assert place is not None
    assert place.function == "count_for_ever"
    assert seen["cpu_share"] > 0.05


async def test_a_program_in_another_language_has_kernel_evidence() -> None:
    """No Python stack is claimed; where it waits in the kernel is told."""
    with running("sh", "-c", "echo ready; exec sleep 1000") as pid:
        seen = await see(pid)
    assert seen["stacks"] == []
    assert "sleep" in seen["waits_in"]


async def test_evidence_is_never_waited_for_longer_than_allowed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A py-spy that hangs costs its own part of the evidence, and no time."""
    hanging = tmp_path / "py-spy"
    hanging.write_text("#!/bin/sh\nexec sleep 1000\n")
    hanging.chmod(0o755)
    monkeypatch.setattr(examination, "find_spy", lambda: str(hanging))
    with running(sys.executable, "-c", BUSY) as pid:
        began = time.monotonic()
        seen = await see(pid, within=0.3)
        took = time.monotonic() - began
    assert 0.25 < took < 10
    assert seen["stacks"] == []
    assert seen["command"].startswith(sys.executable)
    await asyncio.sleep(0)  # the cancelled task ends its process


async def test_a_process_that_is_gone_leaves_no_error() -> None:
    """It died while it was looked at: what there is, is empty."""
    with running("sh", "-c", "echo ready; exec sleep 1000") as pid:
        pass
    seen = await see(pid)
    assert (seen["command"], seen["threads"], seen["stacks"]) == ("", 0, [])


def test_who_has_a_handler_for_a_signal_is_known() -> None:
    """A signal that asks for stacks is not sent to a process that would die of it."""
    handles = "import signal; signal.signal(signal.SIGUSR2, print); print('ready'); signal.pause()"
    with running(sys.executable, "-uc", handles) as pid:
        assert examination.catches(pid, "USR2")
        assert not examination.catches(pid, "USR1")
