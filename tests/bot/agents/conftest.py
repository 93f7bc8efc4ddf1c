"""A small OpenAI-compatible server on a real socket, whose model's name says how it behaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

USER = 42
OTHER = 4444
KEY = "sk-example-0123456789abcdef"


class FakeEndpoint(ThreadingHTTPServer):
    """Remembers what it was asked; `go_on` lets the models that wait for it continue."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.go_on = threading.Event()
        self.hung_up = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def variables(self, model: str, **more: str) -> dict[str, str]:
        """What a bot is told so that this model answers."""
        return {"AGENT_URL": self.url, "AGENT_MODEL": model, "AGENT_KEY": KEY} | more


class _Handler(BaseHTTPRequestHandler):
    server: FakeEndpoint

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append(body | {"path": self.path})
        self.server.keys.append(self.headers["Authorization"])
        model, text = body["model"], body["messages"][-1]["content"]
        if model == "refuses":
            return self._answer(401, f'{{"error": {{"message": "wrong key: {KEY}"}}}}')
        if model == "whole":
            return self._answer(200, json.dumps({"choices": [{"message": {"content": "all"}}]}))
        if model == "nonsense":
            return self._answer(200, "<html>Welcome</html>")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        getattr(self, "_" + ("hangs" if text.startswith("hang") else model))(text)
        return None

    def _echoes(self, text: str) -> None:
        for word in ("you ", "said: ", text):
            self._piece(word)
        self.wfile.write(b": a comment\r\n\r\ndata: [DONE]\r\n\r\n")

    def _hangs(self, text: str) -> None:
        """A beginning, and no more until it is told to go on or nobody listens."""
        self._piece("first ")
        if self.server.go_on.wait(30):
            self._echoes(text)
        else:
            self.server.hung_up.set()

    def _drips(self, text: str) -> None:
        """Until nobody listens any more."""
        try:
            while True:
                self._piece("drop ")
                self.server.go_on.wait(0.05)
        except OSError:
            self.server.hung_up.set()

    def _breaks(self, text: str) -> None:
        self._piece("half an answ")

    def _writes(self, text: str) -> None:
        for number in range(1500):
            self._piece(f"word{number} ")
        self._piece("END", finish="stop")

    def _piece(self, text: str, finish: str | None = None) -> None:
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        self.wfile.write(f"data: {json.dumps({'choices': [choice]})}\n\n".encode())

    def _answer(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    """The server, gone afterwards."""
    with FakeEndpoint() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server
        server.go_on.set()
        server.shutdown()
        thread.join()


class Talk:
    """One bot with agents, and a user who writes to it."""

    def __init__(self, bench: Any, **variables: str) -> None:
        self.bench = bench
        bench.sandbox.add_user(OTHER)
        self.bot = bench.start_well(AGENT_EDIT_SECONDS="0.1", **variables)

    def send(self, text: str, user: int = USER) -> int:
        number: int = self.bench.sandbox.send(text, self.bench.id, user)
        return number

    def texts(self, user: int = USER) -> list[str]:
        messages = self.bench.sandbox.messages(self.bench.id, user)
        return [message["text"] for message in messages if message["from_bot"]]

    def wait_text(self, wanted: str, user: int = USER) -> str:
        def find() -> str | None:
            return next((text for text in self.texts(user) if wanted in text), None)

        found: str = self.bench.wait_until(find, f"{wanted!r} in the chat")
        return found

    def health(self) -> dict[str, Any]:
        document: dict[str, Any] = self.bot.health()[1]["capabilities"]["agents"]
        return document

    def wait_figure(self, name: str, value: object) -> None:
        self.bench.wait_until(lambda: self.health()[name] == value, f"{name} to be {value}")


@pytest.fixture
def begin(bench: Any) -> Callable[..., Talk]:
    """Starts a bot with agents; its variables are the arguments."""
    return lambda **variables: Talk(bench, **variables)
