"""A server with fixed answers, and `python -m bot check` as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

Checker = Callable[..., subprocess.CompletedProcess[str]]


@dataclass
class FixedServer:
    """`answers` by path: a status and a document; `seen` are the paths with their keys."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)


@pytest.fixture
def fixed() -> Iterator[FixedServer]:
    fixed = FixedServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            fixed.seen.append((self.path, self.headers.get("Authorization", "")))
            status, document = fixed.answers.get(self.path, (404, {}))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    fixed.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield fixed
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def check(bench: Any) -> Checker:
    """Run the check in the directory and with the environment of the test's own bot."""

    def run(*options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bot", "check", *options],
            cwd=bench.directory,
            env=bench.environment | variables,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run
