"""The bot as a real process against the sandbox: what it answers, and what its health tells."""

from __future__ import annotations

import os
import signal
import socket
from typing import Any

import pytest

from bot.lock_posix import take
from tests.bot.test_metrics import scrape, value

USER = 42


def test_it_answers_as_a_bot_should(bench: Any) -> None:
    """/start shows the user's id, /help and /status work, anything else is sent back."""
    bench.start_well()
    assert f"user id is {USER}" in bench.ask("/start")[0]
    assert "/status" in bench.ask("/help")[0]
    assert "status: running" in bench.ask("/status")[0]
    assert bench.ask("hello") == ["hello"]
    assert "/help" in bench.ask("/nonsense")[0]


def test_a_well_bot_says_so(bench: Any) -> None:
    """200 with the pid, the name of the bot and fresh figures."""
    bot = bench.start_well(POLL_TIMEOUT="1")
    bench.ask("hello")
    code, document = bot.health()
    assert (code, document["pid"], document["reason"]) == (200, bot.process.pid, None)
    assert document["bot"]["id"] == bench.id
    assert document["bot"]["username"]
    assert document["polling"]["last_status"] == 200
    assert document["queue"]["updates"] == 1


def test_a_blocked_loop_is_told_by_the_thread(bench: Any) -> None:
    """While a handler blocks the loop, /health answers 503 and says for how long; so do metrics."""
    bot = bench.start_well(LOOP_STALE_SECONDS="0.5")
    bench.ask("/fault block 3")
    document = bot.wait_health("stuck")
    page = scrape(bot)[1]
    assert value(page, "bot_trouble", trouble="loop") == value(page, "bot_status", status="stuck")
    assert value(page, "bot_healthy") == 0
    assert bot.health()[0] == 503
    assert "limit 0.5 s" in document["reason"]
    bot.wait_health("running")


def test_a_deaf_bot_is_told_at_once(bench: Any) -> None:
    """The process lives, but its polling task is gone: 503."""
    bot = bench.start_well()
    bench.ask("/fault deaf")
    assert "Polling is dead" in bot.wait_health("deaf")["reason"]
    assert bot.health()[0] == 503
    assert bot.process.poll() is None
    assert bot.terminate() == 0


def test_a_late_poll_is_told(bench: Any) -> None:
    """A server that never answers makes polling late once the limit has passed."""
    bot = bench.start_well(POLL_STALE_SECONDS="1", POLL_TIMEOUT="1")
    fault = bench.sandbox.fault("hang", method="getUpdates", bot=bench.id)
    try:
        assert "Polling is late" in bot.wait_health("late")["reason"]
    finally:
        bench.sandbox.clear_faults(fault)
    bot.wait_health("running")
    assert bench.ask("back") == ["back"]


def test_a_stuck_handler_holds_up_nobody(bench: Any) -> None:
    """Others are answered, and the age of the stuck one is a figure."""
    bot = bench.start_well()
    bench.ask("/fault hang_handler")
    assert bench.ask("hello") == ["hello"]
    code, document = bot.health()
    assert code == 200
    assert document["queue"]["running_handlers"] >= 1
    assert document["queue"]["oldest_handler_seconds"] > 0


def test_a_rival_is_reported_and_waited_out(bench: Any) -> None:
    """A lasting conflict degrades the health, with 200, and the bot comes back by itself."""
    bot = bench.start_well(POLL_TIMEOUT="1")
    bench.sandbox.start_rival(bench.id)
    try:
        document = bot.wait_health("degraded")
    finally:
        bench.sandbox.stop_rival(bench.id)
    assert document["reason"].startswith("Someone else is polling this token, since 20")
    assert document["trouble"] == "rival"
    assert document["polling"]["conflicts"] >= 1
    assert bot.health()[0] == 200
    assert bench.ask("still here") == ["still here"]
    assert "Conflict while polling" in bot.log


def test_a_poisoned_update_is_skipped_and_counted(bench: Any) -> None:
    """An update that cannot be parsed costs one poll, not a hot loop, and the next is answered."""
    bot = bench.start_well()
    bench.sandbox.inject(bot=bench.id)
    assert bench.ask("after") == ["after"]
    assert bot.health()[1]["polling"]["skipped_updates"] == 1
    assert bench.statistics()["polls"] < 10
    assert "Skipped the update" in bot.log


def test_flood_control_delays_an_answer_and_loses_none(bench: Any) -> None:
    """A 429 on a send is waited out and tried again."""
    bench.start_well()
    bench.sandbox.fault(
        "answer", method="sendMessage", bot=bench.id, status=429, retry_after=1, count=2
    )
    assert bench.ask("hello") == ["hello"]


def test_a_handler_that_fails_is_logged_and_counted(bench: Any) -> None:
    """A refused send fails one handler and nothing else."""
    bot = bench.start_well()
    bench.sandbox.fault("answer", method="sendMessage", bot=bench.id, status=403, count=1)
    bench.ask("lost", seconds=1)
    assert bench.ask("hello") == ["hello"]
    assert bot.health()[1]["queue"]["failed"] == 1


