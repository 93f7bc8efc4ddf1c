"""The sandbox as a server on a port: `async with Sandbox() as sandbox: ... sandbox.url`."""

from __future__ import annotations

import asyncio
import re
from types import TracebackType
from typing import Self
from urllib.parse import unquote

from bot.sandbox.admin import administer
from bot.sandbox.answers import encode, refuse
from bot.sandbox.engine import Engine, Log
from bot.sandbox.parameters import BadParameters, read_parameters
from bot.sandbox.stage import Stage
from bot.serving import Answer, Connection, Head, Limits, Request
from bot.urls import http_root

METHOD_NOT_ALLOWED = "Method Not Allowed: use GET or POST"
CALL_PATH = re.compile(r"/bot(?P<token>[^/]*)/(?P<method>[^/]*)/?")


class Sandbox:
    """A Bot API server on loopback; `stage` is its hand for tests in the same process."""

    name = "telegram-sandbox"
    limits = Limits()

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        tokens: tuple[str, ...] = (),
        log: Log = lambda line: None,
    ) -> None:
        self._host, self._asked_port = host, port
        self.engine = Engine(tokens, log)
        self.stage = Stage(self.engine)
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._server is not None, "the sandbox was not started"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def url(self) -> str:
        """The root to give to a bot as TELEGRAM_API_URL."""
        return http_root(self._host, self.port)

    @property
    def connections(self) -> int:
        """How many clients are connected."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Raises OSError when the port is taken."""
        self._server = await asyncio.get_running_loop().create_server(
            self._connect,
            self._host,
            self._asked_port,
            backlog=512,
        )

    async def stop(self) -> None:
        """Stop listening and drop every connection."""
        if self._server is None:
            return
        self._server.close()
        for connection in list(self._connections):
            connection.drop()
        self.stage.stop_rivals()
        self.engine.stop_deliveries()
        await self._server.wait_closed()

    def drop_connections(self) -> int:
        """Drop every open connection that was used for the Bot API. Returns how many."""
        dropped = [c for c in self._connections if not c.is_admin]
        for connection in dropped:
            connection.drop()
        return len(dropped)

    def screen(self, head: Head) -> Answer | None:
        """Other methods than these are refused."""
        known = head.method in ("GET", "POST", "DELETE")
        return None if known else refuse(405, METHOD_NOT_ALLOWED)

    def refuse(self, status: int) -> Answer:
        """The Bot API's own envelope for what is no proper request."""
        return refuse(status)

    def gone(self, connection: Connection) -> None:
        """Called by a connection that ended."""
        self._connections.discard(connection)

    def _connect(self) -> Connection:
        connection = Connection(self)
        self._connections.add(connection)
        return connection

    async def respond(self, request: Request, connection: Connection) -> Answer | None:
        """Answer one request: a call of the Bot API, or of the admin API."""
        path = unquote(request.path)
        if path == "/sandbox" or path.startswith("/sandbox/"):
            return await self._administer(request, connection)
        found = CALL_PATH.fullmatch(path)
        if not found:
            return refuse(404)
        if request.method not in ("GET", "POST"):
            return refuse(405, METHOD_NOT_ALLOWED)
        try:
            parameters = read_parameters(request.query, request.content_type, request.body)
        except BadParameters as error:
            return refuse(400, str(error))
        return await self.engine.call(found["token"], found["method"], parameters, connection.peer)

    async def _administer(self, request: Request, connection: Connection) -> Answer:
        if not connection.is_local:
            return Answer(403, encode({"error": "the admin API answers on this machine only"}))
        connection.is_admin = True
        return await administer(self.stage, self.drop_connections, request)
