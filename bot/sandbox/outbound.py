"""POST over connections that are kept: HTTP/1.1 as a client, with h11 for the protocol."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import h11

SECONDS = 60.0  # for one delivery, its answer included
MAXIMUM_ANSWER = 1024 * 1024


class NoAnswer(Exception):
    """No answer came; the text says why, as getWebhookInfo tells it."""


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `retry_after` is in seconds, 0 if nothing was said."""

    status: int
    reason: str
    retry_after: float
    reusable: bool


@dataclass(frozen=True, slots=True)
class _Wire:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    protocol: h11.Connection


class Pool:
    """Connections to one URL: as many as there are requests at once, kept for the next ones."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._idle: list[_Wire] = []

    async def post(self, body: bytes, secret: str = "") -> Response:
        """One request; raises NoAnswer. Nothing is tried again here."""
        wire = None
        try:
            async with asyncio.timeout(SECONDS):
                wire = await self._wire()
                response = await _exchange(wire, self._request(body, secret), body)
        except TimeoutError:
            raise NoAnswer("Read timeout expired" if wire else "Connection timed out") from None
        except ssl.SSLError as error:
            raise NoAnswer(f"SSL error {{{error.reason}}}") from None
        except (OSError, EOFError, h11.ProtocolError) as error:
            what = "Webhook connection closed" if wire else getattr(error, "strerror", None)
            raise NoAnswer(what or "Connection refused") from None
        finally:
            if wire is not None and wire.protocol.our_state is not h11.DONE:
                wire.writer.close()
        self._keep(wire, response.reusable)
        return response

    def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            self._idle.pop().writer.close()

    async def _wire(self) -> _Wire:
        while self._idle:
            wire = self._idle.pop()
            if not wire.reader.at_eof():
                wire.protocol.start_next_cycle()
                return wire
            wire.writer.close()
        secure = self._parts.scheme == "https"
        context = ssl.create_default_context() if secure else None
        port = self._parts.port or (443 if secure else 80)
        reader, writer = await asyncio.open_connection(self._parts.hostname, port, ssl=context)
        return _Wire(reader, writer, h11.Connection(h11.CLIENT))

    def _request(self, body: bytes, secret: str) -> h11.Request:
        query = f"?{self._parts.query}" if self._parts.query else ""
        headers = [
            ("Host", self._parts.netloc.rpartition("@")[2]),
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
        ]
        if secret:
            headers.append(("X-Telegram-Bot-Api-Secret-Token", secret))
        return h11.Request(
            method="POST", target=f"{self._parts.path or '/'}{query}", headers=headers
        )

    def _keep(self, wire: _Wire, reusable: bool) -> None:
        both_done = wire.protocol.our_state is wire.protocol.their_state is h11.DONE
        if reusable and both_done:
            self._idle.append(wire)
        else:
            wire.writer.close()


async def _exchange(wire: _Wire, request: h11.Request, body: bytes) -> Response:
    parts = (request, h11.Data(data=body), h11.EndOfMessage())
    wire.writer.write(b"".join(wire.protocol.send(part) or b"" for part in parts))
    # An answer may come before all was taken (413): then the rest does not matter.
    with suppress(ConnectionError):
        await wire.writer.drain()
    response, size = None, 0
    while not isinstance(event := wire.protocol.next_event(), h11.EndOfMessage):
        if event is h11.NEED_DATA:
            wire.protocol.receive_data(await wire.reader.read(65536))
        elif isinstance(event, h11.Response):
            response = event
        elif isinstance(event, h11.Data):
            size += len(event.data)
            if size > MAXIMUM_ANSWER:
                raise EOFError
        elif isinstance(event, h11.ConnectionClosed):
            raise EOFError
    assert response is not None
    return _read(response)


def _read(response: h11.Response) -> Response:
    headers = dict(response.headers)
    after = headers.get(b"retry-after", b"")
    return Response(
        response.status_code,
        bytes(response.reason).decode(errors="replace"),
        float(after) if after.isdigit() and len(after) < 9 else 0.0,
        headers.get(b"connection", b"").lower() != b"close",
    )