def test_a_killed_bot_comes_back_without_a_conflict(bench: Any) -> None:
    """After SIGKILL the next one starts at once, meets no conflict, and answers what waited."""
    first = bench.start_well()
    bench.ask("one")
    first.process.kill()
    first.wait_exit()
    update = bench.sandbox.send("while you were away", bench.id, USER)
    bench.start_well()
    replies = bench.sandbox.wait_for_replies(update, bench.id, USER, timeout=30)
    # What it had answered but not confirmed when it was killed, it is sent again.
    assert [reply["text"] for reply in replies if reply["text"] != "one"] == ["while you were away"]
    assert bench.statistics()["conflicts"] == 0
    assert bench.statistics()["overlaps"] == 0


def test_a_fault_is_not_repeated_after_the_restart(bench: Any) -> None:
    """/fault crash ends one bot with 1, and the next is not sent the same command."""
    bot = bench.start_well()
    bench.ask("/fault crash")
    assert bot.wait_exit() == 1
    second = bench.start_well()
    assert bench.ask("hello") == ["hello"]
    assert second.process.poll() is None


def test_faults_are_off_by_default(bench: Any) -> None:
    """Without BOT_FAULTS nobody can break the bot, nor learns of the command."""
    bench.start_well(BOT_FAULTS="")
    assert "/fault" not in bench.ask("/help")[0]
    assert "do not know" in bench.ask("/fault crash")[0]
    assert bench.ask("hello") == ["hello"]


def test_a_supervisor_hears_ready_and_watchdog_until_it_is_deaf(bench: Any) -> None:
    """READY=1 once it polls, WATCHDOG=1 while well, none while deaf, STOPPING=1 at the end."""
    name = f"@bot-process-test-{os.getpid()}-{bench.id}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
        inbox.bind("\0" + name[1:])
        inbox.settimeout(30)
        bot = bench.start_well(NOTIFY_SOCKET=name, WATCHDOG_USEC="200000")
        assert inbox.recv(4096).startswith(b"READY=1")
        assert [inbox.recv(4096) for _ in range(3)] == [
            b"WATCHDOG=1",
            b"STATUS=running",
            b"WATCHDOG=1",
        ]
        bench.ask("/fault deaf")
        while not (message := inbox.recv(4096)).startswith(b"STATUS=Polling is dead"):
            assert message == b"WATCHDOG=1"
        inbox.settimeout(0.5)  # five times the interval
        with pytest.raises(TimeoutError):
            inbox.recv(4096)
        inbox.settimeout(30)
        bot.process.send_signal(signal.SIGTERM)
        assert inbox.recv(4096).startswith(b"STOPPING=1")
        assert bot.wait_exit() == 0


def test_the_lock_of_a_supervisor_is_inherited(bench: Any) -> None:
    """A bot that is handed the locked descriptor runs, and a second one is refused."""
    held = take(bench.directory / "locks" / f"telegram-{bench.id}.lock", "{}\n")
    claim = {"WATCHDOG_LOCK_FD": str(held.fd), "WATCHDOG_LOCK_KEY": f"telegram:{bench.id}"}
    bot = bench.start({"pass_fds": (held.fd,)}, **claim)
    os.close(held.fd)
    bot.wait_health("running")
    assert "inherited from the supervisor" in bot.log
    second = bench.start(**claim)
    assert second.wait_exit() == 69


def test_no_token_in_the_most_talkative_log(bench: Any) -> None:
    """At LOG_LEVEL=DEBUG, with failures and a refusal, the token is nowhere (see the fixture)."""
    bot = bench.start_well(LOG_LEVEL="DEBUG", POLL_TIMEOUT="1")
    bench.ask("/help")
    bench.sandbox.fault("garbage", method="getUpdates", bot=bench.id, count=1)
    bench.sandbox.fault("drop", method="sendMessage", bot=bench.id, count=1)
    bench.ask("dropped", seconds=2)
    bench.sandbox.revoke(bench.id)
    assert bot.wait_exit() == 77
    assert "DEBUG telegram" in bot.log
    assert f"/bot{bench.id}:***" in bot.log


def test_a_stop_under_load_loses_and_repeats_nothing(bench: Any) -> None:
    """Sixty messages, and two restarts among them: each message is answered exactly once."""
    sent = [f"message {number}" for number in range(60)]
    bot = bench.start_well()
    updates = []
    for number, text in enumerate(sent):
        updates.append(bench.sandbox.send(text, bench.id, USER))
        if number in (20, 40):
            assert bot.terminate() == 0
            bot = bench.start_well()
    replies = bench.sandbox.wait_for_replies(updates[0] - 1, bench.id, USER, 60, timeout=30)
    bench.ask("last")
    bot.terminate()
    said = bench.sandbox.messages(bench.id, USER)
    answers = [message["text"] for message in said if message["from_bot"]]
    assert len(replies) >= 60
    assert sorted(answers) == sorted([*sent, "last"])
