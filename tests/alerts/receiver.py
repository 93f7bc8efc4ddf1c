"""A real receiver of alerts: an HTTP server that keeps what apprise posts to `json://`."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple


class Message(NamedTuple):
    """One message, and when it came."""

    title: str
    body: str
    at: float

    @property
    def lines(self) -> list[str]:
        """The body, line by line."""
        return self.body.splitlines()


class Receiver:
    """Listens on a port that stays the same while it is down."""

    def __init__(self) -> None:
        self.messages: list[Message] = []
        self.asked = 0  # requests, answered or not
        self.silent = threading.Event()  # set: it takes requests and never answers
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.up()

    @property
    def url(self) -> str:
        """For the configuration."""
        return f"json://watcher:PassPhrase77@127.0.0.1:{self.port}/SecretPath99"

    def up(self) -> None:
        """Listen."""
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.asked += 1
                data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                while receiver.silent.is_set():
                    time.sleep(0.05)
                self.send_response(200)
                self.end_headers()
                receiver.messages.append(Message(data["title"], data["message"], time.time()))

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_: object) -> None: ...

        self._server = Server(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def down(self) -> None:
        """Refuse connections."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
        self._server = None

    @property
    def text(self) -> str:
        """Everything that was received."""
        return "\n".join(f"{message.title}\n{message.body}" for message in self.messages)

    def count(self, found: Callable[[str], bool]) -> int:
        """How many lines of all bodies are so."""
        return sum(found(line) for message in self.messages for line in message.lines)


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that is there as long as the block lasts."""
    receiver = Receiver()
    try:
        yield receiver
    finally:
        receiver.silent.clear()
        receiver.down()
