"""HTTP/1.1 over asyncio: one `Connection` a client, with h11 for the protocol.

It knows nothing of bots. A request goes to the handler as a task of its own, so that a slow one
blocks nobody, and the task is cancelled when its connection ends: nobody is left to answer.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from http import HTTPStatus

import h11

from bot.sandbox.answers import Answer, refuse

MAXIMUM_HEAD = 64 * 1024
MAXIMUM_BODY = 8 * 1024 * 1024

METHOD_NOT_ALLOWED = "Method Not Allowed: use GET or POST"

# How long a refused client may go on sending before the connection is closed under it (seconds):
# closed at once, the kernel would reset it, and the client would never read why.
LINGER = 2.0


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes


REASONS = {status.value: status.phrase for status in HTTPStatus}

Handler = Callable[[Request, "Connection"], Awaitable[Answer | None]]


class Connection(asyncio.Protocol):
    """One client. The handler returns its answer, or None to drop the connection unanswered."""

    def __init__(self, handler: Handler, connections: set[Connection]) -> None:
        self._handler = handler
        self._connections = connections
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=MAXIMUM_HEAD)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._unread = 0
        self._refusing = False
        self._task: asyncio.Task[None] | None = None
        self.peer = ""
        self.is_local = False
        self.is_admin = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host, port = transport.get_extra_info("peername")[:2]
        self.peer = f"{host}:{port}"
        self.is_local = host == "::1" or host.startswith(("127.", "::ffff:127."))
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._leave()

    def eof_received(self) -> None:
        """Called by asyncio when the client closed its side; it is taken to have gone."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        self._unread += len(data)
        if self._refusing:
            return
        if self._task is not None and self._unread > MAXIMUM_BODY:
            self.drop()
            return
        self._feed(data)

    def drop(self) -> None:
        """Close at once, answered or not."""
        if self._transport is not None:
            self._transport.abort()

    def _leave(self) -> None:
        self._connections.discard(self)
        if self._task is not None:
            self._task.cancel()

    def _feed(self, data: bytes) -> None:
        try:
            self._protocol.receive_data(data)
            self._read_events()
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, None)

    def _read_events(self) -> None:
        while self._task is None and not self._refusing:
            event = self._protocol.next_event()
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            self._take(event)

    def _take(self, event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]) -> None:
        if isinstance(event, h11.Request):
            self._begin(event)
        elif isinstance(event, h11.Data):
            self._body += event.data
            if len(self._body) > MAXIMUM_BODY:
                self._refuse(413, None)
        elif isinstance(event, h11.EndOfMessage):
            self._finish()
        else:
            self._refusing = True

    def _begin(self, request: h11.Request) -> None:
        self._request, self._body = request, bytearray()
        if request.method not in (b"GET", b"POST", b"DELETE"):
            self._refuse(405, METHOD_NOT_ALLOWED)
        elif int(_header(request, b"content-length") or 0) > MAXIMUM_BODY:
            self._refuse(413, None)
        elif self._protocol.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))

    def _finish(self) -> None:
        assert self._request is not None
        self._unread = 0
        target = self._request.target.decode("latin-1")
        path, _, query = target.partition("?")
        content_type = _header(self._request, b"content-type").decode("latin-1")
        method = self._request.method.decode("ascii")
        request = Request(method, path, query, content_type, bytes(self._body))
        self._task = asyncio.get_running_loop().create_task(self._respond(request))

    async def _respond(self, request: Request) -> None:
        answer = await self._handle(request)
        self._task = None
        if answer is None:
            self.drop()
            return
        self._send(answer, keep_alive=True)
        self._begin_next()

    async def _handle(self, request: Request) -> Answer | None:
        try:
            return await self._handler(request, self)
        except Exception as error:
            # A fault of the sandbox itself. Its text may hold anything, so only its kind is shown.
            print(f"sandbox: internal error: {type(error).__name__}", file=sys.stderr)
            return refuse(500)

    def _begin_next(self) -> None:
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
            self._feed_nothing()
        elif self._transport is not None:
            self._transport.close()

    def _feed_nothing(self) -> None:
        try:
            self._read_events()
        except h11.RemoteProtocolError as error:
            self._refuse(error.error_status_hint, None)

    def _refuse(self, status: int, description: str | None) -> None:
        self._refusing = True
        if self._protocol.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(refuse(status, description), keep_alive=False)
        if self._transport is not None:
            asyncio.get_running_loop().call_later(LINGER, self._transport.close)

    def _send(self, answer: Answer, *, keep_alive: bool) -> None:
        headers = [
            ("Server", "telegram-sandbox"),
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
        ]
        if not keep_alive:
            headers.append(("Connection", "close"))
        reason = REASONS.get(answer.status, "")
        response = h11.Response(status_code=answer.status, headers=headers, reason=reason)
        # HEAD is answered without a body, and h11 insists on that.
        is_head = self._request is not None and self._request.method == b"HEAD"
        body = h11.Data(data=b"" if is_head else answer.body)
        self._write(response, body, h11.EndOfMessage())

    def _write(self, *events: h11.Event) -> None:
        data = b"".join(self._protocol.send(event) or b"" for event in events)
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _header(request: h11.Request, name: bytes) -> bytes:
    return next((value for key, value in request.headers if key == name), b"")
