"""Who gets past the listeners: passwords, browsers, guessing at speed."""

from __future__ import annotations

import base64
import hashlib
import http.client
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.control.fake import FakeBackend, FakeDaemon
from watchdog.client import Client
from watchdog.client.errors import Refused
from watchdog.control.access import Access, Credentials
from watchdog.control.throttle import MOST_PEERS, TRIES, Throttle, network_of
from watchdog.wire.xmlrpc import write_call

PASSWORD = "correct: horse é"
SHA = "{SHA}" + hashlib.sha1(PASSWORD.encode()).hexdigest().upper()
CALL = write_call("watchdog.status", ())


def basic(user: str, password: str) -> dict[str, str]:
    token = base64.b64encode(f"{user}:{password}".encode()).decode()
    return {"Authorization": f"Basic {token}"}


@contextmanager
def serving(
    path: Path, backend: FakeBackend, credentials: Credentials | None, **access: object
) -> Iterator[FakeDaemon]:
    """A daemon on both doors."""
    daemon = FakeDaemon(
        path / f"{credentials is None}.sock", backend, ("127.0.0.1", 0), credentials
    )
    daemon.server._access = Access(**access)  # type: ignore[arg-type]
    with daemon.running():
        yield daemon


@pytest.fixture(params=[PASSWORD, SHA])
def guarded(
    short_path: Path, backend: FakeBackend, request: pytest.FixtureRequest
) -> Iterator[FakeDaemon]:
    """TCP asks for a password, kept as it is or as its digest."""
    with serving(short_path, backend, Credentials("admin", request.param)) as daemon:
        yield daemon


@pytest.fixture
def free(short_path: Path, backend: FakeBackend) -> Iterator[FakeDaemon]:
    """TCP on loopback without a password."""
    with serving(short_path, backend, None) as daemon:
        yield daemon


def ask(
    daemon: FakeDaemon,
    path: str = "/RPC2",
    headers: Mapping[str, str] = {},
    method: str = "POST",
) -> http.client.HTTPResponse:
    """One request over TCP."""
    assert daemon.server.tcp_address is not None
    connection = http.client.HTTPConnection(*daemon.server.tcp_address, timeout=20)
    body = CALL if method == "POST" else None
    connection.request(method, path, body, {"Content-Type": "text/xml", **headers})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


def test_a_call_needs_the_password(guarded: FakeDaemon) -> None:
    """Without it 401 with a challenge, with it 200; /healthz is for everybody."""
    refused = ask(guarded)
    assert refused.status == 401
    assert refused.headers["WWW-Authenticate"] == 'Basic realm="watchdog"'
    assert ask(guarded, headers=basic("admin", PASSWORD)).status == 200
    assert ask(guarded, "/healthz", method="GET").status == 200
    assert ask(guarded, "/mainlogtail", method="GET").status == 401


@pytest.mark.parametrize(
    "headers",
    [
        basic("admin", "wrong"),
        basic("nobody", PASSWORD),
        basic("", ""),
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic"},
        {"Authorization": "Bearer x"},
        {"Authorization": basic("admin", PASSWORD)["Authorization"].replace("Basic", "Digest")},
    ],
)
def test_anything_else_is_refused(guarded: FakeDaemon, headers: dict[str, str]) -> None:
    """Whatever is not the password in the one known form."""
    assert ask(guarded, headers=headers).status == 401


def test_the_digest_itself_is_no_password(short_path: Path, backend: FakeBackend) -> None:
    """Who reads the configuration cannot log in with what stands there."""
    with serving(short_path, backend, Credentials("admin", SHA)) as daemon:
        assert ask(daemon, headers=basic("admin", SHA)).status == 401


def test_guessing_at_speed_is_of_no_use(guarded: FakeDaemon) -> None:
    """After some wrong passwords even the right one has to wait; the unix socket never does."""
    for _ in range(int(TRIES)):
        ask(guarded, headers=basic("admin", "wrong"))
    seen = {ask(guarded, headers=basic("admin", "wrong")).status for _ in range(20)}
    assert 429 in seen
    told = ask(guarded, headers=basic("admin", PASSWORD))
    assert told.status in (429, 200)  # 200 on a machine so slow that a try was given back
    if told.status == 429:
        assert int(told.headers["Retry-After"]) >= 1
    assert Client(str(guarded.path)).status()["watchdog"]["state"] == "RUNNING"


def test_the_throttle_gives_back_and_forgets() -> None:
    """A try comes back each second; what is remembered is bounded; each peer counts by itself."""
    throttle = Throttle()
    for _ in range(int(TRIES)):
        throttle.note_wrong("192.0.2.1", 100.0)
    assert throttle.wait_of("192.0.2.1", 100.0) == pytest.approx(1.0)
    assert throttle.wait_of("192.0.2.1", 101.1) == 0.0
    assert throttle.wait_of("192.0.2.2", 100.0) == 0.0
    for number in range(3 * MOST_PEERS):
        throttle.note_wrong(f"10.{number >> 8}.{number & 255}.1", 100.0)
    assert len(throttle._purses) == MOST_PEERS


