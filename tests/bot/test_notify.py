"""The notify protocol over real sockets."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def inbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@bot-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.bind(name.replace("@", "\0"))
        server.settimeout(10)
        yield name, server


def test_messages_arrive_as_the_protocol_wants_them(inbox: tuple[str, socket.socket]) -> None:
    """READY, WATCHDOG, STATUS and STOPPING, on a path or in the abstract namespace."""
    name, server = inbox
    notifier = Notifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"})
    assert notifier.interval == 1.5
    notifier.ready("up\nREADY=0")
    notifier.alive()
    notifier.status("one")
    notifier.status("one")
    notifier.stopping("bye")
    received = [server.recv(4096).decode() for _ in range(4)]
    expected = ["READY=1\nSTATUS=up READY=0", "WATCHDOG=1", "STATUS=one", "STOPPING=1\nSTATUS=bye"]
    assert received == expected


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"NOTIFY_SOCKET": "relative"},
        {"NOTIFY_SOCKET": "/nowhere/at/all"},
        {"NOTIFY_SOCKET": "/" + "x" * 200},
    ],
)
def test_without_a_listener_nothing_happens(environ: dict[str, str]) -> None:
    """No socket, a wrong one or a dead one never troubles the bot."""
    notifier = Notifier(environ)
    notifier.ready("up")
    notifier.alive()


@pytest.mark.parametrize("value", ["", "x", "0", "-5"])
def test_no_sensible_time_means_no_watchdog_messages(value: str) -> None:
    """WATCHDOG_USEC must be a positive number of microseconds."""
    assert Notifier({"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": value}).interval is None


def test_a_watchdog_time_for_another_process_is_ignored() -> None:
    """WATCHDOG_PID says whose time it is."""
    environ = {"NOTIFY_SOCKET": "/x", "WATCHDOG_USEC": "10", "WATCHDOG_PID": "1"}
    assert Notifier(environ).interval is None
