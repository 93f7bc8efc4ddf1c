"""A bot in webhook mode on the sandbox, and whoever else knocks at its server."""

from __future__ import annotations

import http.client
import json
import random
import socket
import urllib.request
from contextlib import suppress
from typing import Any

import pytest

SECRET = "MadeUpSecretOfTheTests_0123456789"
PATH = "/hook-path"


def free_port() -> int:
    """A port that nobody has now, from below those that the system gives away by itself.

    A bot that is stopped and started again finds it free, however many tests run beside it.
    """
    for _ in range(100):
        port = random.SystemRandom().randrange(12_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no free port was found")


class Hook:
    """One bot in webhook mode, with what its tests ask of it and of Telegram."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.port = bench, free_port()
        self.url = f"http://127.0.0.1:{self.port}{PATH}"
        self.environment = {
            "BOT_MODE": "webhook",
            "WEBHOOK_URL": self.url,
            "WEBHOOK_LISTEN": f"127.0.0.1:{self.port}",
            "WEBHOOK_SECRET": SECRET,
            "WEBHOOK_CHECK_SECONDS": "1",
        }

    def start(self, **variables: str) -> Any:
        return self.bench.start(None, **(self.environment | variables))

    def start_well(self, **variables: str) -> Any:
        bot = self.start(**variables)
        bot.wait_health("running")
        return bot

    def call(self, method: str, **parameters: object) -> Any:
        """A call of the Bot API, by somebody else who has the token."""
        token = self.bench.environment["TELEGRAM_BOT_TOKEN"]
        request = urllib.request.Request(
            f"{self.bench.sandbox.url}/bot{token}/{method}",
            json.dumps(parameters).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)["result"]

    def info(self) -> dict[str, Any]:
        return dict(self.call("getWebhookInfo"))

    def post(
        self,
        body: bytes,
        secret: str | None = SECRET,
        path: str = PATH,
        method: str = "POST",
        headers: dict[str, str] | None = None,
    ) -> int:
        """The status that a request gets at the bot's own server."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        given = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
        try:
            connection.request(method, path, body, given | (headers or {}))
            return connection.getresponse().status
        finally:
            connection.close()

    @staticmethod
    def update(number: int, text: str, user: int = 42) -> bytes:
        """A delivery, as Telegram would send it."""
        person = {"id": user, "is_bot": False, "first_name": "Ann"}
        message = {
            "message_id": number,
            "date": 1_700_000_000,
            "chat": {"id": user, "type": "private", "first_name": "Ann"},
            "from": person,
            "text": text,
        }
        return json.dumps({"update_id": number, "message": message}).encode()


@pytest.fixture
def hook(bench: Any) -> Any:
    """A bench for webhook mode; the secret is in no log afterwards."""
    hook = Hook(bench)
    yield hook
    for bot in bench.bots:
        bot.process.kill()
        bot.process.wait()
        assert SECRET not in bot.log
        assert PATH not in bot.log
