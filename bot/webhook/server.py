"""The server that deliveries come to: on the event loop, behind the doorkeeper.

Who has no right to deliver is refused by the head of the request, before its body is read, and is
only counted: nothing of what strangers send is logged. A delivery is answered as soon as it is in
the queue of the handlers. While too much waits there, and once the bot is stopping, the answer is
503: then Telegram keeps the update.
"""

import asyncio
import errno
import socket
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from bot.exits import Exit, ExitCode
from bot.figures import Figures
from bot.notify import UNIX
from bot.poison import Skipped
from bot.serving import Answer, Connection, Head, Limits, Request
from bot.webhook.figures import WebhookFigures
from bot.webhook.intake import Doorkeeper, Memory, parse
from bot.webhook.settings import Address, WebhookSettings

# Beyond so many updates that no handler has begun with, Telegram is asked to keep them.
MOST_WAITING = 1000
RETRY_AFTER = 3  # seconds
# Telegram uses 100 connections at most; the oldest that has sent nothing whole makes room.
MOST_CONNECTIONS = 256
_REQUEST_SECONDS, _IDLE_SECONDS = 10.0, 90.0
_HEAD = 16 * 1024
_EMPTY = Answer(200, b"", "text/plain")

Read = Callable[[Mapping[str, Any]], Any]
Put = Callable[[Any], None]
Skip = Callable[[Skipped], Awaitable[None]]


class WebhookServer:
    """Takes deliveries from `open` until `close`."""

    name = "bot"

    def __init__(
        self,
        settings: WebhookSettings,
        secret: str,
        figures: Figures,
        webhook: WebhookFigures,
        skip: Skip,
    ) -> None:
        self.limits = Limits(_HEAD, settings.body_limit, _REQUEST_SECONDS, _IDLE_SECONDS)
        self._address, self._figures, self._webhook = settings.listen, figures, webhook
        self._doorkeeper = Doorkeeper(settings.path, secret)
        self._skip = skip
        self._memory = Memory()
        self._connections: dict[Connection, None] = {}  # the oldest first
        self._server: asyncio.Server | None = None
        self._read: Read | None = None
        self._put: Put | None = None

    async def open(self) -> None:
        """Listen; everything is put off until `admit`. `Exit` 78 where that cannot be."""
        loop = asyncio.get_running_loop()
        try:
            listener = _listen(self._address)
            self._server = await loop.create_server(self._connect, sock=listener, backlog=512)
        except OSError as error:
            raise Exit(
                ExitCode.CONFIG,
                f"WEBHOOK_LISTEN: cannot listen on {self._address}: {error.strerror or error}",
            ) from None
        self._webhook.serving = True

    def admit(self, read: Read, put: Put) -> None:
        """Hand what comes from now on to `put`, as `read` makes it of JSON."""
        self._read, self._put = read, put

    def put_off(self) -> None:
        """Take nothing any more: Telegram keeps it."""
        self._read = self._put = None

    def close(self) -> None:
        """Listen no more."""
        self._webhook.serving = False
        if self._server is not None:
            self._server.close()
            if self._address.path:
                with suppress(OSError):
                    Path(self._address.path).unlink()
        for connection in tuple(self._connections):
            connection.drop()

    def screen(self, head: Head) -> Answer | None:
        """Refuse what is no delivery of Telegram."""
        refusal = self._doorkeeper.refusal(head)
        if refusal is None:
            return None
        status, cause = refusal
        self._webhook.refuse(cause)
        return self._answer(status)

    def refuse(self, status: int) -> Answer:
        """What is too large, or no HTTP."""
        self._webhook.refuse("size" if status == 413 else "no request")
        return self._answer(status)

    def gone(self, connection: Connection) -> None:
        """Called by a connection that ended."""
        self._connections.pop(connection, None)

    async def respond(self, request: Request, connection: Connection) -> Answer | None:
        """Take one delivery."""
        webhook = self._webhook
        webhook.deliveries += 1
        webhook.last_delivery = self._figures.clock()
        if self._read is None or self._put is None or self._figures.waiting >= MOST_WAITING:
            webhook.put_off += 1
            webhook.last_put_off = webhook.last_delivery
            return self._answer(503, ("Retry-After", str(RETRY_AFTER)))
        await self._take(request.body, self._read, self._put)
        return _EMPTY

    async def _take(self, body: bytes, read: Read, put: Put) -> None:
        parsed = parse(body, read)
        if parsed.update_id is not None and parsed.update_id in self._memory:
            self._webhook.duplicates += 1
            return
        if parsed.update_id is not None:
            self._memory.add(parsed.update_id)
        if parsed.skipped is not None:
            self._webhook.skipped += 1
            await self._skip(parsed.skipped)
            return
        self._webhook.accepted += 1
        put(parsed.update)

    def _connect(self) -> Connection:
        if len(self._connections) >= MOST_CONNECTIONS:
            self._make_room()
        connection = Connection(self)
        self._connections[connection] = None
        return connection

    def _make_room(self) -> None:
        idle = next((one for one in self._connections if not one.busy), None)
        if idle is not None:
            self._connections.pop(idle)
            self._webhook.refuse("no room")
            idle.drop()

    def _answer(self, status: int, *headers: tuple[str, str]) -> Answer:
        return Answer(status, b"", "text/plain", headers)


def _listen(address: Address) -> socket.socket:
    """A listening socket. A unix socket that a dead bot left behind is replaced: we hold the lock.

    It is open to everybody's programs on this machine, as a port would be: the secret decides.
    """
    if address.path:
        return _listen_unix(Path(address.path))
    family, _, _, _, where = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM
    )[0]
    return socket.create_server(where[:2], family=family, backlog=512)


def _listen_unix(path: Path) -> socket.socket:
    if UNIX is None:
        raise OSError("unix sockets are not to be had on this system")
    if path.is_socket():
        _remove_dead(path, UNIX)
    listener = socket.socket(UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


def _remove_dead(path: Path, family: int) -> None:
    """Remove a socket that nobody listens at any more; raises OSError if somebody does."""
    with socket.socket(family, socket.SOCK_STREAM) as client:
        client.settimeout(1.0)
        try:
            client.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, "somebody else listens there")
