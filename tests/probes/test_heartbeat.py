"""The notify sockets, spoken to by real processes."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from watchdog.core.events import Event, Notified
from watchdog.probes.heartbeat import NotifySockets

from .conftest import open_files, until

SEND = """
import os, socket, sys
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
for message in sys.argv[1:]:
    sock.send(message.encode())
"""
FLOOD = """
import os, socket
sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
sock.connect("\\0" + os.environ["NOTIFY_SOCKET"][1:])
while True:
    sock.send(b"WATCHDOG=1")
"""


class Listener:
    """Notify sockets, and what they posted."""

    def __init__(self, scope: str) -> None:
        self.events: list[tuple[str, Event]] = []
        self.sockets = NotifySockets(self.post, scope, lambda text: text.replace("hush", "***"))

    def post(self, program: str, event: Event) -> None:
        self.events.append((program, event))


def send(environment: dict[str, str], *messages: bytes) -> None:
    """Send datagrams from this very process."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + environment["NOTIFY_SOCKET"][1:])
        for message in messages:
            sock.send(message)


def send_as(uid: int, environment: dict[str, str], message: bytes) -> None:
    """Send one datagram from a child that has become another user."""
    child = os.fork()
    if child == 0:
        try:
            os.setuid(uid)
            send(environment, message)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


