"""The server as an attacker or a clumsy client meets it."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import socket
import sys
import termios
import threading
import time
import xmlrpc.client
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon
from watchdog.client import Client
from watchdog.control import http
from watchdog.wire.xmlrpc import write_call

Connect = Callable[[], socket.socket]


def ask(client: socket.socket, data: bytes) -> bytes:
    """Send, and read until the server hangs up."""
    client.sendall(data)
    return drain(client)


def drain(client: socket.socket) -> bytes:
    parts = []
    while part := client.recv(65536):
        parts.append(part)
    return b"".join(parts)


def status_of(answer: bytes) -> int:
    return int(answer.split()[1])


def post(body: bytes, *headers: str) -> bytes:
    head = ["POST /RPC2 HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*head, "", ""]).encode() + body


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
        (b"HEAD /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        (b"POST /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        (b"GET /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 405),
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"GET /logtail/nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"GET /logtail/bot/../../etc HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 404),
        (b"\x00\x01\x02\x03\r\n\r\n", 400),
        (b"GET / HTTP/x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon here\r\n\r\n", 400),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nBig: " + b"a" * 100_000 + b"\r\n\r\n", 431),
        (b"GET /" + b"a" * 100_000, 431),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 19 + b"\r\n\r\n", 413),
        (post(b"<methodCall>", "Connection: close"), 400),
        (post(b"", "Connection: close"), 400),
        (post(b"<!DOCTYPE x><methodCall/>", "Connection: close"), 400),
    ],
)
def test_what_is_wrong_is_answered_with_its_status(
    connect: Connect, sent: bytes, code: int
) -> None:
    """Each malformed request gets its status and no trace, and the connection ends."""
    answer = ask(connect(), sent)
    assert status_of(answer) == code
    assert b"Traceback" not in answer


def test_a_body_in_chunks_without_end_is_cut_off(connect: Connect) -> None:
    """A chunked body is counted, too."""
    client = connect()
    client.sendall(b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    with contextlib.suppress(ConnectionError):  # it may hang up while we still send
        for _ in range(100):
            client.sendall(chunk)
    assert status_of(drain(client)) == 413


@pytest.mark.parametrize(
    "method",
    [
        "supervisor.__class__",
        "supervisor._update",
        "supervisor.supervisord.options.warnings.linecache.os.system",
        "system.namespaces",
        "watchdog.status.__call__",
        "startProcess",
        "",
    ],
)
def test_only_names_of_the_table_are_methods(daemon: FakeDaemon, method: str) -> None:
    """Dots and underscores lead nowhere (CVE-2017-11610)."""
    client = Client(str(daemon.path))
    with pytest.raises(Exception, match=r"UNKNOWN_METHOD|No XML-RPC call"):
        client.call(method)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("supervisor.getState", (1,)),
        ("supervisor.startProcess", ()),
        ("supervisor.startProcess", (["bot"],)),
        ("supervisor.readProcessStdoutLog", ("bot", "0", 0)),
        ("supervisor.readProcessStdoutLog", ("bot", True, 0)),
        ("watchdog.start", ("bot",)),
    ],
)
def test_wrong_arguments_are_refused(
    daemon: FakeDaemon, method: str, params: tuple[object, ...]
) -> None:
    """Too many, too few or of another type: INCORRECT_PARAMETERS, and nothing is done."""
    with pytest.raises(Exception, match="INCORRECT_PARAMETERS"):
        Client(str(daemon.path)).call(method, *params)
    assert daemon.backend.requests == []


def test_an_error_inside_shows_no_detail(daemon: FakeDaemon, backend: FakeBackend) -> None:
    """What breaks in the daemon is reported there; the client learns only that it did."""
    backend.broken = True
    with pytest.raises(Exception, match=r"internal error \(RuntimeError\)") as seen:
        Client(str(daemon.path)).status()
    assert "secret" not in str(seen.value)
    assert daemon.reports == ["watchdog.status: RuntimeError('a secret detail')"]


def test_a_slow_client_is_let_go_and_blocks_nobody(
    connect: Connect, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that trickles in ends with 408 at its deadline, while others are served."""
    monkeypatch.setattr(http, "REQUEST_SECONDS", 1.0)
    slow = connect()
    slow.sendall(b"POST /RPC2 HTTP/1.1\r\n")
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(0.1):
            try:
                slow.sendall(b"a: b\r\n")
            except OSError:
                return

    thread = threading.Thread(target=trickle)
    thread.start()
    try:
        assert Client(str(daemon.path)).status()["watchdog"]["state"] == "RUNNING"
        begun = time.monotonic()
        assert status_of(slow.recv(65536)) == 408
        assert time.monotonic() - begun < 10
    finally:
        stop.set()
        thread.join()


