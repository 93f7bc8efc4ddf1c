"""Real servers on held sockets, under real load: gunicorn and uvicorn, wrk and our own hammer."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.hammer import Hammer, ask
from tests.system.harness import Watchdog, World, wait_until

RESTARTS = int(os.environ.get("WATCHDOG_RESTARTS", "20"))
LONGEST = "60s"  # that wrk waits for one answer; it counts what takes longer

WSGI = """
import os
def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""
ASGI = """
async def app(scope, receive, send):
    if scope["type"] != "http":
        raise NotImplementedError
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})
"""
GUNICORN = "python -m gunicorn --no-control-socket --workers 2"


@pytest.fixture
def port() -> int:
    """One that nobody has, as far as can be known."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        found: int = server.getsockname()[1]
    return found


def serve(world: World, command: str, *lines: str) -> Watchdog:
    """A watchdog with this server, which answers already."""
    (world.place / "served.py").write_text(WSGI)
    (world.place / "served_async.py").write_text(ASGI)
    return world.up("\n".join(["[programs.web]", f'command = "{command}"', *lines]))


def held(port: int) -> list[str]:
    """The lines for a held socket; ready is who answers at it."""
    return [
        f'sockets = ["127.0.0.1:{port}"]',
        "[programs.web.startup]",
        f'http = "http://127.0.0.1:{port}/"',
        'period = "100ms"\ntimeout = "10s"\nfailure_threshold = 300',
    ]


@contextmanager
def wrk(port: int) -> Iterator[list[str]]:
    """Meanwhile wrk keeps eight connections busy; what it met is in the list afterwards."""
    tool = shutil.which("wrk")
    if tool is None:
        pytest.skip("wrk is not installed")
    words = [tool, "-t1", "-c8", "-d600", "--timeout", LONGEST, f"http://127.0.0.1:{port}/"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    told: list[str] = []
    try:
        yield told
    finally:
        process.send_signal(2)
        told += process.communicate(timeout=90)[0].splitlines()


@pytest.mark.timeout(300)  # on a crowded machine each restart takes seconds
def test_twenty_restarts_of_gunicorn_fail_nobody(world: World, port: int) -> None:
    """Not one of the requests of two clients is refused, reset, or left without an answer."""
    watchdog = serve(world, f"{GUNICORN} served:app", *held(port))
    watchdog.wait_state("web", "RUNNING")
    with wrk(port) as told, Hammer(("127.0.0.1", port)).pounding() as hammer:
        for _ in range(RESTARTS):
            answered = watchdog.call("restart", "web")
            assert answered.returncode == 0, answered.stdout
    assert (hammer.failures, hammer.answers > RESTARTS) == ([], True)
    text = "\n".join(told)
    assert re.search(r"[1-9]\d* requests in", text), text
    assert "Socket errors" not in text, text
    assert "Non-2xx" not in text, text
    gaps = [line for line in watchdog.journal() if line["event"] == "restart"]
    assert [gap["planned"] and gap["held"] for gap in gaps] == [True] * RESTARTS
    figures = watchdog.call("report", "--json").stdout
    assert f'"planned_restarts": {RESTARTS}' in figures
    assert "who connected waited" in " ".join(watchdog.call("why", "web").stdout.split())


def test_gunicorn_that_binds_itself_refuses(world: World, port: int) -> None:
    """The same without the key: both see that."""
    watchdog = serve(world, f"{GUNICORN} --bind 127.0.0.1:{port} served:app", *held(port)[1:])
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        watchdog.call("restart", "web")
    assert [one for one in hammer.failures if "Refused" in one]


def test_a_graceful_reload_keeps_them_too(world: World, port: int) -> None:
    """HUP replaces gunicorn's workers on the same socket."""
    watchdog = serve(world, f"{GUNICORN} served:app", *held(port))
    watchdog.wait_state("web", "RUNNING")
    with Hammer(("127.0.0.1", port)).pounding() as hammer:
        for count in range(1, 4):
            watchdog.call("signal", "HUP", "web")
            wait_until(
                lambda n=count: watchdog.log("web").count("Handling signal: hup") == n, "HUP"
            )
            seen = hammer.answers
            wait_until(lambda n=seen: hammer.answers > n + 20, "answers")
    assert hammer.failures == []


def test_uvicorn_takes_descriptor_three(world: World) -> None:
    """`--fd 3`, here of a unix socket, over a restart."""
    path: Path = world.place / "web.sock"
    watchdog = serve(
        world, "python -m uvicorn --fd 3 served_async:app", 'sockets = ["unix:web.sock"]'
    )
    wait_until(lambda: path.exists() and not ask(path), "an answer")
    with Hammer(path).pounding() as hammer:
        assert watchdog.call("restart", "web").returncode == 0
        seen = hammer.answers
        wait_until(lambda: hammer.answers > seen + 20, "answers")
    # At its end uvicorn closes what it has accepted and not read yet (docs/sockets.md): a reset is
    # its own, a refusal would be ours.
    assert all("reset" in one for one in hammer.failures), hammer.failures
    assert len(hammer.failures) <= 2, hammer.failures
