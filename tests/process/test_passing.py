"""Sockets for a child, by systemd's protocol."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from watchdog.core.events import Spawned, SpawnFailed

World = Any

TELL = """
import json, os, socket, sys
count = int(os.environ["LISTEN_FDS"])
names = [socket.socket(fileno=os.dup(3 + n)).getsockname()[1] for n in range(count)]
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({
    "pid": os.environ["LISTEN_PID"] == str(os.getpid()), "names": os.environ["LISTEN_FDNAMES"],
    "ports": names, "open": [n for n in range(100) if os.path.exists(f"/proc/self/fd/{n}")],
    "lock": os.environ.get("LOCK"), "blocked": int(status["SigBlk"], 16),
}))
"""


@pytest.fixture
def listeners() -> Iterator[list[socket.socket]]:
    """Four listening sockets, whose numbers lie where those of the child are to be."""
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(4)]
    yield found
    for one in found:
        one.close()


async def tell(world: World, listeners: list[socket.socket], **spec: Any) -> dict[str, Any]:
    read, write = os.pipe()
    try:
        sockets = tuple(one.fileno() for one in listeners)
        names = tuple("abcd"[: len(listeners)])
        world.python(TELL, stdout=write, sockets=sockets, socket_names=names, **spec)
        await world.ended()
        found: dict[str, Any] = json.loads(os.read(read, 65536))
        return found
    finally:
        os.close(read)
        os.close(write)


async def test_they_are_at_three_and_up(world: World, listeners: list[socket.socket]) -> None:
    """In the order in which they are given, whatever their numbers are here, under their names."""
    backwards = listeners[::-1]
    told = await tell(world, backwards)
    assert told["ports"] == [one.getsockname()[1] for one in backwards]
    assert (told["pid"], told["names"], told["blocked"]) == (True, "a:b:c:d", 0)
    assert told["open"] == [0, 1, 2, 3, 4, 5, 6]


async def test_what_else_is_passed_stays(world: World, listeners: list[socket.socket]) -> None:
    """A descriptor above them keeps its number, and one that somebody left open is closed."""
    kept, stray = (os.dup(listeners[0].fileno()) for _ in range(2))
    os.set_inheritable(stray, True)
    try:
        told = await tell(world, listeners[:1], pass_fds=(kept,))
    finally:
        os.close(kept)
        os.close(stray)
    assert told["open"] == [0, 1, 2, 3, kept]


async def test_a_failed_exec_is_told_as_ever(world: World, listeners: list[socket.socket]) -> None:
    """No shell in between hides why a command cannot be run."""
    world.spawn("/nowhere/at/all", sockets=(listeners[0].fileno(),), socket_names=("a",))
    failed = await world.event(SpawnFailed)
    assert (failed.exit.code, "no such file" in failed.exit.detail) == (127, True)


async def test_nobody_else_gets_them(world: World, listeners: list[socket.socket]) -> None:
    """A child without sockets of its own has none of another's."""
    world.spawn(sys.executable, "-c", "import time; time.sleep(1000)")
    pid = world.seen(Spawned)[0].pid
    links = [str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()]
    assert not [link for link in links if link.startswith("socket:")]


CROWDED = """
import fcntl, os, socket
from watchdog.process.posix import launch
from watchdog.process.spec import Mark, SpawnSpec
server = socket.create_server(("127.0.0.1", 0))
far = fcntl.fcntl(server.fileno(), fcntl.F_DUPFD_CLOEXEC, 50)
server.close()
os.closerange(3, 50)  # what a spawn opens for itself comes to lie where the sockets go
try:
    launch(SpawnSpec(("/nowhere",), sockets=(far,) * 8, socket_names=("a",) * 8), Mark("x", 1, 1))
except FileNotFoundError:
    print("told")
"""


def test_a_spawns_own_descriptors_are_not_overwritten() -> None:
    """The pipe on which a failed exec is told is not where a socket is to be."""
    words = [sys.executable, "-c", CROWDED]
    said = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert said.stdout == "told\n", said.stderr
