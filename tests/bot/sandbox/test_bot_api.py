"""The Bot API over real sockets: methods, conflicts, dead pollers, revoked tokens."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import quote

import pytest

from bot.sandbox import Sandbox
from bot.sandbox.answers import POLL_CONFLICT, WEBHOOK_CONFLICT, WEBHOOK_ENDS_POLL

USER = 1001


async def test_a_message_reaches_the_bot_and_its_answer_the_user(
    sandbox: Sandbox, caller: Any
) -> None:
    """The shortest story: a user writes, the waiting poll gets it, the bot replies."""
    poll = await caller.start_poll()
    update = sandbox.stage.send("/start now")
    [received] = (await poll.receive()).json["result"]
    assert received["update_id"] == update
    assert received["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]
    await caller.call("sendMessage", {"chat_id": USER, "text": "hello"})
    [answer] = await sandbox.stage.replies(update)
    assert answer["text"] == "hello"


async def test_the_old_poll_gets_the_409_and_the_new_one_the_update(
    sandbox: Sandbox, caller: Any
) -> None:
    """On sockets as in the rules: the newcomer wins, and the figures say so."""
    old = await caller.start_poll()
    new = await caller.start_poll()
    refused = await old.receive()
    assert (refused.status, refused.json["description"]) == (409, POLL_CONFLICT)
    assert refused.json["error_code"] == 409
    sandbox.stage.send("hi")
    assert len((await new.receive()).json["result"]) == 1
    figures = sandbox.stage.statistics()
    assert (figures["conflicts"], figures["overlaps"]) == (1, 1)


async def test_a_second_conflict_comes_three_seconds_late(sandbox: Sandbox, caller: Any) -> None:
    """The held 409 is really held, and its poll overlaps meanwhile."""
    first, second = await caller.start_poll(), await caller.start_poll()
    await first.receive()
    started = time.monotonic()
    await caller.start_poll()
    assert (await second.receive()).status == 409
    assert 2.9 <= time.monotonic() - started < 6.0
    assert sandbox.stage.statistics()["overlap_seconds"] == pytest.approx(3.0, abs=1.0)


async def test_an_immediate_call_leaves_the_waiting_poll(sandbox: Sandbox, caller: Any) -> None:
    """getUpdates without a timeout ends nobody's poll."""
    poll = await caller.start_poll(offset=0)
    assert (await caller.call("getUpdates", {"offset": -1})).json["result"] == []
    sandbox.stage.send("hi")
    assert (await poll.receive()).status == 200
    assert sandbox.stage.statistics()["conflicts"] == 0


async def test_a_dead_poller_is_not_noticed_and_loses_nothing(
    sandbox: Sandbox, caller: Any
) -> None:
    """A killed bot's poll stays; the update that is answered into it comes again."""
    poll = await caller.start_poll()
    account = sandbox.engine.world.account(caller.bot)
    poll.die()
    await caller.until(lambda: not account.statistics.live)
    assert account.rules.waiting is not None
    update = sandbox.stage.send("are you there?")
    assert account.rules.waiting is None
    found = (await caller.call("getUpdates")).json["result"]
    assert [u["update_id"] for u in found] == [update]


async def test_the_successor_of_a_killed_poller_meets_no_conflict(
    sandbox: Sandbox, caller: Any
) -> None:
    """The 409 goes into the dead socket: the newcomer waits, and nobody saw a conflict."""
    (await caller.start_poll()).die()
    account = sandbox.engine.world.account(caller.bot)
    await caller.until(lambda: not account.statistics.live)
    successor = await caller.start_poll()
    sandbox.stage.send("hi")
    assert (await successor.receive()).status == 200
    figures = sandbox.stage.statistics()
    assert (figures["conflicts"], figures["conflicts_unseen"], figures["overlaps"]) == (0, 1, 0)


async def test_a_poll_is_answered_at_its_timeout(caller: Any) -> None:
    """A poll of one second ends after one second with an empty list."""
    started = time.monotonic()
    answer = await caller.call("getUpdates", {"timeout": 1, "offset": 3})
    assert answer.json == {"ok": True, "result": []}
    assert 0.95 <= time.monotonic() - started < 4.0


