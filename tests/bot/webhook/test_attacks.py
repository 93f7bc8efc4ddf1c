"""The webhook's server against those who are not Telegram, and against Telegram at its worst."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

SECRET = "MadeUpSecretOfTheTests_0123456789"
HEAD = "POST {path} HTTP/1.1\r\nHost: x\r\nX-Telegram-Bot-Api-Secret-Token: {secret}\r\n"


@pytest.fixture(scope="module")
def shared(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Any]]:
    """One bot for all attacks: none of them may harm it."""
    from tests.bot.conftest import BotBench
    from tests.bot.webhook.conftest import Hook

    bench = BotBench(sandbox, tmp_path_factory.mktemp("attacked"))
    hook = Hook(bench)
    bot = hook.start_well()
    yield hook, bot
    assert bot.process.poll() is None
    assert bench.ask("still well?") == ["still well?"]
    assert bot.health()[0] == 200
    log = bot.log
    bot.process.kill()
    bot.process.wait()
    assert SECRET not in log
    assert "Traceback" not in log


def refused(bot: Any) -> dict[str, int]:
    return dict(bot.health()[1]["webhook"]["refused"])


@pytest.mark.parametrize(
    ("change", "status", "cause"),
    [
        ({"secret": None}, 401, "no secret"),
        ({"secret": ""}, 401, "no secret"),
        ({"secret": "wrong"}, 403, "wrong secret"),
        ({"secret": SECRET + "x"}, 403, "wrong secret"),
        ({"secret": SECRET[:-1]}, 403, "wrong secret"),
        ({"secret": "ÿþ"}, 403, "wrong secret"),
        ({"path": "/"}, 404, "path"),
        ({"path": "/hook-path/../hook-path"}, 404, "path"),
        ({"method": "GET"}, 405, "method"),
    ],
)
def test_who_has_no_right_is_refused_and_only_counted(
    shared: tuple[Any, Any], change: dict[str, Any], status: int, cause: str
) -> None:
    """The status, the count, and not a word in the log of what was sent."""
    hook, bot = shared
    before = refused(bot).get(cause, 0)
    log = len(bot.log)
    assert hook.post(hook.update(1, "let me in"), **change) == status
    assert refused(bot)[cause] == before + 1
    assert bot.log[log:] == ""


def exchange(port: int, *pieces: bytes, seconds: float = 20) -> bytes:
    """What comes back until the server closes or has answered."""
    with socket.create_connection(("127.0.0.1", port), seconds) as client:
        with suppress(OSError):
            for piece in pieces:
                client.sendall(piece)
        with suppress(ConnectionError):
            return client.recv(4096)
        return b""


def head(secret: str = SECRET, more: str = "") -> bytes:
    return (HEAD.format(path="/hook-path", secret=secret) + more + "\r\n").encode("latin-1")


def test_ten_megabytes_are_not_read(shared: tuple[Any, Any]) -> None:
    """413 by the announced length, 403 before any of it for who has no secret."""
    hook, bot = shared
    length = f"Content-Length: {10 * 1024 * 1024}\r\n"
    block = b"x" * 65536
    assert exchange(hook.port, head(more=length), block).startswith(b"HTTP/1.1 413")
    assert exchange(hook.port, head("wrong", length), block).startswith(b"HTTP/1.1 403")
    assert refused(bot)["size"] >= 1


def test_a_body_without_an_end_is_cut_off(shared: tuple[Any, Any]) -> None:
    """Chunked, its length unknown: the limit is met while it is being sent."""
    hook, _ = shared
    chunks = [b"10000\r\n" + b"x" * 65536 + b"\r\n"] * 40
    answer = exchange(hook.port, head(more="Transfer-Encoding: chunked\r\n"), *chunks)
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"nonsense\r\n\r\n",
        b"GET /" + b"x" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"POST /hook-path HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
        b"POST /hook-path HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_its_400(shared: tuple[Any, Any], sent: bytes) -> None:
    """TLS on the plain port, garbage, heads without end, lengths that contradict each other."""
    hook, _ = shared
    assert exchange(hook.port, sent)[:10] == b"HTTP/1.1 4"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[]",
        b"null",
        b"[" * 100_000,
        b'{"update_id": true}',
        b'{"update_id": "7", "message": {}}',
        b'{"update_id": ' + b"9" * 6000 + b"}",
        b'{"update_id": 900, "message": {"message_id": 1, "text": "broken"}}',
        b'{"update_id": 901, "message": {"date": 1e999}}',
    ],
)
def test_malformed_updates_with_the_right_secret_are_skipped(
    shared: tuple[Any, Any], body: bytes
) -> None:
    """200, or Telegram would send them for a day; each counted, and kept with the other poison."""
    hook, bot = shared
    before = bot.health()[1]["webhook"]["skipped_updates"]
    assert hook.post(body) == 200
    assert bot.health()[1]["webhook"]["skipped_updates"] == before + 1


async def test_a_thousand_deliveries_are_handled_once_each(shared: tuple[Any, Any]) -> None:
    """250 updates, each four times, over a hundred connections at once: 250 answers."""
    hook, bot = shared
    before = bot.health()[1]["webhook"]
    sent = hook.bench.statistics()["messages_sent"]
    for user in range(50_000, 50_025):
        hook.bench.sandbox.add_user(user)
    bodies = [hook.update(1_000_000 + n, f"message {n}", 50_000 + n % 25) for n in range(250)]
    work = [bodies[n % 250] for n in range(1000)]
    statuses = await asyncio.gather(*(_deliver(hook.port, work[n::100]) for n in range(100)))
    assert {status for many in statuses for status in many} == {b"200"}
    reached = sent + 250
    await asyncio.to_thread(
        hook.bench.wait_until,
        lambda: hook.bench.statistics()["messages_sent"] >= reached,
        "an answer to each",
    )
    after = bot.health()[1]["webhook"]
    assert after["accepted"] - before["accepted"] == 250
    assert after["duplicates"] - before["duplicates"] == 750
    assert hook.bench.statistics()["messages_sent"] == reached


async def _deliver(port: int, bodies: list[bytes]) -> list[bytes]:
    """All of these over one connection, as Telegram keeps it; the statuses."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    statuses = []
    for body in bodies:
        writer.write(head(more=f"Content-Length: {len(body)}\r\n") + body)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 60)
        statuses.append(answer.split()[1])
    writer.close()
    return statuses


