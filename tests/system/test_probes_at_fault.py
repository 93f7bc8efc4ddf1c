"""What a program's health page may answer, or not; each is met in time and with the reason."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.system.harness import World, memory_of, wait_until

GOOD = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
PERIOD, TIMEOUT, THRESHOLD = 0.2, 0.5, 2


class Page:
    """A health page that answers with `answer`, or in a way of its own."""

    def __init__(self) -> None:
        self.answer: bytes | None = GOOD  # None: nothing at all
        self.endless = False
        self.late = 0.0  # seconds
        self.server = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port = self.server.getsockname()[1]
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.server.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection.recv(4096)
            if self.answer is None:
                self._kept.append(connection)
                return
            time.sleep(self.late)
            connection.sendall(self.answer)
            while self.endless:
                connection.sendall(b"x" * 65536)
            connection.close()

    def close(self) -> None:
        """Serve no more."""
        self.endless = False
        self.server.close()
        for connection in self._kept:
            connection.close()


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page()
    yield page
    page.close()


FAULTS = {
    "500": ({"answer": b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"}, "500"),
    "its own reason": (
        {
            "answer": b"HTTP/1.1 503 No\r\nContent-Type: application/json\r\n\r\n"
            b'{"status": "stuck", "reason": "the loop is stuck"}'
        },
        "the loop is stuck",
    ),
    "garbage": ({"answer": b"\x00\xff\x17 this is not HTTP\r\n\r\n"}, "HTTP"),
    "an endless header": ({"answer": b"HTTP/1.1 200 OK\r\n", "endless": True}, "HTTP"),
    "nothing": ({"answer": None}, "no answer within 500ms"),
    "after the timeout": ({"late": 3.0}, "no answer within 500ms"),
    "a closed connection": ({"answer": b""}, ""),
}


def config(port: int) -> str:
    """A program whose page is at the port; it does not answer there itself."""
    return (
        '[programs.a]\ncommand = "sleep 600"\n'
        f'liveness = {{ http = "http://127.0.0.1:{port}/health", period = "{PERIOD}s", '
        f'timeout = "{TIMEOUT}s", failure_threshold = {THRESHOLD} }}\n'
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_a_page_at_fault_has_the_program_replaced_with_the_reason(
    world: World, page: Page, fault: str
) -> None:
    """A program whose page fails is killed within the bound, and the reason names what was met."""
    how, words = FAULTS[fault]
    watchdog = world.up(config(page.port))
    watchdog.wait("a", lambda p: p["health"] == "healthy", "health")
    broken_at = time.monotonic()
    for name, value in how.items():
        setattr(page, name, value)
    wait_until(lambda: "STOPPING" in watchdog.text, "the program to be ended")
    assert (
        time.monotonic() - broken_at < THRESHOLD * PERIOD + TIMEOUT + 10
    )  # a slow machine's slack
    line = next(line for line in watchdog.text.splitlines() if "STOPPING" in line)
    assert words in line, line
    assert f"{THRESHOLD} of {THRESHOLD} probes failed" in line
    page.answer, page.endless, page.late = GOOD, False, 0.0
    seen = watchdog.wait("a", lambda p: p["health"] == "healthy", "health again")
    assert seen["incarnation"] == 2


def test_an_endless_body_after_a_good_status_is_no_failure_and_no_flood(
    world: World, page: Page
) -> None:
    """A page that says 200 and then never stops is well, is hung up on, and costs no memory."""
    watchdog = world.up(config(page.port))
    page.answer, page.endless = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", True
    watchdog.wait("a", lambda p: p["health"] in ("healthy", "unhealthy"), "a verdict")
    before = memory_of(watchdog.process.pid)
    time.sleep(5 * PERIOD)
    assert memory_of(watchdog.process.pid) - before < 4096
    told = watchdog.call("status")
    assert "a " in told.stdout


def test_one_hanging_probe_delays_no_other(world: World, page: Page) -> None:
    """While the page of one program never answers, another's is asked and judged as ever."""
    other = Page()
    try:
        page.answer = None
        two = config(other.port).replace("programs.a", "programs.b")
        watchdog = world.up(config(page.port).replace(f"{TIMEOUT}s", "30s") + two)
        watchdog.wait("b", lambda p: p["health"] == "healthy", "b to be healthy")
        assert watchdog.program("a")["state"] == "STARTING"
        other.answer = None
        watchdog.wait("b", lambda p: p["incarnation"] == 2, "b to be replaced")
    finally:
        other.close()
