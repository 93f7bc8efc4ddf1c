"""A real watchdog under attack on its control sockets.

After each attack it is the same process with the same program, answers as fast as before, has
grown by no more than it may, and has neither told nor written a stack trace.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.system.harness import Watchdog, World, memory_of, wait_until
from watchdog.client import Client
from watchdog.wire.xmlrpc import write_call

if sys.platform != "linux":
    pytest.skip("the harness finds what runs by /proc", allow_module_level=True)

FILES = 8192  # descriptors: a thousand log tails take more than the usual 1024
GROWTH = 60 * 1024  # KiB that the watchdog may have grown by after all of it
PATIENCE = 5.0  # seconds for a status, on a machine that is busy with the attack as well
PASSWORD = "correct horse"

Send = Callable[[bytes], bytes]
Scene = tuple[Watchdog, int]  # the watchdog, and its TCP port


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def many_files() -> Iterator[None]:
    """More descriptors, for us and for what we start."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"only {hard} descriptors are allowed here")
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextlib.contextmanager
def scene(*lines: str) -> Iterator[Scene]:
    with tempfile.TemporaryDirectory(prefix="wd", ignore_cleanup_errors=True) as place:
        world, port = World(Path(place)), free_port()
        head = "\n".join(('[watchdog]\nstate = "state"', f'http = "127.0.0.1:{port}"', *lines))
        try:
            watchdog = world.up(
                f'{head}\n[programs.bot]\ncommand = ["sh", "-c", "echo hello; exec sleep 10000"]\n'
                "start_seconds = 0\n"
            )
            watchdog.wait_log("bot", "hello")
            yield watchdog, port
        finally:
            world.end()


@pytest.fixture(scope="module")
def open_scene(many_files: None) -> Iterator[Scene]:
    """Loopback without a password: the widest door there is."""
    with scene() as found:
        yield found


@pytest.fixture(autouse=True)
def unharmed(open_scene: Scene) -> Iterator[None]:
    """What must be the same after each attack."""
    watchdog, _ = open_scene
    pid, memory = watchdog.program("bot")["pid"], memory_of(watchdog.process.pid)
    yield
    began = time.monotonic()
    assert watchdog.program("bot")["pid"] == pid
    assert time.monotonic() - began < PATIENCE
    assert memory_of(watchdog.process.pid) - memory < GROWTH
    written = watchdog.text + (watchdog.state / "watchdog.log").read_text()
    assert "Traceback" not in written
    assert "internal error" not in written


def connect(target: Path | int) -> socket.socket:
    if isinstance(target, int):
        return socket.create_connection(("127.0.0.1", target), timeout=20)
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(20)
    client.connect(str(target))
    return client


def exchange(target: Path | int, data: bytes) -> bytes:
    """Send, say that this is all, and read to the end."""
    answer = b""
    with connect(target) as client:
        with contextlib.suppress(OSError):  # it may hang up while we still send
            client.sendall(data)
            client.shutdown(socket.SHUT_WR)
        with contextlib.suppress(ConnectionError):
            while part := client.recv(65536):
                answer += part
    assert b"Traceback" not in answer
    assert b'File "' not in answer
    return answer


