"""HTTP/1.1 over asyncio: one `Connection` a client, with h11 for the protocol.

It knows nothing of bots. A request goes to the service as a task of its own, so that a slow one
blocks nobody, and the task is cancelled when its connection ends: nobody is left to answer. What a
client may cost (bytes, time) is in `Limits`.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import h11

# How long a refused client may go on sending before the connection is closed under it (seconds):
# closed at once, the kernel would reset it, and the client would never read why.
LINGER = 2.0

REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `body` is sent as it is."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """What a request is before its body; the names of the headers are in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Request:
    """One whole request."""

    method: str
    path: str
    query: str
    content_type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Limits:
    """What one client may cost: bytes, and seconds (None: as many as it likes)."""

    head: int = 64 * 1024
    body: int = 8 * 1024 * 1024
    request_seconds: float | None = None  # from a request's first byte to its last
    idle_seconds: float | None = None  # before its first byte


class Service(Protocol):
    """What is served. `name` goes into the header Server."""

    name: str
    limits: Limits

    def screen(self, head: Head) -> Answer | None:
        """A refusal as soon as the head is known, so that no body is read; None lets it pass."""

    async def respond(self, request: Request, connection: Connection) -> Answer | None:
        """The answer, or None to drop the connection unanswered."""

    def refuse(self, status: int) -> Answer:
        """The answer to what is no proper request (400, 413, ...), or to a fault of ours (500)."""

    def gone(self, connection: Connection) -> None:
        """The connection has ended."""


class Connection(asyncio.Protocol):
    """One client of a service."""

    def __init__(self, service: Service) -> None:
        self._service, self._limits = service, service.limits
        self._protocol = h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head)
        self._transport: asyncio.Transport | None = None
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._unread = 0
        self._refusing = False
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.peer = ""
        self.is_local = False
        self.is_admin = False

    @property
    def busy(self) -> bool:
        """Whether a whole request has come and is being answered."""
        return self._task is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by asyncio."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        address = transport.get_extra_info("peername")
        if isinstance(address, tuple):  # not so on a unix socket
            host, port = address[:2]
            self.peer = f"{host}:{port}"
            self.is_local = host == "::1" or host.startswith(("127.", "::ffff:127."))
        self._set_timer(self._limits.idle_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by asyncio."""
        self._leave()

    def eof_received(self) -> None:
        """Called by asyncio when the client closed its side; it is taken to have gone."""
        self._leave()

    def data_received(self, data: bytes) -> None:
        """Called by asyncio."""
        if self._refusing:
            return
        if self._unread == 0 and self._task is None:
            self._set_timer(self._limits.request_seconds)
        self._unread += len(data)
        if self._task is not None and self._unread > self._limits.body:
            self.drop()
            return
        self._feed(data)

    def drop(self) -> None:
        """Close at once, answered or not."""
        if self._transport is not None:
            self._transport.abort()

    def _leave(self) -> None:
        self._set_timer(None)
        self._service.gone(self)
        if self._task is not None:
            self._task.cancel()

    def _set_timer(self, seconds: float | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        loop = asyncio.get_running_loop()
        self._timer = None if seconds is None else loop.call_later(seconds, self.drop)

    def _feed(self, data: bytes) -> None:
        try:
            self._protocol.receive_data(data)
        except h11.RemoteProtocolError as error:
            self._refuse(self._service.refuse(error.error_status_hint))
        else:
            self._read_events()

    def _read_events(self) -> None:
        try:
            self._take_events()
        except h11.RemoteProtocolError as error:
            self._refuse(self._service.refuse(error.error_status_hint))

    def _take_events(self) -> None:
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
            if len(self._body) > self._limits.body:
                self._refuse(self._service.refuse(413))
        elif isinstance(event, h11.EndOfMessage):
            self._finish()
        else:
            self._refusing = True

    def _begin(self, request: h11.Request) -> None:
        self._request, self._body = request, bytearray()
        refusal = self._service.screen(_read_head(request))
        if refusal is not None:
            self._refuse(refusal)
        elif int(_header(request, b"content-length") or 0) > self._limits.body:
            self._refuse(self._service.refuse(413))
        elif self._protocol.they_are_waiting_for_100_continue:
            self._write(h11.InformationalResponse(status_code=100, headers=[]))

    def _finish(self) -> None:
        assert self._request is not None
        self._set_timer(None)
        self._unread = 0
        head = _read_head(self._request)
        content_type = head.headers.get("content-type", "")
        request = Request(head.method, head.path, head.query, content_type, bytes(self._body))
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
            return await self._service.respond(request, self)
        except Exception as error:
            # A fault of our own. Its text may hold anything, so only its kind is shown.
            kind = type(error).__name__
            print(f"{self._service.name}: internal error: {kind}", file=sys.stderr)
            return self._service.refuse(500)

    def _begin_next(self) -> None:
        if self._protocol.our_state is h11.DONE and self._protocol.their_state is h11.DONE:
            self._protocol.start_next_cycle()
            begun = self._unread > 0
            limits = self._limits
            self._set_timer(limits.request_seconds if begun else limits.idle_seconds)
            self._read_events()
        elif self._transport is not None:
            self._transport.close()

    def _refuse(self, answer: Answer) -> None:
        self._refusing = True
        if self._protocol.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._send(answer, keep_alive=False)
        self._set_timer(LINGER)

    def _send(self, answer: Answer, *, keep_alive: bool) -> None:
        headers = [
            ("Server", self._service.name),
            ("Content-Type", answer.content_type),
            ("Content-Length", str(len(answer.body))),
            *answer.headers,
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


def _read_head(request: h11.Request) -> Head:
    path, _, query = request.target.decode("latin-1").partition("?")
    headers = {name.decode("ascii"): value.decode("latin-1") for name, value in request.headers}
    return Head(request.method.decode("ascii"), path, query, headers)


def _header(request: h11.Request, name: bytes) -> bytes:
    return next((value for key, value in request.headers if key == name), b"")