async def test_slow_clients_keep_nobody_out(shared: tuple[Any, Any]) -> None:
    """400 connections that never finish a request: deliveries pass, and each has its time limit."""
    hook, bot = shared
    slow = [await asyncio.open_connection("127.0.0.1", hook.port) for _ in range(400)]
    for number, (_, writer) in enumerate(slow):
        writer.write(b"POST /hook-path HTTP/1.1\r\nHost: x\r\n" if number % 2 else b"P")
    assert await asyncio.to_thread(hook.bench.ask, "between them") == ["between them"]
    assert refused(bot)["no room"] >= 100
    oldest, newest = slow[0][0], slow[-1]
    assert await asyncio.wait_for(_end_of(oldest), 30) == b""
    newest[1].write(b"X-Slow: very\r\n")  # goes on, but too slowly: no byte wins it more time
    assert await asyncio.wait_for(_end_of(newest[0]), 30) == b""
    for _, writer in slow:
        writer.close()


async def _end_of(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionError:
        return b""


def test_an_answer_holds_nothing_about_us(shared: tuple[Any, Any]) -> None:
    """No version, no traceback, no hint at what was wrong with it."""
    hook, _ = shared
    answer = exchange(hook.port, head("wrong", "Content-Length: 0\r\n"))
    lines = answer.decode().split("\r\n")
    assert lines[0] == "HTTP/1.1 403 Forbidden"
    assert "server: bot" in answer.decode().lower()
    assert answer.endswith(b"\r\n\r\n")


def test_updates_that_repeat_after_many_others_are_still_known() -> None:
    """The memory has room for twenty thousand, and forgets the oldest first."""
    from bot.webhook.intake import REMEMBERED, Memory

    memory = Memory()
    for number in range(REMEMBERED + 5):
        memory.add(number)
    assert 4 not in memory
    assert 5 in memory
    assert REMEMBERED + 4 in memory
