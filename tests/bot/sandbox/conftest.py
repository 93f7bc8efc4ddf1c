"""What the sandbox's tests share: a running sandbox and a small HTTP client that hides nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from bot.sandbox import Sandbox

BOT = 123456789
TOKEN = f"{BOT}:AAExampleExampleExampleExampleExamp"


@dataclass
class Reply:
    """One HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One TCP connection to the sandbox, byte by byte."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, sandbox: Sandbox) -> Wire:
        return cls(*await asyncio.open_connection("127.0.0.1", sandbox.port))

    async def send(
        self, method: str, target: str, body: bytes = b"", kind: str = "application/json"
    ) -> None:
        head = f"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n"
        self.writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await self.writer.drain()

    async def receive(self) -> Reply:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        first, *rest = head.strip().split("\r\n")
        headers = {k.lower(): v for k, v in (line.split(": ", 1) for line in rest)}
        body = await self.reader.readexactly(int(headers.get("content-length", 0)))
        return Reply(int(first.split()[1]), headers, body)

    async def ask(self, method: str, target: str, body: bytes = b"", **more: str) -> Reply:
        await self.send(method, target, body, **more)
        return await self.receive()

    def close(self) -> None:
        self.writer.close()

    def die(self) -> None:
        """Vanish as a killed process does."""
        self.writer.transport.abort()


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as running:
        yield running


class Caller:
    """Calls the sandbox over real sockets, and closes them all at the end."""

    bot, token = BOT, TOKEN

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._wires: list[Wire] = []

    async def open(self) -> Wire:
        self._wires.append(await Wire.open(self.sandbox))
        return self._wires[-1]

    async def call(self, method: str, document: object = None, token: str = TOKEN) -> Reply:
        """One Bot API call on a connection of its own."""
        body = b"" if document is None else json.dumps(document).encode()
        return await (await self.open()).ask("POST", f"/bot{token}/{method}", body)

    async def admin(self, method: str, path: str, document: object = None) -> Reply:
        """One call of the admin API."""
        body = b"" if document is None else json.dumps(document).encode()
        return await (await self.open()).ask(method, f"/sandbox{path}", body)

    async def start_poll(self, **parameters: object) -> Wire:
        """Send getUpdates; returns once the sandbox has taken it."""
        figures = self.sandbox.engine.world.account(BOT).statistics
        seen = figures.polls
        wire = await self.open()
        body = json.dumps({"timeout": 50} | parameters).encode()
        await wire.send("POST", f"/bot{TOKEN}/getUpdates", body)
        await self.until(lambda: figures.polls > seen)
        return wire

    async def until(self, condition: Callable[[], object], seconds: float = 20.0) -> None:
        """Wait until a condition holds."""
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110 - other processes make it true
                await asyncio.sleep(0.005)

    def close(self) -> None:
        for wire in self._wires:
            wire.close()


@pytest.fixture
async def caller(sandbox: Sandbox) -> AsyncIterator[Caller]:
    calling = Caller(sandbox)
    yield calling
    calling.close()
