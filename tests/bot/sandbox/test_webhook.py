"""The sandbox's webhooks: the rules of what is sent when, and real deliveries."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.parameters import Parameters
from bot.sandbox.webhook import BadWebhook, DeliveryPlan, lane_of, read_webhook
from bot.serving import Answer, Connection, Head, Limits, Request


def in_chat(update: int, chat: int) -> tuple[int, str]:
    return update, json.dumps({"update_id": update, "message": {"chat": {"id": chat}}})


def sent(plan: DeliveryPlan, pending: list[tuple[int, str]], now: float) -> list[int]:
    return [update for update, _ in plan.take(pending, now).updates]


def test_the_updates_of_a_chat_are_sent_in_turn_and_chats_side_by_side() -> None:
    """The second of a chat waits for the first; another chat's does not."""
    plan = DeliveryPlan(10)
    pending = [in_chat(1, 7), in_chat(2, 7), in_chat(3, 8)]
    assert sent(plan, pending, 0) == [1, 3]
    assert sent(plan, pending, 0) == []
    plan.succeed(1)
    assert sent(plan, pending[1:], 0) == [2]


def test_no_more_than_the_limit_are_under_way() -> None:
    """What is over the limit waits until one comes back."""
    plan = DeliveryPlan(2)
    pending = [in_chat(n, n) for n in range(1, 5)]
    assert sent(plan, pending, 0) == [1, 2]
    plan.succeed(2)
    assert sent(plan, [pending[0], *pending[2:]], 0) == [3]


def test_failures_are_repeated_at_once_and_then_ever_later() -> None:
    """0, 2, 4, ... 60 s; a Retry-After counts instead; its chat waits meanwhile."""
    plan, pending, now, waits = DeliveryPlan(1), [in_chat(1, 7), in_chat(2, 7)], 0.0, []
    for _ in range(8):
        assert sent(plan, pending, now) == [1]
        plan.fail(1, now)
        due = plan.take(pending, now - 0.001).again
        assert due is not None
        waits.append(due - now)
        now = due
    assert waits == [0, 2, 4, 8, 16, 32, 60, 60]
    assert sent(plan, pending, now) == [1]
    plan.fail(1, now, retry_after=9)
    assert plan.take(pending, now).again == now + 9


@pytest.mark.parametrize(
    "text", ["{broken", "[]", '{"update_id": 1}', '{"message": 5}', "[" * 9999]
)
def test_what_has_no_chat_is_alone(text: str) -> None:
    """A broken update holds up nobody's chat."""
    assert lane_of(5, text) == "update 5"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "invalid webhook URL"),
        ("http://example.org/x", "HTTPS URL must be provided"),
        ("https://example.org:9999/x", "ports 80, 88, 443 or 8443"),
        ("https://[broken/x", "invalid webhook URL"),
    ],
)
def test_what_telegram_would_not_take_is_refused(url: str, said: str) -> None:
    """In Telegram's words; this machine's own addresses may be http, on any port."""
    with pytest.raises(BadWebhook, match=said):
        read_webhook(Parameters({"url": url}))
    assert read_webhook(Parameters({"url": "http://127.0.0.1:9999/x"})).max_connections == 40


def test_a_secret_has_only_its_characters() -> None:
    """As at Telegram, and it is not part of what is shown."""
    with pytest.raises(BadWebhook, match="unallowed characters"):
        read_webhook(Parameters({"url": "https://example.org", "secret_token": "a b"}))
    webhook = read_webhook(Parameters({"url": "https://example.org", "secret_token": "ab-_1"}))
    assert "ab-_1" not in repr(webhook) + str(webhook.describe())


class Endpoint:
    """Takes deliveries over real HTTP, and answers as it is told."""

    name, limits = "endpoint", Limits()

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[Answer | None] = []
        self.connections = 0
        self._secret = ""

    def screen(self, head: Head) -> Answer | None:
        self._secret = head.headers.get("x-telegram-bot-api-secret-token", "")
        return None

    async def respond(self, request: Request, connection: Connection) -> Answer | None:
        self.got.append((self._secret, json.loads(request.body)))
        return self.answers.pop(0) if self.answers else Answer(200, b"")

    def refuse(self, status: int) -> Answer:
        return Answer(status, b"")

    def gone(self, connection: Connection) -> None:
        pass

    def connect(self) -> Connection:
        self.connections += 1
        return Connection(self)


@pytest.fixture
async def endpoint() -> AsyncIterator[tuple[Endpoint, str]]:
    endpoint = Endpoint()
    server = await asyncio.get_running_loop().create_server(endpoint.connect, "127.0.0.1", 0)
    yield endpoint, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/a/path?x=1"
    server.close()


async def test_updates_are_delivered_with_the_secret(
    sandbox: Sandbox, caller: Any, endpoint: tuple[Endpoint, str]
) -> None:
    """What waited and what comes later, over one connection; then nothing waits any more."""
    here, url = endpoint
    await caller.call("getMe")
    sandbox.stage.send("before")
    await caller.call("setWebhook", {"url": url, "secret_token": "made-up"})
    await caller.until(lambda: len(here.got) == 1)
    sandbox.stage.send("after")
    await caller.until(lambda: len(here.got) == 2)
    assert [update["message"]["text"] for _, update in here.got] == ["before", "after"]
    assert {secret for secret, _ in here.got} == {"made-up"}
    assert here.connections == 1
    await caller.until(lambda: not len(sandbox.engine.world.account(caller.bot).queue))


async def test_a_refusal_is_told_and_tried_again(
    sandbox: Sandbox, caller: Any, endpoint: tuple[Endpoint, str]
) -> None:
    """pending_update_count and last_error_message say so until it has worked."""
    here, url = endpoint
    here.answers = [Answer(503, b"", headers=(("Retry-After", "1"),)), None]
    await caller.call("setWebhook", {"url": url})
    sandbox.stage.send("stubborn")
    await caller.until(lambda: len(here.got) == 1)
    await caller.until(lambda: sandbox.engine.world.account(caller.bot).webhook.failed == 1)
    info = (await caller.call("getWebhookInfo")).json["result"]
    said = "Wrong response from the webhook: 503 Service Unavailable"
    assert (info["pending_update_count"], info["last_error_message"]) == (1, said)
    await caller.until(lambda: len(here.got) == 3)
    await caller.until(lambda: not len(sandbox.engine.world.account(caller.bot).queue))
    info = (await caller.call("getWebhookInfo")).json["result"]
    assert "last_error_message" not in info
    assert info["pending_update_count"] == 0


async def test_without_the_webhook_what_waits_can_be_polled(
    sandbox: Sandbox, caller: Any, endpoint: tuple[Endpoint, str]
) -> None:
    """deleteWebhook ends the deliveries and loses nothing."""
    here, url = endpoint
    here.answers = [Answer(500, b"")] * 99
    await caller.call("setWebhook", {"url": url})
    sandbox.stage.send("moved on")
    await caller.until(lambda: len(here.got) >= 1)
    await caller.call("deleteWebhook")
    [update] = (await caller.call("getUpdates")).json["result"]
    assert update["message"]["text"] == "moved on"
