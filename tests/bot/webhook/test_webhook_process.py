"""Webhook mode as a user in a chat and an operator see it: real processes, real deliveries."""

from __future__ import annotations

import signal
import time
from typing import Any

import pytest


def test_messages_are_delivered_and_answered(hook: Any) -> None:
    """What is written in the chat comes to the bot's server, and /health says how many did."""
    bot = hook.start_well()
    assert hook.bench.ask("hello") == ["hello"]
    assert "deliveries: 2, waiting at Telegram:" in hook.bench.ask("/status")[0]
    document = bot.health()[1]
    assert (document["mode"], document["webhook"]["accepted"]) == ("webhook", 2)
    assert document["webhook"]["last_delivery_seconds"] < 30
    assert document["webhook"]["host"] == f"127.0.0.1:{hook.port}"
    assert hook.bench.statistics()["polls"] == 0


def test_a_stop_leaves_the_webhook_and_loses_nothing(hook: Any) -> None:
    """SIGTERM: exit 0, the webhook stays; what is written meanwhile waits for the next bot."""
    bot = hook.start_well()
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 5
    assert hook.info()["url"] == hook.url
    update = hook.bench.sandbox.send("while you were out", hook.bench.id, 42)
    hook.bench.wait_until(lambda: hook.info().get("last_error_message"), "a delivery that fails")
    hook.start_well()
    [answer] = hook.bench.sandbox.wait_for_replies(update, hook.bench.id, timeout=30)
    assert answer["text"] == "while you were out"


def test_a_killed_bot_costs_no_update(hook: Any) -> None:
    """SIGKILL: what it did not answer is delivered to the next one, once."""
    bot = hook.start_well()
    bot.process.send_signal(signal.SIGSTOP)
    update = hook.bench.sandbox.send("still there?", hook.bench.id, 42)
    bot.process.kill()
    bot.process.wait()
    hook.start_well()
    replies = hook.bench.sandbox.wait_for_replies(update, hook.bench.id, timeout=30)
    assert [reply["text"] for reply in replies] == ["still there?"]


def test_the_webhook_goes_at_the_stop_if_told_so(hook: Any) -> None:
    """WEBHOOK_DELETE_ON_STOP=true leaves the bot free for whoever polls."""
    bot = hook.start_well(WEBHOOK_DELETE_ON_STOP="true")
    assert bot.terminate() == 0
    assert hook.info()["url"] == ""


def test_without_a_secret_each_start_makes_one(hook: Any) -> None:
    """The bot works, and a request without the secret gets nowhere."""
    hook.start_well(WEBHOOK_SECRET="")
    assert hook.bench.ask("hello") == ["hello"]
    assert hook.post(hook.update(1, "hi"), secret=None) == 401
    assert hook.post(hook.update(1, "hi")) == 403


def test_an_update_is_handled_once_though_delivered_twice(hook: Any) -> None:
    """The first answer is lost, so Telegram sends it again: one reply, one duplicate counted."""
    bot = hook.start_well()
    hook.bench.sandbox.fault("drop", method="webhook", bot=hook.bench.id, count=1)
    update = hook.bench.sandbox.send("once", hook.bench.id, 42)
    hook.bench.wait_until(lambda: bot.health()[1]["webhook"]["duplicates"] == 1, "a duplicate")
    assert hook.bench.sandbox.wait_for_replies(update, hook.bench.id, timeout=30)
    assert hook.bench.ask("and then") == ["and then"]
    replies = hook.bench.sandbox.messages(hook.bench.id, after_update=update)
    assert [one["text"] for one in replies if one["from_bot"]] == ["once", "and then"]


def test_poison_is_skipped_and_the_chat_goes_on(hook: Any) -> None:
    """What cannot be parsed, JSON or not, is answered and counted: Telegram does not repeat it."""
    bot = hook.start_well()
    hook.bench.sandbox.inject(None, hook.bench.id)
    hook.bench.sandbox.inject("{not json", hook.bench.id)
    assert hook.bench.ask("after the poison") == ["after the poison"]
    hook.bench.wait_until(lambda: hook.info()["pending_update_count"] == 0, "an empty queue")
    assert bot.health()[1]["webhook"]["skipped_updates"] == 2
    assert "no one can parse it" in bot.log


def test_a_webhook_that_was_deleted_is_noticed(hook: Any) -> None:
    """/health says deaf (503) and why; the next start sets it again."""
    bot = hook.start_well()
    hook.call("deleteWebhook")
    assert "deleted by somebody else" in bot.wait_health("deaf")["reason"]
    assert bot.health()[0] == 503
    bot.terminate()
    hook.start_well()
    assert hook.bench.ask("again") == ["again"]


def test_a_webhook_that_was_taken_is_noticed_and_not_taken_back(hook: Any) -> None:
    """Deaf, with the other host but not its path; the next start refuses with 78."""
    bot = hook.start_well()
    hook.call("setWebhook", url="https://example.org/its-secret-path")
    document = bot.wait_health("deaf")
    assert document["trouble"] == "webhook-elsewhere"
    assert "example.org" in document["reason"]
    bot.terminate()
    second = hook.start()
    assert second.wait_exit() == 78
    assert "points elsewhere (example.org)" in second.log
    assert "its-secret-path" not in second.log
    hook.start_well(BOT_TAKE_OVER="true")
    assert hook.info()["url"] == hook.url


