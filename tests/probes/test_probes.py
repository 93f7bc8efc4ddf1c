"""What holds for all kinds of probe: one answer each, in time, whatever the others do."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from watchdog.config.model import Address, ProbeTarget
from watchdog.core.model import Role
from watchdog.probes.connect import CannotConnect, connect
from watchdog.probes.names import Resolver

from .conftest import Servers, World, children, open_files, until

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


async def silence(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while await reader.read(4096):
        pass


class Elsewhere:
    """A server in a thread: it answers also while the loop of the test stands still."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self.answered = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                peer.recv(4096)
                if self._reply:
                    peer.sendall(self._reply)
                    self.answered.set()
                else:
                    peer.recv(4096)  # until the other side hangs up

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)


@pytest.fixture
def well() -> Iterator[Elsewhere]:
    server = Elsewhere(OK)
    yield server
    server.close()


@pytest.fixture
def mute() -> Iterator[Elsewhere]:
    server = Elsewhere(b"")
    yield server
    server.close()


async def test_a_hundred_that_hang_do_not_delay_one_that_is_well(world: World, servers: Servers):
    """Each probe is alone: the good one is answered at once, every hanging one at its deadline."""
    bad = servers.target(await servers.start(silence))
    good = await servers.replying(OK)
    for i in range(100):
        world.probes.configure(f"bad{i}", {Role.LIVENESS: bad})
        world.probes.probe(f"bad{i}", 1, Role.LIVENESS, 3.0)
    await until(lambda: servers.connections == 100)
    result = await world.probe(good, timeout=3.0)
    assert result.ok and result.latency < 1.5
    assert len(world.events) == 1
    await until(lambda: len(world.events) == 101)
    hung = [event for event in world.results if not event.ok]
    assert len(hung) == 100
    assert {event.reason for event in hung} == {"no answer within 3s"}
    await until(lambda: servers.ended == 101)


async def test_several_of_one_role_may_be_under_way(world: World, servers: Servers):
    """A period shorter than the timeout is nothing special."""
    target = servers.target(await servers.start(silence))
    world.probes.configure("bot", {Role.LIVENESS: target})
    for incarnation in (1, 1, 1, 2):
        world.probes.probe("bot", incarnation, Role.LIVENESS, 0.3)
    await until(lambda: len(world.results) == 4)
    assert sorted(r.incarnation for r in world.results) == [1, 1, 1, 2]
    await until(lambda: servers.ended == 4)
    assert len(world.results) == 4


@pytest.mark.parametrize("kind", ["http", "tcp", "exec"])
async def test_stop_abandons_what_is_under_way(world: World, servers: Servers, kind: str):
    """After stop nothing is posted, and nothing is left open; another incarnation goes on."""
    port = await servers.start(silence)
    target = ProbeTarget(
        kind,
        url=f"http://127.0.0.1:{port}",
        address=Address("192.0.2.1", 9),  # a network for documentation: nobody answers there
        command=("sleep", "600"),
    )
    world.probes.configure("bot", {Role.LIVENESS: target})
    before = open_files()
    for _ in range(5):
        world.probes.probe("bot", 1, Role.LIVENESS, 600)
    world.probes.stop("bot", 1)  # before the first of them ran
    world.probes.probe("bot", 1, Role.LIVENESS, 600)
    world.probes.probe("bot", 2, Role.LIVENESS, 1.0)
    if kind != "tcp":
        await until(lambda: servers.connections == 2 or len(children()) == 2)
    world.probes.stop("bot", 1)
    world.probes.stop("bot", 1)
    await until(lambda: world.results)
    assert [r.incarnation for r in world.results] == [2]
    await until(lambda: not children() and servers.ended == servers.connections)
    await until(lambda: not open_files() - before)
    assert len(world.results) == 1


async def test_a_late_answer_is_dropped(world: World, servers: Servers):
    """One probe is one answer, also when the server answers after the deadline."""
    release = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.write(OK)

    result = await world.probe(servers.target(await servers.start(late)), timeout=0.2)
    release.set()
    await until(lambda: servers.ended == 1)
    assert world.results == [result] and not result.ok


async def test_a_pause_of_the_watchdog_is_not_held_against_the_program(world: World, well):
    """The loop stood still past the deadline: the program, which was well, passes."""
    world.probes.configure("bot", {Role.LIVENESS: ProbeTarget("http", url=well.url)})
    world.probes.probe("bot", 1, Role.LIVENESS, 0.5)
    time.sleep(1.2)  # noqa: ASYNC251 - the loop standing still is what is tested
    assert not well.answered.is_set(), "the pause began too late to test anything"
    await until(lambda: world.results)
    assert world.results[0].ok


async def test_an_answer_that_came_during_a_pause_is_read(world: World, well):
    """The reply lay in the socket when the watchdog woke up after the deadline."""
    from watchdog.probes import reply as _loaded  # noqa: F401 - its import takes a while

    world.probes.configure("bot", {Role.LIVENESS: ProbeTarget("http", url=well.url)})
    world.probes.probe("bot", 1, Role.LIVENESS, 0.5)
    for _ in range(3):
        await asyncio.sleep(0)
    time.sleep(1.2)  # noqa: ASYNC251
    await until(lambda: world.results)
    assert world.results[0].ok


