"""The http probe against real servers that behave and misbehave."""

from __future__ import annotations

import asyncio
import socket
import threading

import pytest

from watchdog.config.model import ProbeTarget
from watchdog.core.model import Role
from watchdog.probes.http import split_url

from .conftest import until

Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter

LATE = b'{"ok": false, "reason": "polling is late: 35 s since the last round trip"}'


def reply(status: str, body: bytes = b"", *headers: str, length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {size}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(status: str, *chunks: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    return head + b"".join(b"%x\r\n%s\r\n" % (len(c), c) for c in chunks) + b"0\r\n\r\n"


ANSWERS = {
    "an empty 200": (reply("200 OK"), True, "200 OK"),
    "a 204": (b"HTTP/1.1 204 No Content\r\n\r\n", True, "204 No Content"),
    "a 200 with a status": (reply("200 OK", b'{"status": "ok"}'), True, "200: ok"),
    "a 500": (reply("500 Internal Server Error", b"<html>"), False, "500 Internal Server Error"),
    "a 503 with a reason": (
        reply("503 Service Unavailable", LATE),
        False,
        "503: polling is late: 35 s since the last round trip",
    ),
    "the reason before the status": (
        reply("503 X", b'{"status": "unhealthy", "reason": "deaf"}'),
        False,
        "503: deaf",
    ),
    "an error": (reply("500 X", b'{"error": "no database"}'), False, "500: no database"),
    "a detail": (reply("500 X", b'{"reason": null, "detail": "full"}'), False, "500: full"),
    "a reason of several lines": (
        reply("500 X", b'{"reason": "one\\n\\u0000two\\u202e"}'),
        False,
        "500: one two",
    ),
    "JSON that is no object": (reply("500 X", b'["reason"]'), False, "500 X"),
    "JSON that is broken": (reply("500 X", b'{"reason": "'), False, "500 X"),
    "JSON that is too deep": (reply("500 X", b'{"a":' * 9000), False, "500 X"),
    "a reason in chunks": (chunked("503 X", LATE[:20], LATE[20:]), False, "503: polling is late"),
    "a body without a length": (b"HTTP/1.0 503 X\r\n\r\n" + LATE, False, "503: polling is late"),
    "a length that is too short": (reply("200 OK", b"abcdef", length=3), True, "200 OK"),
    "a length that is too long": (
        reply("200 OK", b"abc", length=9),
        False,
        "200 OK, but the body is broken",
    ),
    "a length that is none": (
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n",
        False,
        "the answer is not valid HTTP",
    ),
    "a chunk that is none": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzzz\r\n",
        False,
        "200 OK, but the body is broken",
    ),
    "a chunk that breaks off": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
        False,
        "200 OK, but the body is broken",
    ),
    "a redirect": (
        reply("302 Found", b"", "Location: http://127.0.0.1:1/"),
        False,
        "302 Found (redirects are not followed)",
    ),
    "a continue first": (b"HTTP/1.1 100 Continue\r\n\r\n" + reply("200 OK"), True, "200 OK"),
    "an upgrade nobody asked for": (
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n\x00\x01",
        False,
        "",
    ),
    "binary garbage": (bytes(range(256)), False, "the answer is not HTTP: "),
    "another protocol": (b"SSH-2.0-OpenSSH_9.6\r\n", False, "the answer is not HTTP: 'SSH-2.0-O"),
    "garbage headers": (b"HTTP/1.1 200 OK\r\n\0\0\r\n\r\n", False, "the answer is not valid HTTP"),
    "half a status line": (b"HTTP/1.1 20", False, "the connection was closed within the headers"),
    "nothing, closed": (b"", False, "the connection was closed without an answer"),
    "headers without an end": (
        b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 9000,
        False,
        "the answer is not valid HTTP",
    ),
    "continues without an end": (
        b"HTTP/1.1 100 Continue\r\n\r\n" * 9000,
        False,
        "the answer has no end of its headers",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_has_its_verdict_and_a_reason(world, servers, name):
    """Whatever a server answers, the verdict is right, at once, and says why."""
    answer, ok, reason = ANSWERS[name]
    result = await world.probe(await servers.replying(answer), timeout=30)
    assert result.ok is ok
    assert result.reason.startswith(reason) and result.reason
    assert 0 < result.latency < 20


async def endless_body(reader: Reader, writer: Writer) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        writer.write(b"x" * 65536)
        await writer.drain()


async def silence(reader: Reader, writer: Writer) -> None:
    while await reader.read(4096):
        pass


async def half_closed(reader: Reader, writer: Writer) -> None:
    writer.write_eof()
    await silence(reader, writer)


async def reset(reader: Reader, writer: Writer) -> None:
    linger = b"\1\0\0\0\0\0\0\0"  # on, 0 s: close sends a reset
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


def dripping(answer: bytes):
    async def drip(reader: Reader, writer: Writer) -> None:
        for i in range(len(answer)):
            writer.write(answer[i : i + 1])
            await writer.drain()
            await asyncio.sleep(0.01)

    return drip


def hanging_after(answer: bytes):
    async def hang(reader: Reader, writer: Writer) -> None:
        writer.write(answer)
        await silence(reader, writer)

    return hang


async def test_an_endless_body_is_cut_and_the_status_counts(world, servers):
    """After 64 KiB the rest is nobody's business."""
    result = await world.probe(servers.target(await servers.start(endless_body)))
    assert (result.ok, result.reason) == (True, "200 OK")


SLOW = {
    "nothing": (silence, "no answer within 300ms"),
    "a few letters": (
        hanging_after(b"HTT"),
        "no complete answer within 300ms: it began with 'HTT'",
    ),
    "a slow drip of headers": (
        dripping(b"HTTP/1.1 200 OK\r\n" * 900),
        "no complete answer within 300ms",
    ),
    "a body that stops": (
        hanging_after(reply("503 Busy", b"abc", length=9)),
        "no end of the body within 300ms: it answered 503 Busy",
    ),
    "a body that never ends, slowly": (
        hanging_after(b"HTTP/1.1 200 OK\r\n\r\nabc"),
        "no end of the body within 300ms: it answered 200 OK",
    ),
}


@pytest.mark.parametrize("name", SLOW)
async def test_what_takes_too_long_fails_at_the_deadline(world, servers, name):
    """A server that does not finish fails at the timeout, and the reason says how far it came."""
    handler, reason = SLOW[name]
    result = await world.probe(servers.target(await servers.start(handler)), timeout=0.3)
    assert not result.ok
    assert result.reason.startswith(reason)
    assert 0.3 <= result.latency < 5


async def test_a_half_closed_connection_and_a_reset_fail_at_once(world, servers):
    """Neither is waited out."""
    closed = await world.probe(servers.target(await servers.start(half_closed)), timeout=30)
    assert (closed.ok, closed.reason) == (False, "the connection was closed without an answer")
    broken = await world.probe(servers.target(await servers.start(reset)), timeout=30)
    assert not broken.ok
    assert broken.reason.startswith(("connection reset by peer at 127.0.0.1:", "broken pipe at"))


async def test_a_port_without_a_listener_is_told_as_such(world, free_port):
    """The reason names the address."""
    target = ProbeTarget("http", url=f"http://127.0.0.1:{free_port}/health")
    result = await world.probe(target, timeout=30)
    assert (result.ok, result.reason) == (False, f"connection refused at 127.0.0.1:{free_port}")


async def test_the_accepted_codes_replace_the_2xx(world, servers):
    """A configured set says alone what is well."""
    target = await servers.replying(reply("401 Unauthorized"))
    accepting = ProbeTarget("http", url=target.url, status=(200, 401))
    assert (await world.probe(accepting)).ok
    other = ProbeTarget("http", url=target.url, status=(204,))
    assert not (await world.probe(other)).ok


async def test_the_request_is_plain_and_carries_the_configured_headers(world, servers):
    """One GET with a Host and our headers; the config's replace ours, but the connection closes."""
    requests = []

    async def keep(reader: Reader, writer: Writer) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(reply("200 OK"))

    port = await servers.start(keep)
    headers = {"X-Key": "abc", "HOST": "bot.example", "Connection": "keep-alive"}
    target = ProbeTarget("http", url=f"http://127.0.0.1:{port}?deep=1#part", headers=headers)
    assert (await world.probe(target)).ok
    lines = requests[0].split(b"\r\n")
    assert lines[0] == b"GET /?deep=1 HTTP/1.1"
    assert {b"x-key: abc", b"host: bot.example", b"connection: close"} <= set(lines)
    assert len([line for line in lines if line.lower().startswith(b"host")]) == 1


async def test_a_header_that_is_no_http_is_not_shown(world):
    """A secret in a broken header does not reach the reason."""
    target = ProbeTarget("http", url="http://127.0.0.1:1/", headers={"X": "hush\r\nhush: é"})
    result = await world.probe(target)
    assert not result.ok
    assert "headers are not valid" in result.reason and "hush" not in result.reason


@pytest.mark.parametrize(
    ("url", "part"),
    [
        ("https://127.0.0.1:1/", "only http://"),
        ("http://user:hush@127.0.0.1:1/", "no user name"),
        ("http://127.0.0.1:99999/", "no port"),
        ("http:///health", "no host:port"),
        ("http://127.0.0.1:1/a b", "not valid HTTP"),
    ],
)
async def test_a_url_that_cannot_be_probed_fails_with_its_reason(world, url, part):
    """What the config should have refused still gets an answer, and no secret is shown."""
    result = await world.probe(ProbeTarget("http", url=url))
    assert not result.ok and part in result.reason and "hush" not in result.reason


def test_urls_are_split():
    """Scheme, port and path may be left to their defaults; IPv6 stays in brackets."""
    assert split_url("http://localhost:9876/health") == ("localhost:9876", "/health")
    assert split_url("HTTP://example.org") == ("example.org:80", "/")
    assert split_url("http://[::1]/x?y=/z#a") == ("[::1]:80", "/x?y=/z")
    assert split_url("http://h:1?a=b@c") == ("h:1", "/?a=b@c")


async def test_redaction_comes_before_the_cut(world, servers):
    """A secret that is cut in half by the length of a reason is still a secret."""
    secret = "123456789:AAExampleExampleExampleExampleExamp"
    world.redact = lambda text: text.replace(secret, "***")
    body = b'{"reason": "%s %s"}' % (b"x" * 180, secret.encode())
    result = await world.probe(await servers.replying(reply("500 X", body)))
    assert result.reason.endswith("xxx ***") and "1234" not in result.reason


async def test_localhost_is_both_loopbacks_and_needs_no_thread(world, servers):
    """localhost finds a server that only listens on ::1, with no resolver thread."""
    threads = threading.active_count()

    async def well(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply("200 OK"))

    four = await servers.start(well)
    try:
        six = await servers.start(well, "::1")
    except OSError:
        pytest.skip("no IPv6 loopback")
    for url in (f"http://localhost:{six}", f"http://[::1]:{six}", f"http://localhost:{four}"):
        assert (await world.probe(ProbeTarget("http", url=url))).ok
    assert threading.active_count() == threads


async def test_a_name_is_looked_up_once_however_many_wait(world, servers, monkeypatch):
    """A name server that hangs costs one thread a name, and one probe no more than its timeout."""
    port = (await servers.replying(reply("200 OK"))).url.split(":")[2].partition("/")[0]
    answered, asked = threading.Event(), []

    def hang(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        asked.append(host)
        answered.wait(20)
        return [(socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", 0))]

    monkeypatch.setattr("watchdog.probes.names.socket.getaddrinfo", hang)
    target = ProbeTarget("http", url=f"http://bot.example:{port}/health")
    world.probes.configure("bot", {Role.LIVENESS: target})
    world.probes.configure("impatient", {Role.LIVENESS: target})
    for _ in range(20):
        world.probes.probe("impatient", 1, Role.LIVENESS, 0.2)
    last = asyncio.ensure_future(world.probe(target, timeout=30))
    await until(lambda: len(world.results) == 20)
    assert {r.reason for r in world.results} == {
        f"no connection to bot.example:{port} within 200ms"
    }
    assert asked == ["bot.example"]
    answered.set()
    assert (await last).ok
    assert (await world.probe(target)).ok
    assert asked == ["bot.example"] * 2, "an answer is not kept: addresses change"


async def test_a_name_that_does_not_exist_fails(world):
    """The reason names the host."""
    result = await world.probe(ProbeTarget("http", url="http://nothing.invalid/"), timeout=5)
    assert not result.ok and "nothing.invalid" in result.reason
