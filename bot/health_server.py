"""GET /health and /metrics from a thread, which still answers when the event loop is stuck."""

import errno
import json
import os
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any

from bot.exits import Exit, ExitCode
from bot.urls import http_root

Document = Callable[[], tuple[int, dict[str, Any]]]
# From an Accept header to a content type and a page; raises ImportError without the library.
Metrics = Callable[[str], tuple[str, bytes]]
_PATIENCE = 5.0  # seconds a client may take to send its request


class HealthServer:
    """Serve both on host and port while in the `with` block; port 0 is any free one."""

    def __init__(
        self, host: str, port: int, port_file: str, document: Document, metrics: Metrics
    ) -> None:
        self._host, self._port, self._port_file = host, port, port_file
        self._document, self._metrics = document, metrics
        self._server: _Server | None = None

    @property
    def url(self) -> str:
        return f"{http_root(self._host, self.port)}/health"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1]) if self._server else self._port

    def __enter__(self) -> "HealthServer":
        self._server = self._bind()
        if self._port_file:
            _write_port(Path(self._port_file), self.port)
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._server is not None:
            # shutdown() waits for the serving thread's next tick, half a second: do not.
            threading.Thread(target=self._server.shutdown, daemon=True).start()
            self._server.server_close()

    def _bind(self) -> "_Server":
        try:
            return _Server(self._host, self._port, self._document, self._metrics)
        except OSError as error:
            where = f"{self._host}:{self._port}"
            raise Exit(ExitCode.CONFIG, _explain(error, where)) from None


def _explain(error: OSError, where: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"HEALTH_PORT: {where} is in use by another process; "
            "set HEALTH_PORT to a free port, or to 0 for any"
        )
    return f"HEALTH_HOST and HEALTH_PORT: cannot listen on {where}: {error.strerror or error}"


def _write_port(path: Path, port: int) -> None:
    """Written beside and renamed, so that a reader never sees half a number."""
    try:
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_text(f"{port}\n", encoding="ascii")
        draft.replace(path)
    except OSError as error:
        reason = f"HEALTH_PORT_FILE: {path} cannot be written: {error.strerror or error}"
        raise Exit(ExitCode.CONFIG, reason) from None


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # On Windows this option would let two servers share one port.
    allow_reuse_address = os.name == "posix"

    def __init__(self, host: str, port: int, document: Document, metrics: Metrics) -> None:
        self.document, self.metrics = document, metrics
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        self.address_family = family
        super().__init__((str(address[0]), port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look its own name up in the DNS here, which can take seconds.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "bot", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in the middle is no news."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE
    server_version = "bot"
    sys_version = ""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        status, content_type, body = self._find(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _find(self, path: str) -> tuple[int, str, bytes]:
        if path == "/health":
            return _json(*self.server.document())
        if path != "/metrics":
            return _json(404, {"reason": "there are /health and /metrics"})
        try:
            return 200, *self.server.metrics(self.headers.get("Accept", ""))
        except ImportError:
            reason = "metrics need prometheus_client: pip install prometheus_client"
            return _json(501, {"reason": reason})

    def log_message(self, format: str, *args: Any) -> None:
        """Probes come every few seconds: they are not worth a line each."""


def _json(status: int, content: dict[str, Any]) -> tuple[int, str, bytes]:
    return status, "application/json", json.dumps(content).encode() + b"\n"