async def test_webhook_and_polling_exclude_each_other(sandbox: Sandbox, caller: Any) -> None:
    """setWebhook ends the poll and refuses the next; deleteWebhook allows polling again."""
    poll = await caller.start_poll()
    assert (await caller.call("setWebhook", {"url": "https://example.org/x"})).json["result"]
    assert (await poll.receive()).json["description"] == WEBHOOK_ENDS_POLL
    info = (await caller.call("getWebhookInfo")).json["result"]
    assert (info["url"], info["pending_update_count"]) == ("https://example.org/x", 0)
    refused = await caller.call("getUpdates")
    assert (refused.status, refused.json["description"]) == (409, WEBHOOK_CONFLICT)
    sandbox.stage.send("waits")
    await caller.call("deleteWebhook", {"drop_pending_updates": True})
    assert (await caller.call("getUpdates")).json["result"] == []


async def test_a_revoked_token_ends_the_poll_politely_and_then_is_refused(
    sandbox: Sandbox, caller: Any
) -> None:
    """The waiting poll gets 200 and nothing, every call after it 401, until it is restored."""
    poll = await caller.start_poll()
    sandbox.stage.revoke()
    answer = await poll.receive()
    assert (answer.status, answer.json["result"]) == (200, [])
    refused = await caller.call("getMe")
    assert (refused.status, refused.json["description"]) == (401, "Unauthorized")
    sandbox.stage.restore()
    assert (await caller.call("getMe")).status == 200


async def test_log_out_and_close_answer_as_telegram_does(sandbox: Sandbox, caller: Any) -> None:
    """After close a restart is reported, after logOut a 400."""
    assert (await caller.call("close")).status == 200
    closing = await caller.call("getMe")
    assert (closing.status, closing.json["description"]) == (500, "Internal Server Error: restart")
    sandbox.stage.restore()
    assert (await caller.call("logOut")).status == 200
    gone = await caller.call("getUpdates")
    assert (gone.status, gone.json["description"]) == (400, "Logged out")


@pytest.mark.parametrize(
    ("token", "method", "status"),
    [
        ("123456789:short", "getMe", 404),
        ("nonsense", "getMe", 404),
        ("", "getMe", 404),
        ("１２３:AAExampleExampleExampleExampleExamp", "getMe", 404),
        ("5:AAExampleExampleExampleExampleExamp", "getme", 200),
        ("5:AAExampleExampleExampleExampleExamp", "flyToTheMoon", 404),
        ("5:AAExampleExampleExampleExampleExamp", "", 404),
    ],
)
async def test_tokens_and_methods_of_no_shape_are_not_found(
    caller: Any, token: str, method: str, status: int
) -> None:
    """A malformed token and an unknown method are 404, as at Telegram."""
    wire = await caller.open()
    reply = await wire.ask("GET", f"/bot{quote(token)}/{method}")
    assert reply.status == status


async def test_only_listed_tokens_are_accepted_where_some_are_listed(caller: Any) -> None:
    """Any other token of the right shape is unauthorized."""
    async with Sandbox(tokens=(caller.token,)) as strict:
        for token, status in [(caller.token, 200), (f"{caller.token}x", 401)]:
            wire = await type(await caller.open()).open(strict)
            assert (await wire.ask("GET", f"/bot{token}/getMe")).status == status
            wire.close()


async def test_get_me_names_the_bot_by_its_id(caller: Any) -> None:
    """The id is the part of the token before the colon."""
    me = (await caller.call("getMe")).json["result"]
    assert (me["id"], me["username"], me["is_bot"]) == (
        caller.bot,
        f"sandbox_{caller.bot}_bot",
        True,
    )


async def test_messages_can_be_edited_and_deleted(sandbox: Sandbox, caller: Any) -> None:
    """The user sees the last text, and nothing of what was deleted."""
    sent = (await caller.call("sendMessage", {"chat_id": USER, "text": "one"})).json["result"]
    key = {"chat_id": USER, "message_id": sent["message_id"]}
    edited = await caller.call("editMessageText", key | {"text": "two"})
    assert edited.json["result"]["text"] == "two"
    again = await caller.call("editMessageText", key | {"text": "two"})
    assert "not modified" in again.json["description"]
    assert [m.document["text"] for m in sandbox.stage.messages()] == ["two"]
    assert (await caller.call("deleteMessage", key)).json["result"] is True
    assert sandbox.stage.messages() == []
    assert (await caller.call("deleteMessage", key)).status == 400


