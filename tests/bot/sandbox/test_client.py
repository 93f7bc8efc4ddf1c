"""The admin API, through the client that tests and demos use."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from bot.sandbox import Sandbox, SandboxClient, SandboxError


@pytest.fixture
def client(sandbox: Sandbox) -> SandboxClient:
    return SandboxClient(sandbox.url)


async def test_a_conversation_in_a_group(caller: Any, client: SandboxClient) -> None:
    """Users and chats can be added, and a reply is found in its chat."""

    def talk() -> int:
        client.add_user(7, "Bo", "bo")
        client.add_chat(-100, "supergroup", "The group")
        return client.send("hello", bot=caller.bot, user=7, chat=-100)

    update = await asyncio.to_thread(talk)
    [found] = (await caller.call("getUpdates")).json["result"]
    assert found["message"]["chat"] == {"id": -100, "type": "supergroup", "title": "The group"}
    assert found["message"]["from"]["username"] == "bo"
    await caller.call("sendMessage", {"chat_id": -100, "text": "hello Bo"})
    replies = await asyncio.to_thread(client.wait_for_replies, update, caller.bot, -100)
    assert [reply["text"] for reply in replies] == ["hello Bo"]
    texts = [m["text"] for m in await asyncio.to_thread(client.messages)]
    assert texts == ["hello", "hello Bo"]


async def test_waiting_for_a_reply_ends_when_the_bot_answers(
    caller: Any, client: SandboxClient
) -> None:
    """The wait is a long poll: it returns with the answer, and only with what came after."""
    await caller.call("getMe")
    await caller.call("sendMessage", {"chat_id": 1001, "text": "older"})
    asking = asyncio.create_task(asyncio.to_thread(client.ask, "hi", timeout=30.0))
    poll = await caller.start_poll(offset=0)
    await poll.receive()
    await caller.call("sendMessage", {"chat_id": 1001, "text": "newer"})
    assert await asking == ["newer"]


async def test_a_silent_bot_ends_the_wait_with_nothing(caller: Any, client: SandboxClient) -> None:
    """After the timeout the list is empty."""
    await caller.call("getMe")
    assert await asyncio.to_thread(client.ask, "hi", timeout=0.2) == []


async def test_waiting_for_polling_begins_before_the_bot_exists(
    caller: Any, client: SandboxClient
) -> None:
    """A demo can wait for its bot's first poll, and for the first one after a count."""
    waiting = asyncio.create_task(asyncio.to_thread(client.wait_for_polling, timeout=30.0))
    await caller.start_poll()
    assert await waiting
    assert not await asyncio.to_thread(client.wait_for_polling, more_than=1, timeout=0.1)


async def test_every_fault_and_switch_is_within_the_client_s_reach(
    sandbox: Sandbox, caller: Any, client: SandboxClient
) -> None:
    """Faults, revocation, rivals, raw updates and dropped connections go over HTTP."""
    await caller.call("getMe")

    def act() -> None:
        fault = client.fault("answer", status=429, retry_after=3, method="getMe")
        assert [f["id"] for f in client.faults()] == [fault]
        assert client.clear_faults(fault) == 1
        client.hang(seconds=0.01)
        client.revoke()
        client.restore()
        client.start_rival(seconds=60)
        assert client.stop_rival()
        client.inject({"poll": 1})
        client.inject("{broken")
        client.inject()
        client.drop_connections()
        assert client.describe()["bots"] == [caller.bot]

    await asyncio.to_thread(act)
    account = sandbox.engine.world.account(caller.bot)
    assert account.queue.fetch(0, 9)[1] == "{broken"
    assert (await asyncio.to_thread(client.statistics))["conflicts"] == 0


async def test_the_sums_hold_every_bot(caller: Any, client: SandboxClient) -> None:
    """Without a bot's id the statistics are those of all, with sums."""
    for number in (5, 6):
        await caller.call("getUpdates", token=f"{number}:AAExampleExampleExampleExampleExamp")
    figures = await asyncio.to_thread(client.statistics)
    assert (figures["polls"], set(figures["bots"])) == (2, {"5", "6"})
    assert (await asyncio.to_thread(client.statistics, 5))["polls"] == 1


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "text"),
    [
        ("GET", "/nowhere", None, 404, "/sandbox/messages"),
        ("DELETE", "/messages", None, 405, "use POST or GET"),
        ("POST", "/messages", {}, 400, "text"),
        ("POST", "/messages", {"text": "x"}, 400, "by its id"),
        ("POST", "/messages", {"text": "x", "bot": 5, "user": 9}, 400, "no user 9"),
        ("POST", "/messages", {"text": "x", "bot": 5, "chat": 9}, 400, "no chat 9"),
        ("POST", "/messages", {"text": "x", "bot": "five"}, 400, "'five'"),
        ("POST", "/presses", {"message": 9, "data": "x", "bot": 5}, 400, "no message 9"),
        ("POST", "/updates", {"update": 5, "bot": 5}, 400, "update"),
        ("POST", "/faults", {"kind": "magic"}, 400, "allowed are"),
        ("POST", "/users", {}, 400, "user"),
        ("GET", "/replies?bot=5&timeout=1.0e999", None, 400, "timeout"),
        ("POST", "/users", [], 400, "JSON object"),
    ],
)
async def test_a_mistake_is_told_with_what_is_allowed(
    caller: Any, method: str, path: str, document: object, status: int, text: str
) -> None:
    """The admin API answers a mistake with its status and one sentence."""
    reply = await caller.admin(method, path, document)
    assert (reply.status, text in reply.json["error"]) == (status, True), reply.json


async def test_the_client_reports_errors_in_one_sentence(client: SandboxClient) -> None:
    """A refusal, a wrong URL and an absent sandbox are all a SandboxError."""
    with pytest.raises(SandboxError, match="no user 9"):
        await asyncio.to_thread(client.send, "x", 5, 9)
    with pytest.raises(SandboxError, match="no URL"):
        SandboxClient("localhost")
    async with Sandbox() as brief:
        gone = SandboxClient(brief.url)
    with pytest.raises(SandboxError, match="no answer from the sandbox"):
        await asyncio.to_thread(gone.statistics)