async def test_a_program_that_hangs_fails_also_after_a_pause(world: World, mute):
    """The time that a pause took is given back once, and no more than the timeout."""
    world.probes.configure("bot", {Role.LIVENESS: ProbeTarget("http", url=mute.url)})
    world.probes.probe("bot", 1, Role.LIVENESS, 0.2)
    time.sleep(1.0)  # noqa: ASYNC251
    resumed = time.monotonic()
    await until(lambda: world.results)
    assert not world.results[0].ok
    assert world.results[0].reason == "no answer within 200ms"
    assert 0.15 < time.monotonic() - resumed < 5


async def test_a_role_without_a_target_is_answered(world: World):
    """The core is owed an answer even if the configuration changed under its feet."""
    world.probes.probe("nobody", 3, Role.STARTUP, 1.0)
    await until(lambda: world.events)
    assert world.results[0].reason == "no such probe is configured"
    world.probes.configure("bot", {Role.STARTUP: ProbeTarget("heartbeat")})
    world.probes.probe("bot", 3, Role.STARTUP, 1.0)
    await until(lambda: len(world.events) == 2)
    assert not world.results[1].ok


async def test_a_fault_of_our_own_is_answered(world: World):
    """It becomes a failed probe with the fault's name, never silence."""
    result = await world.probe(ProbeTarget("http", url=None))  # type: ignore[arg-type]
    assert not result.ok and result.reason.startswith("the probe itself failed: AttributeError")


async def test_a_stopped_probe_has_no_deadline_any_more(world: World, servers: Servers):
    """Its timer is gone with it, so that nothing happens when it would have fired."""
    target = servers.target(await servers.start(silence))
    world.probes.configure("bot", {Role.LIVENESS: target})
    world.probes.probe("bot", 1, Role.LIVENESS, 0.2)
    world.probes.stop("bot", 1)
    world.probes.probe("bot", 2, Role.LIVENESS, 0.4)
    await until(lambda: world.results)
    assert [result.incarnation for result in world.results] == [2]


async def test_forget_ends_the_probes_of_a_program(world: World, servers: Servers):
    """A program that left the configuration is heard of no more."""
    target = servers.target(await servers.start(silence))
    world.probes.configure("bot", {Role.LIVENESS: target})
    world.probes.probe("bot", 1, Role.LIVENESS, 600)
    await until(lambda: servers.connections == 1)
    world.probes.forget("bot")
    await until(lambda: servers.ended == 1)
    assert world.events == []


async def test_tcp_passes_when_a_connection_is_accepted(world: World, servers: Servers, free_port):
    """It connects and hangs up; a refused connection fails with the address."""
    port = await servers.start(silence)
    assert (await world.probe(ProbeTarget("tcp", address=Address("localhost", port)))).ok
    await until(lambda: servers.ended == 1)
    result = await world.probe(ProbeTarget("tcp", address=Address("127.0.0.1", free_port)))
    assert (result.ok, result.reason) == (False, f"connection refused at 127.0.0.1:{free_port}")
    assert (await world.probe(ProbeTarget("tcp"))).reason == "the probe has no address"


async def test_tcp_fails_at_its_deadline_when_nobody_accepts(world: World):
    """A listener whose queue is full neither accepts nor refuses."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
        port = full.getsockname()[1]
        result = await world.probe(ProbeTarget("tcp", address=Address("127.0.0.1", port)), 0.3)
        for filler in fillers:
            filler.close()
    assert not result.ok
    assert result.reason == f"no connection to 127.0.0.1:{port} within 300ms"


async def test_a_socket_that_connected_to_itself_is_not_the_program(monkeypatch, free_port):
    """TCP can connect a socket to itself where nobody listens; that counts as refused."""
    real = socket.socket

    def bound(family: int, kind: int) -> socket.socket:
        sock = real(family, kind)
        sock.bind(("127.0.0.1", free_port))  # what the kernel does by chance
        return sock

    monkeypatch.setattr("watchdog.probes.connect.socket.socket", bound)
    with pytest.raises(CannotConnect, match="connection refused at bot"):
        await connect("127.0.0.1", free_port, Resolver(), "bot")


async def test_no_descriptor_left_is_told_as_the_watchdogs_own_trouble(world: World, servers):
    """The reason does not put it on the program."""
    import resource

    target = await servers.replying(OK)
    await world.probe(target)  # all that an http probe imports is loaded
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(map(int, open_files())) + 1, hard))
    hoard = []
    try:
        while True:
            try:
                hoard.append(os.dup(0))
            except OSError:
                break
        result = await world.probe(target)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in hoard:
            os.close(fd)
    assert not result.ok
    assert result.reason == "the watchdog itself has too many files open to probe"


def test_nothing_heavy_is_loaded_before_it_is_needed():
    """The resident daemon pays for h11 only with the first http probe."""
    code = (
        "import sys, asyncio, subprocess, msgspec; before = set(sys.modules);"
        "import watchdog.probes.probes, watchdog.probes.heartbeat;"
        "heavy = {'h11', 'http.client', 'urllib.parse', 'email', 'dataclasses', 'hashlib'};"
        "print(sorted(heavy & (set(sys.modules) - before)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stderr
