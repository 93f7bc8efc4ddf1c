"""The HTTP shell against what clients (and no clients) send."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.serving import Limits


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"PUT /bot1:x/getMe HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"DELETE /bot1:x/getMe HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"POST /bot1:x/getMe HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET /" + b"x" * 400_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 70_000, 431),
    ],
)
async def test_a_bad_request_gets_its_error_and_the_sandbox_lives(
    caller: Any, capfd: pytest.CaptureFixture[str], sent: bytes, status: int
) -> None:
    """Each mistake has its status, nothing is printed, and the next call works."""
    wire = await caller.open()
    wire.writer.write(sent)
    assert (await wire.receive()).status == status
    assert (await caller.call("getMe")).status == 200
    assert capfd.readouterr().err == ""


async def test_an_endless_body_is_cut_off(caller: Any) -> None:
    """A chunked body without an end meets the limit while it is still being sent."""
    wire = await caller.open()
    head = b"POST /bot1:x/getMe HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire.writer.write(head)
    block = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    for _ in range(Limits().body // 65536 + 2):
        wire.writer.write(block)
        await wire.writer.drain()
    assert (await wire.receive()).status == 413


async def test_bad_json_is_a_400(caller: Any) -> None:
    """The body is blamed, in the Bot API's envelope."""
    wire = await caller.open()
    reply = await wire.ask("POST", f"/bot{caller.token}/getMe", b"{broken")
    assert (reply.status, reply.json["ok"]) == (400, False)


async def test_a_connection_serves_many_calls_even_when_sent_together(caller: Any) -> None:
    """Keep-alive and pipelining: answers come in the order of the requests."""
    wire = await caller.open()
    for method in ("getMe", "getWebhookInfo", "nothing"):
        wire.writer.write(f"GET /bot{caller.token}/{method} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert [(await wire.receive()).status for _ in range(3)] == [200, 200, 404]


async def test_an_old_client_is_answered_and_closed(caller: Any) -> None:
    """Connection: close is obeyed."""
    wire = await caller.open()
    head = f"GET /bot{caller.token}/getMe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    wire.writer.write(head.encode())
    assert (await wire.receive()).status == 200
    assert await wire.reader.read() == b""


async def test_a_slow_sender_keeps_nobody_waiting(caller: Any) -> None:
    """Half a request on one connection does not delay another."""
    slow = await caller.open()
    slow.writer.write(f"GET /bot{caller.token}/get".encode())
    assert (await caller.call("getMe")).status == 200
    slow.writer.write(b"Me HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await slow.receive()).status == 200


async def test_a_head_request_has_no_body_and_an_expectation_is_met(caller: Any) -> None:
    """HEAD is refused without a body; Expect: 100-continue is told to go on."""
    head = await caller.open()
    head.writer.write(b"HEAD / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await head.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 405")
    expecting = await caller.open()
    expecting.writer.write(
        f"POST /bot{caller.token}/getMe HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n"
        "Content-Type: application/json\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    assert (await expecting.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
    expecting.writer.write(b"{}")
    assert (await expecting.receive()).status == 200


async def test_stopping_closes_every_connection(caller: Any) -> None:
    """A sandbox that stops leaves no poll hanging."""
    async with Sandbox() as brief:
        wire = await type(await caller.open()).open(brief)
        await wire.send("GET", f"/bot{caller.token}/getUpdates?timeout=50")
        assert await brief.stage.polling(caller.bot)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await wire.receive()
    wire.close()
