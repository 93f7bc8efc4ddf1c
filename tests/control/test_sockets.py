"""The sockets themselves: safe to make, healed when removed, and guarded over TCP."""

from __future__ import annotations

import socket
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon
from watchdog.client import Client, Refused, Unreachable
from watchdog.control.access import Credentials
from watchdog.control.listeners import AddressError, AlreadyServed, open_tcp, open_unix


@contextmanager
def serving(
    backend: FakeBackend, path: Path, credentials: Credentials | None = None
) -> Iterator[tuple[str, int]]:
    with FakeDaemon(path, backend, ("127.0.0.1", 0), credentials).running() as daemon:
        assert daemon.server.tcp_address is not None
        yield daemon.server.tcp_address


def test_the_socket_is_its_owners_alone(daemon: FakeDaemon) -> None:
    """Mode 0600, whatever the umask is."""
    assert stat.S_IMODE(daemon.path.stat().st_mode) == 0o600


def test_closing_removes_the_file(short_path: Path, backend: FakeBackend) -> None:
    """A watchdog that ended leaves no socket behind."""
    with FakeDaemon(short_path / "s", backend).running():
        assert (short_path / "s").exists()
    assert not (short_path / "s").exists()


def test_an_abandoned_socket_is_replaced(short_path: Path, backend: FakeBackend) -> None:
    """The file that a killed watchdog left is no obstacle."""
    path = short_path / "s.sock"
    script = f"import socket; s = socket.socket(socket.AF_UNIX); s.bind({str(path)!r}); s.listen()"
    subprocess.run([sys.executable, "-c", script], check=True)
    assert path.exists()
    with FakeDaemon(path, backend).running():
        assert Client(str(path)).status()


def test_a_served_socket_is_left_alone(daemon: FakeDaemon) -> None:
    """A second watchdog at the same path is told about the first, which goes on."""
    with pytest.raises(AlreadyServed, match="another watchdog answers at"):
        open_unix(daemon.path)
    assert Client(str(daemon.path)).status()


def test_a_file_that_is_no_socket_is_left_alone(short_path: Path) -> None:
    """A mistaken path destroys nothing."""
    path = short_path / "notes.txt"
    path.write_text("precious")
    with pytest.raises(AddressError, match="is no socket"):
        open_unix(path)
    assert path.read_text() == "precious"


def test_a_path_that_is_too_long_is_named(tmp_path: Path) -> None:
    """The error has the length found and the length allowed."""
    with pytest.raises(AddressError, match=r"bytes, at most 107 are allowed"):
        open_unix(tmp_path / ("x" * 120))


def test_a_place_that_cannot_be_written_is_named(short_path: Path) -> None:
    """The error says what to set."""
    (short_path / "file").write_text("")
    with pytest.raises(AddressError, match="set `socket` under"):
        open_unix(short_path / "file" / "s.sock")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("what", ["file", "directory"])
def test_a_socket_that_vanished_is_made_again(
    short_path: Path, backend: FakeBackend, what: str
) -> None:
    """Removing the socket, or the directory that it is in, does not lock the operator out."""
    path = short_path / "state" / "s.sock"
    with FakeDaemon(path, backend).running() as daemon:
        path.unlink()
        if what == "directory":
            path.parent.rmdir()
        daemon.loop.call_soon_threadsafe(daemon.server.heal)
        wait_for(path.exists)
        assert Client(str(path)).status()
        before = path.stat().st_ino
        daemon.loop.call_soon_threadsafe(daemon.server.heal)  # nothing to do
        assert Client(str(path)).status()
        assert path.stat().st_ino == before


def test_healing_does_not_steal(short_path: Path, backend: FakeBackend) -> None:
    """If another watchdog has taken the path meanwhile, that is reported and left so."""
    path = short_path / "s.sock"
    with FakeDaemon(path, backend).running() as daemon:
        path.unlink()
        with FakeDaemon(path, backend).running() as other:
            daemon.loop.call_soon_threadsafe(daemon.server.heal)
            wait_for(lambda: bool(daemon.reports))
            assert "another watchdog answers" in daemon.reports[0]
            assert Client(str(other.path)).status()


def test_tcp_open_to_others_needs_a_password() -> None:
    """Without credentials only loopback is accepted."""
    with pytest.raises(AddressError, match="only loopback"):
        open_tcp("0.0.0.0", 0, has_password=False)


def test_a_port_that_is_taken_is_named() -> None:
    """The error says which, and why."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressError, match=f"127.0.0.1:{port} .* the port is taken"):
            open_tcp("127.0.0.1", port, has_password=False)


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        (["Host: 127.0.0.1:1", "Content-Type: text/xml"], 400),  # past the door, no call
        (["Host: localhost", "Content-Type: text/xml; charset=utf-8"], 400),
        (["Host: evil.example", "Content-Type: text/xml"], 403),
        (["Host: 127.0.0.1.evil.example", "Content-Type: text/xml"], 403),
        (["Host: 127.0.0.1", "Content-Type: text/plain"], 415),
        (["Host: 127.0.0.1"], 415),
    ],
)
def test_a_web_page_cannot_call(
    backend: FakeBackend, short_path: Path, headers: list[str], code: int
) -> None:
    """Over TCP without a password, neither a rebound name nor a plain form gets through."""
    with serving(backend, short_path / "s") as address, socket.create_connection(address) as client:
        head = ["POST /RPC2 HTTP/1.1", *headers, "Content-Length: 0", "Connection: close"]
        client.sendall("\r\n".join([*head, "", ""]).encode())
        assert client.recv(65536).split()[1] == str(code).encode()


@pytest.mark.parametrize(
    "password", ["made-up", "{SHA}2d9b6fc5ffc21bab2d9d3d0f50d5dc1d1c2bd1f6"], ids=["plain", "sha"]
)
def test_a_password_is_asked_for(backend: FakeBackend, short_path: Path, password: str) -> None:
    """With credentials set, only who has them gets in, except to /healthz."""
    import hashlib

    if password.startswith("{SHA}"):
        password = "{SHA}" + hashlib.sha1(b"made-up").hexdigest()
    credentials = Credentials("me", password)
    assert "made-up" not in repr(credentials)
    with serving(backend, short_path / "s", credentials) as (host, port):
        assert Client(f"http://me:made-up@{host}:{port}").status()
        for login in ("", "me:wrong@", "you:made-up@", f"me:{'x' * 5000}@"):
            with pytest.raises(Refused, match="a user and a password"):
                Client(f"http://{login}{host}:{port}").status()
        with socket.create_connection((host, port)) as client:
            client.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            assert b"200 OK" in client.recv(65536)


def test_nobody_at_home_is_explained(short_path: Path) -> None:
    """The client says what it met, for each way of not being there."""
    with pytest.raises(Unreachable, match="not running"):
        Client(str(short_path / "none")).status()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(short_path / "stale"))
    stale.close()
    with pytest.raises(Unreachable, match="not running any more"):
        Client(str(short_path / "stale")).status()
    with pytest.raises(Unreachable, match="allowed: a path"):
        Client("ftp://x")


def test_what_is_no_watchdog_is_told(short_path: Path) -> None:
    """Another server at the socket is not taken for a watchdog, and a silent one times out."""
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(short_path / "s"))
        other.listen()
        client = Client(str(short_path / "s"))
        with pytest.raises(Unreachable, match="does not answer"):
            client.call("watchdog.status", seconds=0.2)