def statuses(answer: bytes) -> list[int]:
    return [int(line.split()[1]) for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.")]


def post(body: bytes, *headers: bytes) -> bytes:
    lines = (
        b"POST /RPC2 HTTP/1.1",
        b"Host: localhost",
        b"Content-Type: text/xml",
        b"Content-Length: %d" % len(body),
        *headers,
    )
    return b"\r\n".join((*lines, b"", b"")) + body


# --- malformed HTTP ---------------------------------------------------------------------------

lax = settings(
    max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None
)
method = st.sampled_from([b"GET", b"POST", b"HEAD", b"OPTIONS", b"CONNECT", b"\xff", b"", b"GET "])
path = st.sampled_from(
    [b"/RPC2", b"/metrics", b"/logtail/bot", b"*", b"http://x/", b"//", b"/%00", b"/\x80", b""]
)
version = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1\t", b"ICY", b""])
header = st.tuples(
    st.sampled_from(
        [b"Host", b"Content-Length", b"Transfer-Encoding", b"Expect", b"Origin", b" x", b"Accept"]
    ),
    st.sampled_from([b"localhost", b"5", b"-1", b"chunked", b"100-continue", b"\x00", b"a" * 9000]),
)
end = st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\n\r\n"])


@lax
@given(data=st.binary(max_size=400))
def test_random_bytes(open_scene: Scene, data: bytes) -> None:
    """Whatever comes in is answered with a status of HTTP, or with nothing."""
    watchdog, port = open_scene
    for target in (watchdog.socket, port):
        assert all(100 <= status < 600 for status in statuses(exchange(target, data)))


@lax
@given(
    start=st.tuples(method, path, version), headers=st.lists(header, max_size=5), end=end,
    body=st.sampled_from([b"", b"5\r\nhello\r\n0\r\n\r\n", b"hello", write_call("a.b", ())]),
)  # fmt: skip
def test_almost_http(
    open_scene: Scene,
    start: tuple[bytes, ...],
    headers: list[tuple[bytes, bytes]],
    end: bytes,
    body: bytes,
) -> None:
    """Requests that are nearly right are served or refused, and are never our own failure."""
    lines = [b" ".join(start), *(b": ".join(pair) for pair in headers)]
    if b"/logtail" in start[1]:
        lines[0] = lines[0].replace(b"GET", b"HEAD")  # a stream has no end
    answer = exchange(open_scene[1], end.join(lines) + end + end + body)
    # 501 is what RFC 9112 wants for a transfer coding that is not understood.
    assert all(status < 500 or status == 501 for status in statuses(answer))


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"a: b\r\n" * 100_000 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 5_000_000, 431),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         + (b"fffff\r\n" + b"a" * 0xFFFFF + b"\r\n") * 10, 413),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
         + b"f" * 100_000, 431),
    ],
    ids=["many headers", "a long header", "a large body", "large chunks", "a long chunk size"],
)  # fmt: skip
def test_huge_requests(open_scene: Scene, data: bytes, status: int) -> None:
    """What is too large is refused by its size, before it is kept."""
    watchdog, _ = open_scene
    assert statuses(exchange(watchdog.socket, data)) in ([status], [])


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 6\r\nTransfer-Encoding: chunked",
        b"Transfer-Encoding: chunked\r\nContent-Length: 6",
        b"Content-Length: 6\r\nContent-Length: 7",
        b"Content-Length: 6, 7",
        b"Content-Length: +6",
        b"Content-Length: 0x6",
        b"Content-Length: 6\x0b",
        b"Content-Length : 6",
        b"Transfer-Encoding: xchunked",
        b"Transfer-Encoding: chunked, identity",
        b"Transfer-Encoding:\x0bchunked",
        b"X: y\r\n Content-Length: 6",
        b"X: y\nContent-Length: 6",
    ],
)
def test_no_request_is_smuggled(open_scene: Scene, head: bytes) -> None:
    """Where two ends could see two lengths, there is no second answer on that connection."""
    hidden = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    request = b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\n" + head
    answer = exchange(open_scene[1], request + b"\r\n\r\n0\r\n\r\nX" + hidden)
    assert 200 not in statuses(answer)


@pytest.mark.parametrize(
    "target",
    [
        "/logtail/../../../../etc/passwd",
        "/logtail/..%2f..%2f..%2fetc%2fpasswd",
        "/logtail/bot/../../../etc/passwd",
        "/logtail/%2e%2e%2f%2e%2e%2fetc%2fpasswd/stdout",
        "/logtail/bot%00/etc/passwd",
        "/logtail//etc/passwd",
        "/logtail/bot/stdout/../../..",
        "/mainlogtail/../../etc/passwd",
        "/logtail/" + "../" * 1000 + "etc/passwd",
        "/logtail/bot%0d%0aX-Injected:%20yes",
        "/nothing%0d%0aX-Injected:%20yes",
    ],
)
def test_no_path_leads_out(open_scene: Scene, target: str) -> None:
    """A name is looked up among the programs, never on the disk; nothing comes back raw."""
    answer = exchange(open_scene[1], f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    assert statuses(answer) == [404]
    assert b"root:" not in answer
    assert b"\r\nX-Injected" not in answer


# --- malformed calls --------------------------------------------------------------------------

BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">'
    + b"".join(b'<!ENTITY b%d "%s">' % (n, b"&a;" * 50) for n in range(9))
    + b"]><methodCall><methodName>&b1;</methodName></methodCall>"
)  # fmt: skip
OUTSIDE = (
    b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    b"<methodCall><methodName>&a;</methodName></methodCall>"
)
DEEP = (
    b"<methodCall><methodName>system.listMethods</methodName><params><param>"
    + b"<value><array><data>" * 20_000
)


@pytest.mark.parametrize("body", [BOMB, OUTSIDE, DEEP, b"<" * 500_000, b"\x00" * 100_000, b"&lt;"])
def test_xml_that_means_harm(open_scene: Scene, body: bytes) -> None:
    """Entities are not expanded, nothing is fetched, and depth has its limit."""
    began = time.monotonic()
    answer = exchange(open_scene[1], post(body, b"Connection: close"))
    assert statuses(answer) == [400]
    assert b"root:" not in answer
    assert time.monotonic() - began < PATIENCE