@pytest.mark.parametrize(
    ("method", "document", "text"),
    [
        ("sendMessage", {"text": "x"}, "chat_id is empty"),
        ("sendMessage", {"chat_id": 5, "text": "x"}, "chat not found"),
        ("sendMessage", {"chat_id": USER, "text": " "}, "message text is empty"),
        ("sendMessage", {"chat_id": USER, "text": "x" * 4097}, "message is too long"),
        ("sendDocument", {"chat_id": USER}, "no document"),
        ("editMessageText", {"chat_id": USER, "message_id": 9, "text": "x"}, "edit not found"),
        ("setWebhook", {"url": "http://example.org"}, "HTTPS"),
        ("setMyCommands", {"commands": "{"}, "commands"),
        ("getChat", {"chat_id": 5}, "chat not found"),
    ],
)
async def test_a_bad_call_is_a_400_that_says_why(
    caller: Any, method: str, document: dict[str, object], text: str
) -> None:
    """Errors carry Telegram's envelope and a reason."""
    refused = await caller.call(method, document)
    assert (refused.status, refused.json["ok"], refused.json["error_code"]) == (400, False, 400)
    assert text in refused.json["description"]


async def test_a_button_reaches_the_bot(sandbox: Sandbox, caller: Any) -> None:
    """A pressed button arrives as a callback query about the bot's message."""
    keyboard = {"inline_keyboard": [[{"text": "go", "callback_data": "go"}]]}
    document = {"chat_id": USER, "text": "?", "reply_markup": json.dumps(keyboard)}
    sent = (await caller.call("sendMessage", document)).json["result"]
    assert sent["reply_markup"] == keyboard
    update = sandbox.stage.press(sent["message_id"], "go")
    [found] = (await caller.call("getUpdates")).json["result"]
    assert (found["update_id"], found["callback_query"]["data"]) == (update, "go")
    query = {"callback_query_id": found["callback_query"]["id"]}
    assert (await caller.call("answerCallbackQuery", query)).json["result"] is True


async def test_the_menu_of_commands_is_kept(caller: Any) -> None:
    """getMyCommands returns what setMyCommands set."""
    menu = [{"command": "start", "description": "begin"}]
    await caller.call("setMyCommands", {"commands": menu})
    assert (await caller.call("getMyCommands")).json["result"] == menu


async def test_the_log_shows_the_bot_s_id_and_never_the_token(caller: Any) -> None:
    """Accepted, refused and unknown calls are logged without any part of the secret."""
    lines: list[str] = []
    async with Sandbox(tokens=(caller.token,), log=lines.append) as logged:
        secret = caller.token.partition(":")[2]
        for token, method in [(caller.token, "getMe"), ("7:" + "B" * 30, "getMe")]:
            wire = await type(await caller.open()).open(logged)
            await wire.ask("GET", f"/bot{token}/{method}")
            await wire.ask("GET", f"/bot{token}/{token}")
            wire.close()
    assert any(str(caller.bot) in line for line in lines)
    assert not any(secret in line or "B" * 24 in line for line in lines)


async def test_many_polls_do_not_block_a_call(sandbox: Sandbox, caller: Any) -> None:
    """Two hundred bots poll, and a message still gets through at once."""

    async def poll(number: int) -> None:
        wire = await caller.open()
        token = f"{number}:AAExampleExampleExampleExampleExamp"
        await wire.send("GET", f"/bot{token}/getUpdates?timeout=50")

    await asyncio.gather(*(poll(n) for n in range(1, 201)))
    accounts = sandbox.engine.world.accounts
    await caller.until(lambda: sum(bool(a.statistics.live) for a in accounts.values()) == 200)
    started = time.monotonic()
    assert (await caller.call("getMe")).status == 200
    assert time.monotonic() - started < 2.0
