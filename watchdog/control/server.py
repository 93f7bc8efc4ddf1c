"""The server: its listeners and its connections, from start to close.

What speaks HTTP is loaded with the first connection: a daemon that nobody asks pays nothing for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.control.access import LOCAL, Credentials, Door
from watchdog.control.backend import Backend, LogReader
from watchdog.control.listeners import BACKLOG, AddressError, identify, open_tcp, open_unix

if TYPE_CHECKING:
    from watchdog.control.http import Connection, Respond

Report = Callable[[str, Exception], None]
Greeter = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]]

MOST_CONNECTIONS = 1500
CLOSING_SECONDS = 2.0  # for replies that are under way when the server closes
_TOO_MANY = (
    b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\n"
    b"Too many connections\n"
)


class ControlServer:
    """Serves `backend` at the sockets that are opened; `report` is told of what goes wrong."""

    def __init__(
        self, backend: Backend, logs: LogReader, report: Report = lambda where, error: None
    ) -> None:
        self.tcp_address: tuple[str, int] | None = None  # with port 0 the one that it got
        self._backend = backend
        self._logs = logs
        self._report = report
        self._path: Path | None = None
        self._file: tuple[int, int] | None = None  # which file at the path is ours
        self._unix: asyncio.Server | None = None
        self._tcp: asyncio.Server | None = None
        self._healing: asyncio.Task[None] | None = None
        self._connections = Connections(_limit_connections(), report)

    async def open_unix(self, path: Path) -> None:
        """Listen at a unix socket, mode 0600. `AddressError` says why it cannot be."""
        await self._serve_unix(self._bind(path))

    async def open_tcp(self, host: str, port: int, credentials: Credentials | None = None) -> None:
        """Listen on TCP. `AddressError`: the port is taken, or others could reach it freely."""
        listener = open_tcp(host, port, credentials is not None)
        self.tcp_address = listener.getsockname()[:2]
        meet = self._greeter(Door(is_local=False, credentials=credentials))
        self._tcp = await asyncio.start_server(meet, sock=listener, backlog=BACKLOG)

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
        await self._connections.close()

    def _bind(self, path: Path) -> socket.socket:
        listener = open_unix(path)
        self._path, self._file = path, identify(path)
        return listener

    async def _serve_unix(self, listener: socket.socket) -> None:
        old = self._unix
        self._unix = await asyncio.start_unix_server(
            self._greeter(LOCAL), sock=listener, backlog=BACKLOG
        )
        if old is not None:
            old.close()

    def _remove_file(self) -> None:
        if self._path is not None and identify(self._path) == self._file:
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._path = None

    def _greeter(self, door: Door) -> Greeter:
        """What meets each client of one listener. The routes are made with the first of them."""
        respond: Respond | None = None

        async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal respond
            respond = respond or self._make_routes(door)
            await self._connections.meet(reader, writer, respond)

        return meet

    def _make_routes(self, door: Door) -> Respond:
        from watchdog.control.methods import METHODS
        from watchdog.control.routes import Routes
        from watchdog.control.rpc import Api

        return Routes(Api(self._backend, self._logs, METHODS), self._report, door).respond


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
