"""What the tests of the probes share: a recorder of events, and servers that behave as told."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from watchdog.config.model import ProbeTarget
from watchdog.core.events import Event, Probed
from watchdog.core.model import Role
from watchdog.probes.attempt import Surroundings
from watchdog.probes.probes import Probes

PATIENCE = 20.0  # seconds until a test gives up on a busy machine

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def until(condition: Callable[[], object], patience: float = PATIENCE) -> None:
    """Wait for the condition; fail when patience is over."""
    deadline = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        await asyncio.sleep(0.005)


def open_files() -> set[str]:
    """The file descriptors that this process has."""
    return {path.name for path in Path("/proc/self/fd").iterdir() if path.exists()}


strangers: set[int] = set()  # children that an earlier test of this process has left to us


def children() -> list[int]:
    """The pids of the children that this test has made, zombies included."""
    return [pid for pid in all_children() if pid not in strangers]


def all_children() -> list[int]:
    """The pids of this process's children; other tests may have made it a subreaper."""
    return [pid for task in Path("/proc/self/task").iterdir() for pid in children_of(task)]


def children_of(task: Path) -> list[int]:
    """The children of one thread, which may end while we look."""
    try:
        return [int(pid) for pid in (task / "children").read_text().split()]
    except FileNotFoundError:
        return []


class World:
    """Probes, and what they posted."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Event]] = []
        self.redact: Callable[[str], str] = lambda text: text
        self.probes = Probes(self.post, lambda text: self.redact(text))

    def post(self, program: str, event: Event) -> None:
        self.events.append((program, event))

    @property
    def results(self) -> list[Probed]:
        return [event for _, event in self.events if isinstance(event, Probed)]

    async def probe(
        self,
        target: ProbeTarget,
        timeout: float = 10.0,  # noqa: ASYNC109 - of the probe, not of this call
        surroundings: Surroundings | None = None,
    ) -> Probed:
        """Run one probe of the program "bot" and wait for its one answer."""
        already = self._of_bot()
        self.probes.configure("bot", {Role.LIVENESS: target}, surroundings)
        self.probes.probe("bot", 7, Role.LIVENESS, timeout)
        assert self._of_bot() == already, "answered before the effect was over"
        await until(lambda: len(self._of_bot()) > len(already), PATIENCE + timeout)
        event = self._of_bot()[-1]
        assert isinstance(event, Probed)
        assert (event.incarnation, event.role) == (7, Role.LIVENESS)
        assert len(event.reason) <= 200 and event.reason.isprintable()
        return event

    def _of_bot(self) -> list[Event]:
        return [event for program, event in self.events if program == "bot"]


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """Probes that leave neither a descriptor nor a child behind."""
    before, faults = open_files(), []
    strangers.update(all_children())
    asyncio.get_running_loop().set_exception_handler(lambda _, fault: faults.append(fault))
    world = World()
    yield world
    world.probes.close()
    await until(lambda: not children())
    await until(lambda: not open_files() - before)
    assert faults == [], "a callback raised, or nobody looked at an exception"


class Servers:
    """Servers on loopback, each with a handler for its connections."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.ended = 0  # connections that are over

    async def start(self, handler: Handler, host: str = "127.0.0.1") -> int:
        """Serve on a free port, and return it."""

        def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._run(handler, reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        server = await asyncio.start_server(serve, host, 0, backlog=512)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def replying(self, reply: bytes) -> ProbeTarget:
        """A server that gives this reply to every request, and closes."""

        async def handler(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply)

        return self.target(await self.start(handler))

    def target(self, port: int) -> ProbeTarget:
        return ProbeTarget("http", url=f"http://127.0.0.1:{port}/health")

    async def _run(
        self, handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.connections += 1
        try:
            await handler(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.ended += 1
            writer.close()

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.sleep(0)


@pytest.fixture
async def servers(world: World) -> AsyncIterator[Servers]:
    """A place to start servers in; they end with the test."""
    servers = Servers()
    yield servers
    await servers.close()


@pytest.fixture
def free_port() -> int:
    """A port that nobody listens on, below those that the kernel hands out by itself."""
    for port in range(20000 + os.getpid() % 5000, 32000):
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")