def test_one_ipv6_network_is_one_peer() -> None:
    """Else each of its addresses would have tries of its own."""
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:2")
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("fe80::1%eth0")


def test_a_rebound_name_is_refused(free: FakeDaemon) -> None:
    """Without a password, a Host that is not loopback is a web page's (DNS rebinding)."""
    for host in ("evil.example", "evil.example:9877", "127.0.0.1.evil.example", ""):
        assert ask(free, headers={"Host": host}).status == 403
    for host in ("localhost:9877", "127.0.0.1", "[::1]:9877"):
        assert ask(free, headers={"Host": host}).status == 200


def test_another_origin_is_refused(free: FakeDaemon, guarded: FakeDaemon) -> None:
    """A page of another origin cannot have a browser call us, password or not."""
    for daemon in (free, guarded):
        for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://localhost"):
            headers = {"Origin": origin, **basic("admin", PASSWORD)}
            assert ask(daemon, headers=headers).status == 403
    own = {"Host": "localhost:1", "Origin": "http://localhost:1"}
    assert ask(free, headers=own).status == 200


def test_a_form_is_refused(free: FakeDaemon) -> None:
    """What a browser sends without asking first is no call."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        assert ask(free, headers={"Content-Type": kind}).status == 415


def test_the_unix_socket_may_ask_for_a_password_too(short_path: Path, backend: FakeBackend) -> None:
    """As unix_http_server's username and password; a wrong one never makes the right one wait."""
    with serving(short_path, backend, None, socket=Credentials("admin", PASSWORD)) as daemon:
        with pytest.raises(Refused, match="asks for a user"):
            Client(str(daemon.path)).status()
        for _ in range(30):
            with pytest.raises(Refused, match="is wrong"):
                Client(str(daemon.path), lambda: ("admin", "wrong")).status()
        client = Client(str(daemon.path), lambda: ("admin", PASSWORD))
        assert client.status()["watchdog"]["state"] == "RUNNING"


def test_healthz_tells_that_we_are_leaving(free: FakeDaemon) -> None:
    """A load balancer sees 503 once the watchdog is shutting down."""
    assert ask(free, "/healthz", method="GET").status == 200
    free.backend.shutdown()
    assert ask(free, "/healthz", method="GET").status == 503


def test_a_password_given_to_supervisorctl(short_path: Path, backend: FakeBackend) -> None:
    """The real supervisorctl works with -u and -p, and without them is told of the 401."""
    with serving(short_path, backend, Credentials("admin", "simple")) as daemon:
        assert daemon.server.tcp_address is not None
        url = "http://{}:{}".format(*daemon.server.tcp_address)
        told = run(short_path, "supervisorctl", "-s", url, "-u", "admin", "-p", "simple", "version")
        assert (told.returncode, told.stdout) == (0, "0.1.0\n")
        told = run(short_path, "supervisorctl", "-s", url, "-u", "admin", "-p", "wrong", "version")
        assert "requires authentication" in told.stdout


def test_our_own_command_with_a_password(short_path: Path, backend: FakeBackend) -> None:
    """`watchdog status --url --user` with the password from the environment or a file."""
    with serving(short_path, backend, Credentials("admin", PASSWORD)) as daemon:
        assert daemon.server.tcp_address is not None
        url = "http://{}:{}".format(*daemon.server.tcp_address)
        words = ("status", "--url", url, "--user", "admin", "bot")
        assert run(short_path, "watchdog", *words, WATCHDOG_PASSWORD=PASSWORD).returncode == 0
        (short_path / "p").write_text(f"{PASSWORD}\n")
        assert run(short_path, "watchdog", *words, "--password-file", "p").returncode == 0
        wrong = run(short_path, "watchdog", *words, WATCHDOG_PASSWORD="hunter2")
        assert (wrong.returncode, wrong.stdout) == (
            1,
            "watchdog: the user or the password is wrong\n",
        )
        nothing = run(short_path, "watchdog", *words)
        assert nothing.returncode == 4
        assert "WATCHDOG_PASSWORD" in nothing.stdout
        shown = run(short_path, "watchdog", "status", "-s", url.replace("//", "//admin:hunter2@"))
        assert "can be seen by everybody" in shown.stdout
        assert "hunter2" not in wrong.stdout + nothing.stdout + shown.stdout


def run(place: Path, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A command to its end; both streams are in `stdout`."""
    return subprocess.run(
        [Path(sys.executable).with_name(words[0]), *words[1:]],
        cwd=place,
        env={**{k: v for k, v in os.environ.items() if k != "WATCHDOG_PASSWORD"}, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