def test_a_client_that_never_begins_is_let_go(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection on which nothing is asked does not stay for ever."""
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.2)
    assert drain(connect()) == b""


def test_a_client_that_asked_once_may_stay(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An interactive shell that idles longer than any deadline still finds its connection."""
    monkeypatch.setattr(http, "REQUEST_SECONDS", 0.2)
    client = connect()
    for _ in range(2):
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert client.recv(65536).endswith(b"ok\n")
        time.sleep(0.5)  # longer than the deadline: this wait is what is tested


def test_200_clients_at_once_are_served(connect: Connect) -> None:
    """Two hundred connections at the same time all get their answers, twice."""
    clients = [connect() for _ in range(200)]
    for _ in range(2):
        for client in clients:
            client.sendall(post(write_call("supervisor.getState", ())))
        for client in clients:
            answer = client.recv(65536)
            assert status_of(answer) == 200
            assert b"RUNNING" in answer


def test_beyond_the_limit_an_idle_client_makes_room(daemon: FakeDaemon, connect: Connect) -> None:
    """The server never holds more connections than it may, and still serves who asks."""
    daemon.server._connections._most = 5
    crowd = [connect() for _ in range(20)]

    def is_answered(client: socket.socket) -> bool:
        try:
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            return b"200 OK" in client.recv(65536)
        except (BrokenPipeError, ConnectionResetError):  # it had to make room for another
            return False

    assert any([is_answered(client) for client in crowd])  # noqa: C419 - wait for all
    assert len(daemon.server._connections._open) <= 5
    assert Client(str(daemon.path)).status()["watchdog"]["state"] == "RUNNING"


def test_100_continue_is_given(connect: Connect) -> None:
    """A client that asks before sending its body is told to go on."""
    body = write_call("supervisor.getPID", ())
    client = connect()
    head, _, _ = post(body, "Expect: 100-continue", "Connection: close").partition(b"\r\n\r\n")
    client.sendall(head + b"\r\n\r\n")
    assert client.recv(65536).startswith(b"HTTP/1.1 100")
    assert status_of(ask(client, body)) == 200


def test_several_calls_in_one(daemon: FakeDaemon) -> None:
    """multicall gives a result or a fault for each call, and does not recurse."""
    calls = [
        {"methodName": "supervisor.getPID", "params": []},
        {"methodName": "supervisor.getProcessInfo", "params": ["nope"]},
        {"methodName": "system.multicall", "params": [[]]},
        {"nothing": 1},
    ]
    results = Client(str(daemon.path)).call("system.multicall", calls)
    assert isinstance(results[0], int)
    assert [result["faultCode"] for result in results[1:]] == [10, 2, 2]


def test_methods_tell_about_themselves(daemon: FakeDaemon) -> None:
    """Every method has a help text and a signature."""
    client = Client(str(daemon.path))
    names = client.call("system.listMethods")
    assert {"supervisor.startProcess", "system.multicall", "watchdog.status"} <= set(names)
    for name in names:
        assert client.call("system.methodHelp", name)
        assert client.call("system.methodSignature", name)
    signature = client.call("system.methodSignature", "supervisor.startProcess")
    assert signature == ["boolean", "string", "boolean"]


def test_a_request_without_waiting_returns_at_once(
    daemon: FakeDaemon, backend: FakeBackend
) -> None:
    """wait=False begins the work and does not wait for it."""
    backend.delay = 1.0
    client = Client(str(daemon.path))
    begun = time.monotonic()
    assert client.call("supervisor.startProcess", "web", False) is True
    assert time.monotonic() - begun < 0.9
    deadline = time.monotonic() + 10
    while backend.views["web"].state != "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_supervisor_answers_shutdown_state_while_leaving(daemon: FakeDaemon) -> None:
    """Once it is leaving, supervisor's namespace says so, and ours still tells the status."""
    client = Client(str(daemon.path))
    client.shut_down()
    with pytest.raises(Exception, match="SHUTDOWN_STATE"):
        client.call("supervisor.getAllProcessInfo")
    assert client.status()["watchdog"]["state"] == "SHUTDOWN"


def test_pythons_own_client_works(backend: FakeBackend, short_path: object) -> None:
    """xmlrpc.client talks to the TCP port with nothing special."""
    daemon = FakeDaemon(backend.directory / "s", backend, ("127.0.0.1", 0))
    with daemon.running():
        assert daemon.server.tcp_address is not None
        url = "http://{}:{}/RPC2".format(*daemon.server.tcp_address)
        with xmlrpc.client.ServerProxy(url) as proxy:
            assert proxy.supervisor.getState() == {"statecode": 1, "statename": "RUNNING"}


def held(path: Path) -> int:
    """How many descriptors of this process lead to the file."""
    found = 0
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += str(entry.readlink()) == str(path)
    return found


def waiting_in(client: socket.socket) -> int:
    """Bytes that were sent to it and that it has not read."""
    return int.from_bytes(fcntl.ioctl(client, termios.FIONREAD, bytes(4)), sys.byteorder)


def wait_for(condition: Callable[[], bool]) -> bool:
    """Whether it came true in time."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="there is no /proc")
def test_a_log_that_is_followed_is_let_go_with_the_client(
    connect: Connect, backend: FakeBackend
) -> None:
    """Also of one that never read; not only once memory is tidied up, which may take long."""
    log = Path(str(backend.log_path("bot", "stdout"))).resolve()
    log.write_bytes(b"hello\n")
    client = connect()
    client.sendall(b"GET /logtail/bot/stdout HTTP/1.1\r\nHost: x\r\n\r\n")
    assert wait_for(lambda: held(log) == 1)
    gc.disable()
    try:
        with log.open("ab") as file:
            file.write(b"more than fits into a socket\n" * 200_000)
        assert wait_for(lambda: waiting_in(client) > 65536)
        client.close()
        assert wait_for(lambda: held(log) == 0)
    finally:
        gc.enable()