@pytest.fixture
async def listener(tmp_path: Path) -> AsyncIterator[Listener]:
    before, faults = open_files(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    listener = Listener(str(tmp_path))
    yield listener
    listener.sockets.close_all()
    assert not open_files() - before
    assert faults == [], "a callback raised"


async def test_a_process_reports_ready_beats_and_status(listener: Listener):
    """Each datagram of a real process becomes one event of its incarnation."""
    given = listener.sockets.open("bot", os.getuid(), heartbeat=30)
    assert given["WATCHDOG_USEC"] == "30000000"
    listener.sockets.begin("bot", 4)
    messages = ["READY=1\nSTATUS=up hush", "WATCHDOG=1", "X=1", "STOPPING=1"]
    environment = {**os.environ, **given}
    command = [sys.executable, "-c", SEND, *messages]
    await asyncio.to_thread(subprocess.run, command, env=environment, check=True)
    await until(lambda: len(listener.events) == 3)
    assert listener.events == [
        ("bot", Notified(4, ready=True, status="up ***")),
        ("bot", Notified(4, beat=True)),
        ("bot", Notified(4, stopping=True)),
    ]


@pytest.mark.skipif(not shutil.which("systemd-notify"), reason="no systemd-notify here")
async def test_systemd_notify_is_understood(listener: Listener):
    """The reference client, which also waits for its BARRIER, is served."""
    given = listener.sockets.open("bot", os.getuid())
    listener.sockets.begin("bot", 1)
    command = ["systemd-notify", "--ready", "--status=hello"]
    done = await asyncio.to_thread(
        subprocess.run, command, env={**os.environ, **given}, timeout=30, check=False
    )
    assert done.returncode == 0
    await until(lambda: listener.events)
    assert listener.events[0][1] == Notified(1, ready=True, status="hello")


@pytest.mark.parametrize("message", [b"BARRIER=1", b"FDSTORE=1\nX=1"])
async def test_descriptors_are_closed_and_a_barrier_is_lifted(listener: Listener, message: bytes):
    """What is sent never becomes ours, and the sender sees it closed."""
    given = listener.sockets.open("bot", os.getuid())
    listener.sockets.begin("bot", 1)
    before = open_files()
    reader, writer = os.pipe()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.connect("\0" + given["NOTIFY_SOCKET"][1:])
        socket.send_fds(sock, [message], [writer] * 50)
    os.close(writer)
    closed = asyncio.Event()
    asyncio.get_running_loop().add_reader(reader, closed.set)
    await asyncio.wait_for(closed.wait(), 20)
    assert os.read(reader, 1) == b""
    asyncio.get_running_loop().remove_reader(reader)
    os.close(reader)
    assert open_files() == before
    assert listener.events == []


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
async def test_another_user_is_not_believed(listener: Listener):
    """Anybody can send to the socket; only the program's user and root are heard."""
    given = listener.sockets.open("bot", 1234)
    listener.sockets.begin("bot", 1)
    send_as(65534, given, b"STATUS=liar")
    send_as(1234, given, b"STATUS=own")
    send_as(0, given, b"STATUS=root")
    await until(lambda: len(listener.events) == 2)
    assert listener.sockets.open("bot", 65534) == given  # a reload changed the user
    send_as(1234, given, b"STATUS=before")
    send_as(65534, given, b"STATUS=now")
    await until(lambda: len(listener.events) == 3)
    told = [event.status for _, event in listener.events if isinstance(event, Notified)]
    assert told == ["own", "root", "now"]


async def test_what_the_last_incarnation_left_unread_is_dropped(listener: Listener):
    """A READY of the dead is not the READY of the living."""
    given = listener.sockets.open("bot", os.getuid())
    send(given, b"STATUS=nobody is expected yet")
    await asyncio.sleep(0.05)
    listener.sockets.begin("bot", 1)
    send(given, b"READY=1", b"WATCHDOG=1")  # the loop does not run between these lines
    listener.sockets.begin("bot", 2)
    send(given, b"STATUS=new")
    await until(lambda: listener.events)
    assert listener.events == [("bot", Notified(2, status="new"))]


async def test_garbage_and_giants_are_passed_over(listener: Listener):
    """Nonsense posts nothing, and the next good datagram is heard."""
    given = listener.sockets.open("bot", os.getuid())
    listener.sockets.begin("bot", 1)
    send(given, b"", b"\0" * 100, b"READY=1\n" + b"x" * 100_000, b"=\n=1", bytes(range(256)))
    send(given, b"WATCHDOG=trigger")
    await until(lambda: listener.events)
    assert len(listener.events) == 1
    event = listener.events[0][1]
    assert isinstance(event, Notified) and event.unwell and not event.ready


async def test_a_flood_slows_down_only_who_floods(listener: Listener):
    """The loop goes on serving others, and no more than a burst is taken at a time."""
    given = listener.sockets.open("bot", os.getuid())
    listener.sockets.begin("bot", 1)
    flood = subprocess.Popen(  # noqa: ASYNC220
        [sys.executable, "-c", FLOOD], env={**os.environ, **given}, stderr=subprocess.DEVNULL
    )
    try:
        await until(lambda: len(listener.events) > 100)
        begun = len(listener.events)
        loop = asyncio.get_running_loop()
        start, used = loop.time(), time.process_time()
        await asyncio.sleep(0.5)
        took = loop.time() - start
        assert took < 2
        assert time.process_time() - used < 0.1, "the watchdog is kept busy"
        assert len(listener.events) - begun <= 64 * (took / 0.02 + 2)
        listener.sockets.begin("bot", 2)
        assert loop.time() - start - took < 1, "begin does not chase a flood for ever"
    finally:
        listener.sockets.close("bot")
        flood.kill()
        flood.wait()


async def test_two_watchdogs_with_one_state_directory_are_told_apart(
    listener: Listener, tmp_path: Path
):
    """The name is stable, so the second one is refused; another scope or program is another."""
    first = listener.sockets.open("bot", os.getuid())
    with pytest.raises(OSError, match="in use"):
        Listener(str(tmp_path)).sockets.open("bot", os.getuid())
    other = Listener("/elsewhere" + str(tmp_path))
    addresses = {first["NOTIFY_SOCKET"], other.sockets.open("bot", 0)["NOTIFY_SOCKET"]}
    addresses |= {other.sockets.open("bot" * 50 + x, 0)["NOTIFY_SOCKET"] for x in ("a/", "é")}
    assert len(addresses) == 4
    assert all(len(address) <= 108 and address.isascii() for address in addresses)
    other.sockets.close_all()
    listener.sockets.close_all()
    assert listener.sockets.open("bot", os.getuid()) == first


async def test_who_hears_may_close(listener: Listener):
    """A program may be dropped while its datagrams are being read."""
    given = listener.sockets.open("bot", os.getuid())
    listener.sockets.begin("bot", 1)
    listener.sockets.begin("nobody", 1)
    heard = []

    def close(program: str, event: Event) -> None:
        heard.append(event)
        listener.sockets.close(program)

    listener.sockets._post = close
    send(given, *[b"WATCHDOG=1"] * 5)
    await until(lambda: heard)
    await asyncio.sleep(0.05)
    assert len(heard) == 1