@pytest.mark.parametrize(
    "name",
    [
        "supervisor.supervisord.options.warnings.linecache.os.system",
        "supervisor.__class__.__init__.__globals__",
        "supervisor._methods",
        "system.methods.__self__",
        "watchdog.status.__call__",
        "watchdog.status.__globals__.os.system",
        "__import__",
        "supervisor..getState",
        ".supervisor.getState",
        "a." * 5000,
    ],
)
def test_only_the_table_has_methods(open_scene: Scene, name: str) -> None:
    """Dots and underscores lead nowhere (CVE-2017-11610)."""
    with pytest.raises(Exception, match=r"UNKNOWN_METHOD|No XML-RPC call"):
        Client(f"http://127.0.0.1:{open_scene[1]}").call(name, "touch /tmp/owned")


# --- crowds -----------------------------------------------------------------------------------


def test_slow_clients_do_not_keep_others_out(open_scene: Scene) -> None:
    """Hundreds of requests that never end: TCP is theirs for a while, the unix socket is not."""
    watchdog, port = open_scene
    crowd = [connect(port) for _ in range(1200)]
    try:
        for number, client in enumerate(crowd):
            with contextlib.suppress(OSError):  # refused: there are too many
                client.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n"[: 5 + number % 30])
        began = time.monotonic()
        assert watchdog.status()["watchdog"]["state"] == "RUNNING"
        assert time.monotonic() - began < PATIENCE
    finally:
        for client in crowd:
            client.close()


def test_a_thousand_log_tails(open_scene: Scene) -> None:
    """Each gets the log, and everybody else is served meanwhile."""
    watchdog, _ = open_scene
    tails = [connect(watchdog.socket) for _ in range(1000)]
    try:
        for tail in tails:
            tail.sendall(b"GET /logtail/bot HTTP/1.1\r\nHost: localhost\r\n\r\n")
        began = time.monotonic()
        assert watchdog.status()["watchdog"]["state"] == "RUNNING"
        assert time.monotonic() - began < 2 * PATIENCE
        for tail in tails:
            answer = b""
            while b"hello" not in answer:
                part = tail.recv(65536)
                assert part, f"it hung up after {answer!r}"
                answer += part
    finally:
        for tail in tails:
            tail.close()
    wait_until(lambda: open_files(watchdog) < 100, "the tails to be let go")


def open_files(watchdog: Watchdog) -> int:
    return len(os.listdir(f"/proc/{watchdog.process.pid}/fd"))  # noqa: PTH208


def test_a_flood_of_pipelined_requests(open_scene: Scene) -> None:
    """All are answered in order, however many come without waiting for an answer."""
    one, many = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 5000
    with connect(open_scene[1]) as client:
        sending = threading.Thread(target=client.sendall, args=(one * many,))
        sending.start()
        answer = b""
        while answer.count(b"\nok\n") < many:
            part = client.recv(65536)
            assert part, "it hung up"
            answer += part
        sending.join()


def test_a_client_that_reads_nothing(open_scene: Scene) -> None:
    """Answers are not heaped up for who asks and asks and never reads."""
    with connect(open_scene[1]) as client:
        client.settimeout(0.5)
        with contextlib.suppress(OSError):
            for _ in range(2000):
                client.sendall(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)


# --- others -----------------------------------------------------------------------------------


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_another_user_of_the_machine_is_refused(open_scene: Scene) -> None:
    """The socket's own mode keeps everybody else out, also where its directories would not."""
    watchdog, _ = open_scene
    for directory in (watchdog.world.place, watchdog.state):
        directory.chmod(0o755)
    assert watchdog.socket.stat().st_mode & 0o777 == 0o600
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(str(watchdog.socket))
        except PermissionError:
            code = 0
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_a_wrong_password_at_speed(many_files: None) -> None:
    """Hundreds of guesses from some connections: the owner at the unix socket notices nothing."""
    lines = ('username = "admin"', f'password = "{PASSWORD}"')
    with scene(*lines) as (watchdog, port):
        seen: list[int] = []

        def guess() -> None:
            wrong = b"Authorization: Basic YWRtaW46d3Jvbmc=\r\n"
            request = b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + wrong + b"\r\n"
            for _ in range(5):
                seen.extend(statuses(exchange(port, request * 20)))

        threads = [threading.Thread(target=guess) for _ in range(4)]
        for thread in threads:
            thread.start()
        began = time.monotonic()
        assert watchdog.status()["watchdog"]["state"] == "RUNNING"
        assert time.monotonic() - began < PATIENCE
        for thread in threads:
            thread.join()
        assert set(seen) == {401, 429}
        assert seen.count(401) < 100  # ten tries, and one a second
        assert PASSWORD not in watchdog.text + (watchdog.state / "watchdog.log").read_text()
        assert watchdog.program("bot")["state"] == "RUNNING"
