"""The server: its listeners and its connections, from start to close.

What speaks HTTP is loaded with the first connection: a daemon that nobody asks pays nothing for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from watchdog.control.access import OPEN, Access, Credentials, Door
from watchdog.control.backend import Backend, LogReader
from watchdog.control.listeners import BACKLOG, AddressError, Dress, open_tcp, open_unix
from watchdog.socket_file import identify

if TYPE_CHECKING:
    from watchdog.control.http import Connection, Respond

Report = Callable[[str, Exception], None]
Greeter = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]

MOST_CONNECTIONS = 1500
CLOSING_SECONDS = 2.0  # for replies that are under way when the server closes
FINISHING_SECONDS = 10.0  # the same when somebody else is to go on at the same doors
BEAT = 0.01  # seconds between two looks whether they are out
TICKS = 10  # turns of the loop that asyncio takes, and some, from accepting a client to telling us
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\n"
    b"Too many connections\n"
)


class ControlServer:
    """Serves `backend` at the sockets that are opened; `report` is told of what goes wrong."""

    def __init__(
        self,
        backend: Backend,
        logs: LogReader,
        report: Report = lambda where, error: None,
        access: Access = OPEN,
    ) -> None:
        self.tcp_address: tuple[str, int] | None = None  # with port 0 the one that it got
        self._backend = backend
        self._logs = logs
        self._report = report
        self._access = access
        self.dress = Dress()  # of the unix socket, also of one that is made anew
        self._path: Path | None = None
        self._file: tuple[int, int] | None = None  # which file at the path is ours
        self._unix: asyncio.Server | None = None
        self._tcp: asyncio.Server | None = None
        self._healing: asyncio.Task[None] | None = None
        self._connections = Connections(_limit_connections(), report)
        # Their own, and fewer: a crowd over TCP must not keep anybody from the unix socket.
        self._visitors = Connections(_limit_connections() // 2, report)

    async def open_unix(self, path: Path) -> None:
        """Listen at a unix socket. `AddressError` says why it cannot be."""
        await self._serve_unix(self._bind(path))

    async def open_tcp(self, host: str, port: int, credentials: Credentials | None = None) -> None:
        """Listen on TCP. `AddressError`: the port is taken, or others could reach it freely.

        `credentials` are for a server that was made without any.
        """
        self._access = replace(self._access, http=credentials or self._access.http)
        await self._serve_tcp(open_tcp(host, port, self._access.http is not None))

    async def _serve_tcp(self, listener: socket.socket) -> None:
        self.tcp_address = listener.getsockname()[:2]
        door = Door(False, self._access.http, self._access.metrics_public)
        meet = self._greeter(door, self._visitors)
        self._tcp = await asyncio.start_server(meet, sock=listener, backlog=BACKLOG)

    async def pause(self) -> Doors:
        """Let nobody in, finish what is owed, hang up; whoever comes waits in the queue.

        What they queue at is answered, for `resume` here or in who is executed in our place.
        """
        if self._healing is not None:
            await self._healing
        loop = asyncio.get_running_loop()
        servers = [server for server in (self._unix, self._tcp) if server is not None]
        for listener in [one for server in servers for one in server.sockets]:
            loop.remove_reader(listener.fileno())
        # A server that is closed drops whom it let in just now: wait until they are among us.
        for _ in range(TICKS):
            await asyncio.sleep(0)
        doors = Doors(_keep(self._unix), self._path, self._file, _keep(self._tcp))
        for server in servers:
            server.close()
        await asyncio.gather(self._connections.finish(), self._visitors.finish())
        return doors

    async def resume(self, doors: Doors) -> None:
        """Let in who waits at these doors."""
        if doors.unix >= 0:
            self._path, self._file = doors.path, doors.file
            await self._serve_unix(socket.socket(fileno=doors.unix))
            self.heal()
        if doors.tcp >= 0:
            await self._serve_tcp(socket.socket(fileno=doors.tcp))

    def heal(self) -> None:
        """Open the unix socket again if its file is gone. What prevents that is reported."""
        if self._path is None or identify(self._path) == self._file:
            return
        try:
            listener = self._bind(self._path)
        except AddressError as error:
            self._report("the control socket", error)
            return
        # Whoever comes before this is done waits in the queue of the listener.
        self._healing = asyncio.get_running_loop().create_task(self._serve_unix(listener))

    async def close(self) -> None:
        """Stop listening, let replies that are under way be finished, and hang up."""
        if self._healing is not None:
            await self._healing
        for server in (self._unix, self._tcp):
            if server is not None:
                server.close()
        self._remove_file()
        await asyncio.gather(self._connections.close(), self._visitors.close())

    def _bind(self, path: Path) -> socket.socket:
        listener = open_unix(path, self.dress)
        self._path, self._file = path, identify(path)
        return listener

    async def _serve_unix(self, listener: socket.socket) -> None:
        old = self._unix
        meet = self._greeter(Door(True, self._access.socket), self._connections)
        self._unix = await asyncio.start_unix_server(meet, sock=listener, backlog=BACKLOG)
        if old is not None:
            old.close()

    def _remove_file(self) -> None:
        if self._path is not None and identify(self._path) == self._file:
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._path = None

    def _greeter(self, door: Door, crowd: Connections) -> Greeter:
        """What meets each client of one listener. The routes are made with the first of them."""
        respond: Respond | None = None

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal respond
            respond = respond or self._make_routes(door)
            await crowd.meet(reader, writer, respond)

        return meet

    def _make_routes(self, door: Door) -> Respond:
        from watchdog.control.methods import METHODS
        from watchdog.control.routes import Routes
        from watchdog.control.rpc import Api

        return Routes(Api(self._backend, self._logs, METHODS), self._report, door).respond


class Doors(Struct):
    """Listening sockets that nobody attends to, by descriptor; -1 is none."""

    unix: int = -1
    path: Path | None = None
    file: tuple[int, int] | None = None  # which file at the path is the unix socket's
    tcp: int = -1


def _keep(server: asyncio.Server | None) -> int:
    """A copy of what the server listens at, which its closing leaves open."""
    return os.dup(server.sockets[0].fileno()) if server is not None and server.sockets else -1


class Connections:
    """The clients that are connected now: never more than `most`."""

    def __init__(self, most: int, report: Report) -> None:
        self._most = most
        self._report = report
        self._open: dict[asyncio.Task[None], Connection] = {}

    async def meet(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, respond: Respond
    ) -> None:
        """Serve one client until it goes. Nothing that it does raises here."""
        from watchdog.control.http import Connection  # 0.4 MiB and 20 ms, when first needed

        task = asyncio.current_task()
        assert task is not None
        connection = Connection(reader, writer)
        try:
            if len(self._open) >= self._most and not self._make_room():
                writer.write(_TOO_MANY)
                return
            self._open[task] = connection
            await connection.serve(respond)
        except asyncio.CancelledError:
            pass  # we hang up; asyncio would report it as an error
        except Exception as error:
            self._report("a control connection", error)
        finally:
            self._open.pop(task, None)
            writer.close()

    async def close(self) -> None:
        """Hang up on everybody, on those who are owed a reply only after a while."""
        for task, connection in self._open.items():
            if connection.idle:
                task.cancel()
        if self._open:
            _, late = await asyncio.wait(self._open, timeout=CLOSING_SECONDS)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def finish(self) -> None:
        """Let everybody have the reply that is owed, also who has just come; then hang up."""
        loop = asyncio.get_running_loop()
        until = loop.time() + FINISHING_SECONDS
        while any(one.is_owed for one in self._open.values()):
            if loop.time() > until:
                break
            await asyncio.sleep(BEAT)
        for task in list(self._open):
            task.cancel()
        if self._open:
            await asyncio.wait(list(self._open), timeout=CLOSING_SECONDS)

    def _make_room(self) -> bool:
        """Hang up on the client that has been there the longest without asking anything."""
        for task, connection in self._open.items():
            if connection.idle:
                del self._open[task]
                task.cancel()
                return True
        return False


def _limit_connections() -> int:
    """A quarter of the files this process may open: starting programs needs some, too."""
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return min(MOST_CONNECTIONS, soft // 4) if soft > 0 else MOST_CONNECTIONS
