"""/metrics and /health of the worker, from a thread: they answer also when the event loop hangs.

ARQ writes a key into Redis each time that its loop has gone round, which expires soon after. So
the worker is well as long as its own key is there.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import redis
from prometheus_client import REGISTRY, make_wsgi_app

from mimic.queue import Gauge

BEAT = 5
"""Seconds between two signs of life; a sign is gone after one second more."""


def own_key() -> str:
    """This process's, so that several workers do not vouch for each other."""
    return f"mimic:worker:{os.getpid()}:health"


def judge_health(gauge: Gauge, key: str) -> tuple[str, dict[str, Any]]:
    """The status line and the document."""
    document: dict[str, Any] = {"status": "running", "pid": os.getpid()}
    try:
        if gauge.has(key):
            return "200 OK", document
    except redis.RedisError as error:
        # Restarting the worker brings no Redis back: this is a note, and no failure.
        return "200 OK", document | {"reason": f"Redis does not answer: {error}"}
    stuck = {"status": "stuck", "reason": f"ARQ's loop has not gone round for {BEAT + 1} s"}
    return "503 Service Unavailable", document | stuck


def serve(port: int, gauge: Gauge) -> None:
    """Serve both, on 127.0.0.1, until the process ends. Raises OSError if the port is taken."""
    server = make_server(
        "127.0.0.1", port, _make_app(gauge), server_class=_Server, handler_class=_Quiet
    )
    threading.Thread(target=server.serve_forever, name="monitor", daemon=True).start()


def _make_app(gauge: Gauge) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    metrics, key = make_wsgi_app(REGISTRY), own_key()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/metrics":
            found: Iterable[bytes] = metrics(environ, start)
            return found
        if environ["PATH_INFO"] != "/health":
            start("404 Not Found", [])
            return [b"there are /metrics and /health\n"]
        status, document = judge_health(gauge, key)
        start(status, [("Content-Type", "application/json")])
        return [json.dumps(document).encode()]

    return answer


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """A probe every few seconds is no news."""
