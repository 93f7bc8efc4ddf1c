"""The health document over real HTTP."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

import pytest

from bot.exits import Exit, ExitCode
from bot.figures import Figures
from bot.health import Limits
from bot.health_server import HealthServer
from bot.report import Reporter


def ask(port: int, path: str, method: str = "GET") -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def serve(document: Any = None, port: int = 0, port_file: str = "") -> HealthServer:
    return HealthServer(
        "127.0.0.1", port, port_file, document or (lambda: (200, {"a": 1})), measure
    )


def measure(accept: str) -> tuple[str, bytes]:
    return "text/plain", f"for {accept}".encode()


def test_the_document_and_its_status_are_served() -> None:
    """/health answers with the status it was given, also with a query; anything else is 404."""
    with serve(lambda: (503, {"reason": "stuck"})) as server:
        assert ask(server.port, "/health") == (503, b'{"reason": "stuck"}\n')
        assert ask(server.port, "/health?x=1")[0] == 503
        assert ask(server.port, "/health", "HEAD") == (503, b"")
        assert ask(server.port, "/")[0] == 404
        assert ask(server.port, "/metrics") == (200, b"for ")


def test_metrics_without_their_library_say_what_to_install() -> None:
    """501 and the package's name; /health does not need it."""

    def missing(accept: str) -> tuple[str, bytes]:
        raise ImportError("no module")

    with HealthServer("127.0.0.1", 0, "", lambda: (200, {}), missing) as server:
        status, body = ask(server.port, "/metrics")
        assert (status, b"pip install prometheus_client" in body) == (501, True)
        assert ask(server.port, "/health")[0] == 200


def test_a_slow_client_holds_up_nobody() -> None:
    """A connection that says nothing does not keep a probe waiting."""
    with serve() as server, socket.create_connection(("127.0.0.1", server.port)):
        assert ask(server.port, "/health")[0] == 200


def test_a_taken_port_is_one_clear_line() -> None:
    """The error names the variable and the address, and says what to do."""
    with serve() as server, pytest.raises(Exit) as caught, serve(port=server.port):
        pass
    assert caught.value.code is ExitCode.CONFIG
    assert "HEALTH_PORT" in caught.value.reason
    assert f"127.0.0.1:{server.port} is in use" in caught.value.reason
    assert "\n" not in caught.value.reason


def test_the_port_in_use_is_written_to_a_file(tmp_path: Path) -> None:
    """HEALTH_PORT_FILE holds the port, and no draft is left beside it."""
    with serve(port_file=str(tmp_path / "port")) as server:
        assert (tmp_path / "port").read_text() == f"{server.port}\n"
        assert [path.name for path in tmp_path.iterdir()] == ["port"]


def test_a_port_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A missing directory is named."""
    with pytest.raises(Exit, match="HEALTH_PORT_FILE"), serve(port_file=str(tmp_path / "a/b")):
        pass


def test_an_unknown_host_is_an_error() -> None:
    """HEALTH_HOST must be an address of this machine."""
    with (
        pytest.raises(Exit, match="HEALTH_HOST"),
        HealthServer("192.0.2.1", 0, "", lambda: (0, {}), measure),
    ):
        pass


def test_the_document_has_the_fields_of_the_guides_and_our_own() -> None:
    """status, pid, uptime_seconds and version; and the figures of polling, loop and queue."""
    code, document = Reporter(Figures(123456789), Limits(5, 30)).document()
    assert code == 503
    assert {"status", "pid", "uptime_seconds", "version", "reason"} <= set(document)
    assert document["bot"] == {"id": 123456789, "username": None}
    assert {"alive", "last_finished_seconds", "conflicts"} <= set(document["polling"])
    assert "heartbeat_age_seconds" in document["loop"]
    assert "oldest_handler_seconds" in document["queue"]
    json.dumps(document)