def test_deliveries_that_fail_are_told_but_cost_no_restart(hook: Any) -> None:
    """Another secret at Telegram: 403 for each, and a degraded (200) that says what waits."""
    bot = hook.start_well()
    hook.call("setWebhook", url=hook.url, secret_token="somebody-elses-secret")
    update = hook.bench.sandbox.send("hello?", hook.bench.id, 42)
    document = bot.wait_health("degraded")
    assert document["reason"].startswith("1 update waits at Telegram, and none arrives here")
    assert "403 Forbidden" in document["reason"]
    assert bot.health()[0] == 200
    assert document["trouble"] == "delivery"
    assert bot.health()[1]["webhook"]["refused"]["wrong secret"] >= 2
    bot.terminate()
    bot = hook.start_well()
    assert hook.bench.sandbox.wait_for_replies(update, hook.bench.id, timeout=30)


def test_a_revoked_token_exits_77(hook: Any) -> None:
    """Nobody polls, but the look at the webhook is refused, and getMe confirms it."""
    bot = hook.start_well()
    hook.bench.sandbox.revoke(hook.bench.id)
    assert bot.wait_exit() == 77


def test_an_outage_is_told_and_is_over(hook: Any) -> None:
    """While Telegram cannot be asked, the bot is degraded, and then well again."""
    bot = hook.start_well()
    fault = hook.bench.sandbox.fault(
        "answer", method="getWebhookInfo", bot=hook.bench.id, status=502, count=999
    )
    assert "cannot be asked" in bot.wait_health("degraded")["reason"]
    hook.bench.sandbox.clear_faults(fault)
    bot.wait_health("running")


def test_a_stuck_loop_is_stuck_in_webhook_mode_too(hook: Any) -> None:
    """The health thread tells the truth while no delivery is answered."""
    bot = hook.start_well(LOOP_STALE_SECONDS="0.5")
    hook.bench.sandbox.send("/fault block 4", hook.bench.id, 42)
    assert "event loop" in bot.wait_health("stuck")["reason"]
    bot.wait_health("running")


def test_a_polling_and_a_webhook_copy_exclude_each_other(hook: Any) -> None:
    """The lock is the same: the second one exits 69, and the webhook is not touched."""
    hook.start_well()
    other = hook.bench.start(None, BOT_TAKE_OVER="true", HEALTH_PORT_FILE="")
    assert other.wait_exit() == 69
    assert hook.info()["url"] == hook.url


def test_polling_leaves_a_webhook_alone_and_says_how_to_take_over(hook: Any) -> None:
    """78 with words; `python -m bot webhook` shows it, deletes it, and polling works."""
    hook.start_well().terminate()
    refused = hook.bench.start()
    assert refused.wait_exit() == 78
    assert "python -m bot webhook delete" in refused.log
    assert hook.info()["url"] == hook.url
    shown = hook.bench.run("webhook", "show")
    assert f"a webhook is set: 127.0.0.1:{hook.port}" in shown.stdout
    deleted = hook.bench.run("webhook", "delete")
    assert (deleted.returncode, "is deleted" in deleted.stdout) == (0, True)
    hook.bench.start_well()
    assert hook.bench.ask("hello") == ["hello"]


def test_a_webhook_that_comes_while_polling_is_not_deleted(hook: Any) -> None:
    """Nothing is deleted at the start, so one that comes in that moment stays, as later ones do."""
    bot = hook.bench.start_well()
    assert "deletewebhook" not in hook.bench.statistics()["calls"]
    hook.call("setWebhook", url="https://example.org/hook")
    assert bot.wait_health("degraded")["trouble"] == "webhook"
    assert hook.info()["url"] == "https://example.org/hook"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WEBHOOK_URL": ""}, "BOT_MODE is webhook, which needs WEBHOOK_URL"),
        ({"WEBHOOK_URL": "http://example.org/x"}, "WEBHOOK_URL in the environment"),
        ({"WEBHOOK_LISTEN": "everywhere"}, "allowed is HOST:PORT, or unix:PATH"),
        ({"WEBHOOK_SECRET": "short"}, "*** (5 characters)"),
        ({"WEBHOOK_LISTEN": "192.0.2.1:80"}, "WEBHOOK_LISTEN: cannot listen on 192.0.2.1:80"),
        ({"WEBHOOK_URL": "https://example.org:444/x"}, "Telegram does not take example.org:444"),
    ],
)
def test_a_mistake_exits_78_in_words(hook: Any, variables: dict[str, str], said: str) -> None:
    """Each mistake is one line, and no webhook is set."""
    bot = hook.start(**variables)
    assert bot.wait_exit() == 78
    assert said in bot.log
    assert "Traceback" not in bot.log
    assert hook.info()["url"] == ""


def test_a_unix_socket_takes_deliveries(hook: Any) -> None:
    """Behind nginx no port is needed: the same over a socket, which is gone after the stop."""
    import socket

    path = hook.bench.directory / "hook.sock"
    bot = hook.start_well(WEBHOOK_LISTEN=f"unix:{path}")
    body = hook.update(7_000_000, "by socket")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(
            b"POST /hook-path HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
            b"X-Telegram-Bot-Api-Secret-Token: MadeUpSecretOfTheTests_0123456789\r\n\r\n"
            % len(body)
        )
        client.sendall(body)
        assert client.recv(100).startswith(b"HTTP/1.1 200")
    hook.bench.wait_until(lambda: bot.health()[1]["webhook"]["accepted"] == 1, "the delivery")
    bot.terminate()
    assert not path.exists()
