"""One client's connection, HTTP/1.1 by h11: requests in, replies out, for as long as it stays.

Kept true here: a request has so long to arrive, whoever sends it; heads and bodies are bounded; a
malformed request is answered with 400 and a closed connection; no stack trace ever leaves. Timers
run only while a connection is open and owes us something.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import h11
from msgspec import Struct

REQUEST_SECONDS = 10.0  # from the first byte of a request to its last
REPLY_SECONDS = 30.0  # for a client to take a whole reply
LINGER_SECONDS = 1.0  # for a client to read a refusal before it is cut off
LARGEST_HEAD = 16 * 1024  # bytes
LARGEST_BODY = 1024 * 1024
_BLOCK = 64 * 1024


class Request(Struct, frozen=True):
    """What a client asks for."""

    method: str
    target: str  # path and query, as sent
    headers: dict[str, str]  # names in lower case; of several the last
    body: bytes
    peer: str = ""  # the address that it came from; empty over the unix socket


class Reply(Struct, frozen=True):
    """The answer: a body, or a stream that is sent as it comes."""

    status: int
    body: bytes = b""
    type: str = "text/plain;charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    stream: AsyncIterator[bytes] | None = None


class Refusal(Exception):
    """The request is not served; the client is told why and let go."""

    def __init__(self, status: int, text: str = "") -> None:
        super().__init__(status, text)
        self.reply = plain(status, text)


Respond = Callable[[Request], Awaitable[Reply]]


def plain(status: int, text: str = "") -> Reply:
    """A reply of one line."""
    return Reply(status, f"{text or HTTPStatus(status).phrase}\n".encode())


class Connection:
    """One client. `idle` while it owes us nothing and we owe it nothing."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.idle = True
        self._is_new = True  # has not sent a byte yet
        self._streams = False  # a reply without an end is under way
        self._reader = reader
        self._writer = writer
        self._peer = _peer_of(writer)
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=LARGEST_HEAD)

    async def serve(self, respond: Respond) -> None:
        """Answer request after request until the client goes, or misbehaves."""
        try:
            while (request := await self._next_request()) is not None:
                await self._send_reply(request, await respond(request))
                if not self._is_kept():
                    return
        except Refusal as refusal:
            await self._refuse(refusal.reply)
        except h11.RemoteProtocolError as error:
            await self._refuse(plain(error.error_status_hint))
        except h11.LocalProtocolError:
            pass  # the client broke off where nothing can be said any more
        except (OSError, TimeoutError):
            self._writer.transport.abort()

    @property
    def is_owed(self) -> bool:
        """Whether a reply that will end is under way, or the first request still to come."""
        return self._is_new or not (self.idle or self._streams)

    # --- in

    async def _next_request(self) -> Request | None:
        """The next request; None if the client is gone."""
        first = self._http.our_state is h11.IDLE and not self._http.trailing_data[0]
        if first and not await self._wait_for_bytes():
            return None
        self.idle = False
        try:
            async with asyncio.timeout(REQUEST_SECONDS):
                return await self._read_request()
        except TimeoutError:
            raise Refusal(408, "The request did not arrive in time") from None

    async def _wait_for_bytes(self) -> bool:
        """Wait for a client to begin. One that never asked anything yet has only so long."""
        self.idle = True
        limit = REQUEST_SECONDS if self._is_new else None
        try:
            async with asyncio.timeout(limit):
                data = await self._reader.read(_BLOCK)
        except TimeoutError:
            return False
        self._is_new = False
        if data:
            self._http.receive_data(data)
        return bool(data)

    async def _read_request(self) -> Request | None:
        event = await self._next_event()
        if not isinstance(event, h11.Request):
            return None
        headers = {name.decode(): value.decode("latin-1") for name, value in event.headers}
        if int(headers.get("content-length", "0")[:18]) > LARGEST_BODY:
            raise Refusal(413, f"A body has at most {LARGEST_BODY} bytes")
        body = await self._read_body()
        target = event.target.decode("latin-1")
        return Request(event.method.decode(), target, headers, body, self._peer)

    async def _read_body(self) -> bytes:
        body = bytearray()
        while isinstance(event := await self._next_event(), h11.Data):
            body += event.data
            if len(body) > LARGEST_BODY:
                raise Refusal(413, f"A body has at most {LARGEST_BODY} bytes")
        return bytes(body)

    async def _next_event(self) -> object:
        while (event := self._http.next_event()) is h11.NEED_DATA:
            if self._http.they_are_waiting_for_100_continue:
                await self._send(h11.InformationalResponse(status_code=100, headers=[]))
            self._http.receive_data(await self._reader.read(_BLOCK))
        return event

    # --- out

    async def _send_reply(self, request: Request, reply: Reply) -> None:
        has_body = request.method != "HEAD"
        if reply.stream is not None and has_body:
            self._streams = True
            await self._send(_head(reply))
            await self._send_stream(reply.stream)
            await self._send(h11.EndOfMessage())
            return
        body = [h11.Data(data=reply.body)] if has_body else []
        async with asyncio.timeout(REPLY_SECONDS):
            await self._send(_head(reply), *body, h11.EndOfMessage())

    async def _send_stream(self, stream: AsyncIterator[bytes]) -> None:
        """Send what comes until the client hangs up, which only reading can tell."""
        sending = asyncio.ensure_future(self._pump(stream))
        leaving = asyncio.ensure_future(self._wait_for_leave())
        try:
            await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
            await _end(stream)
        if not sending.cancelled() and (error := sending.exception()):
            raise error

    async def _pump(self, stream: AsyncIterator[bytes]) -> None:
        async for chunk in stream:
            if chunk:
                await self._send(h11.Data(data=chunk))

    async def _wait_for_leave(self) -> None:
        """Until the client hangs up. supervisorctl sends one line break too many: not counted."""
        while await self._reader.read(_BLOCK):
            pass

    async def _send(self, *events: h11.Event) -> None:
        """Send events in one piece, and wait until the client has taken most of what it owes."""
        self._writer.write(b"".join(self._http.send(event) or b"" for event in events))
        await self._writer.drain()

    def _is_kept(self) -> bool:
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        return True

    async def _refuse(self, reply: Reply) -> None:
        """Say no and hang up, but let the client read it first."""
        if self._http.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        with contextlib.suppress(OSError, TimeoutError, h11.LocalProtocolError):
            async with asyncio.timeout(LINGER_SECONDS):
                head = _head(reply, ("Connection", "close"))
                await self._send(head, h11.Data(data=reply.body), h11.EndOfMessage())
                if self._writer.can_write_eof():
                    self._writer.write_eof()
                await self._wait_for_leave()


async def _end(stream: AsyncIterator[bytes]) -> None:
    """Have it let go of what it holds now, such as a log, and not when memory is next tidied up."""
    if isinstance(stream, AsyncGenerator):
        await stream.aclose()


def _peer_of(writer: asyncio.StreamWriter) -> str:
    """Who is at the other end: an IP address, or nothing over a unix socket."""
    name = writer.get_extra_info("peername")
    return str(name[0]) if isinstance(name, tuple) else ""


def _head(reply: Reply, *more: tuple[str, str]) -> h11.Response:
    headers = [("Content-Type", reply.type), *reply.headers, *more]
    if reply.stream is None:
        headers.append(("Content-Length", str(len(reply.body))))
    phrase = HTTPStatus(reply.status).phrase
    return h11.Response(status_code=reply.status, headers=headers, reason=phrase)
