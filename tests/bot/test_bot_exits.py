"""How the bot ends: each exit code by a real process, and each stop in bounded time."""

from __future__ import annotations

import signal
import socket
import time
from typing import Any

import pytest


def test_a_stop_is_clean_and_quick(bench: Any) -> None:
    """SIGTERM on an idle bot: exit 0, and nothing waits for Telegram's 3 s."""
    bot = bench.start_well()
    bench.ask("hello")
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 5
    assert "did not stop in time" not in bot.log
    assert bench.statistics()["updates_confirmed"] == 1


def test_an_interrupt_is_a_stop_too(bench: Any) -> None:
    """Ctrl-C ends the bot as SIGTERM does."""
    bot = bench.start_well()
    bot.process.send_signal(signal.SIGINT)
    assert bot.wait_exit() == 0


def test_a_handler_that_never_ends_is_left_behind(bench: Any) -> None:
    """The stop waits for it, but no longer than STOP_SECONDS in all."""
    bot = bench.start_well(STOP_SECONDS="2")
    bench.ask("/fault hang_handler")
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 4
    assert "left behind" in bot.log


def test_a_second_signal_hurries(bench: Any) -> None:
    """With a long STOP_SECONDS and a stuck handler, the second SIGTERM ends it soon."""
    bot = bench.start_well(STOP_SECONDS="60")
    bench.ask("/fault hang_handler")
    bot.process.send_signal(signal.SIGTERM)
    bot.wait_health("stopping")
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 5


def test_a_blocked_loop_cannot_hold_up_the_exit(bench: Any) -> None:
    """SIGTERM while the loop is blocked: a thread ends the process in time."""
    bot = bench.start_well(STOP_SECONDS="1", LOOP_STALE_SECONDS="0.2")
    bench.ask("/fault block 60")
    bot.wait_health("stuck")
    began = time.monotonic()
    assert bot.terminate() == 1
    assert time.monotonic() - began < 5
    assert "took too long" in bot.log


def test_a_hanging_server_cannot_hold_up_the_exit(bench: Any) -> None:
    """SIGTERM while the server answers nothing: out in bounded time all the same."""
    bot = bench.start_well(STOP_SECONDS="2", POLL_TIMEOUT="1")
    fault = bench.sandbox.fault("hang", bot=bench.id)
    try:
        began = time.monotonic()
        assert bot.terminate() == 0
        assert time.monotonic() - began < 4
    finally:
        bench.sandbox.clear_faults(fault)


def test_a_poller_that_rests_after_conflicts_cannot_hold_up_the_exit(bench: Any) -> None:
    """The library sleeps up to 30 s after failed polls, deaf to stop: it is woken."""
    bot = bench.start_well(POLL_TIMEOUT="1")
    fault = bench.sandbox.fault("answer", method="getUpdates", bot=bench.id, status=500, count=99)
    try:
        bench.wait_until(
            lambda: bot.health()[1]["polling"]["consecutive_failures"] >= 3, "three failures"
        )
        began = time.monotonic()
        assert bot.terminate() == 0
        assert time.monotonic() - began < 5
        assert "did not stop in time" not in bot.log
    finally:
        bench.sandbox.clear_faults(fault)


def test_a_second_copy_exits_69_and_names_the_first(bench: Any) -> None:
    """One line that says who holds the lock; the first copy is not disturbed."""
    first = bench.start_well()
    second = bench.start()
    assert second.wait_exit() == 69
    assert f"bot: this bot is already running: the lock telegram:{bench.id}" in second.log
    assert f"pid {first.process.pid} " in second.log
    assert f"`kill {first.process.pid}` stops it in order" in second.log
    assert bench.statistics()["conflicts"] == 0


def test_an_unreachable_server_is_tried_for_a_while_and_exits_75(bench: Any) -> None:
    """Health says starting and why, meanwhile; then the reason and 75."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        bot = bench.start(TELEGRAM_API_URL=url, STARTUP_SECONDS="2")
        bench.wait_until(lambda: url in bot.wait_health("starting")["reason"], "the reason")
        assert bot.wait_exit() == 75
    assert f"bot: {url} could not be used for 2 s" in bot.log
    assert "Traceback" not in bot.log


def test_a_stop_is_heard_while_starting(bench: Any) -> None:
    """SIGTERM during the tries to reach a server: exit 0."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        bot = bench.start(TELEGRAM_API_URL=f"http://127.0.0.1:{closed.getsockname()[1]}")
        bot.wait_health("starting")
        assert bot.terminate() == 0


def test_polling_begins_after_its_delay(bench: Any) -> None:
    """TG_POLLING_STARTUP_DELAY: nothing is asked for before, and /health says what it waits for."""
    bot = bench.start(TG_POLLING_STARTUP_DELAY="2")
    bench.wait_until(
        lambda: "TG_POLLING_STARTUP_DELAY" in bot.wait_health("starting")["reason"], "the reason"
    )
    assert bench.statistics()["polls"] == 0
    bot.wait_health("running")
    assert bench.ask("hello") == ["hello"]


def test_a_stop_is_heard_during_the_delay(bench: Any) -> None:
    """SIGTERM while waiting to poll: out at once, with 0, and nothing was asked for."""
    bot = bench.start(TG_POLLING_STARTUP_DELAY="3600")
    bench.wait_until(
        lambda: "TG_POLLING_STARTUP_DELAY" in bot.wait_health("starting")["reason"], "the reason"
    )
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 5
    assert bench.statistics()["polls"] == 0


def test_a_server_that_comes_up_late_is_waited_for(bench: Any) -> None:
    """Failures at first cost seconds, not the start."""
    bench.sandbox.fault("answer", method="getMe", bot=bench.id, status=502, count=2)
    bot = bench.start_well()
    assert "next try in" in bot.log


@pytest.mark.parametrize("status", [401, 404])
def test_a_token_refused_twice_at_the_start_exits_77(bench: Any, status: int) -> None:
    """One line with the bot's id and what to do, no traceback."""
    fault = bench.sandbox.fault("answer", method="getMe", bot=bench.id, status=status, count=9)
    bot = bench.start()
    assert bot.wait_exit() == 77
    bench.sandbox.clear_faults(fault)
    assert f"refuses the token of the bot {bench.id}" in bot.log
    assert "Traceback" not in bot.log


def test_a_token_refused_once_at_the_start_is_forgiven(bench: Any) -> None:
    """A captive portal answers 404 once; the second answer counts."""
    bench.sandbox.fault("answer", method="getMe", bot=bench.id, status=404, count=1)
    bench.start_well()
    assert bench.ask("hello") == ["hello"]


def test_a_token_revoked_while_running_exits_77(bench: Any) -> None:
    """The refusal shows in the health, getMe confirms it, and the exit says why."""
    bot = bench.start_well(POLL_TIMEOUT="1", TOKEN_CONFIRM_SECONDS="1.5")
    bench.sandbox.revoke(bench.id)
    document = bot.wait_health("refused")
    assert "refuses the bot token" in document["reason"]
    assert bot.wait_exit() == 77
    assert f"refuses the token of the bot {bench.id}" in bot.log


def test_a_stray_refusal_while_running_exits_1(bench: Any) -> None:
    """One 401 kills the library's poller; as the token is good, a supervisor shall restart."""
    bot = bench.start_well(POLL_TIMEOUT="1")
    bench.sandbox.fault("answer", method="getUpdates", bot=bench.id, status=401, count=1)
    assert bot.wait_exit() == 1
    assert "the token is accepted now" in bot.log


def test_a_missing_token_exits_78(bench: Any) -> None:
    """One line, at once."""
    bot = bench.start(TELEGRAM_BOT_TOKEN="")
    assert bot.wait_exit() == 78
    assert bot.log.startswith("bot: no bot token: set TELEGRAM_BOT_TOKEN")
    assert bot.log.count("\n") == 1


def test_an_env_file_is_read_and_a_broken_one_named(bench: Any) -> None:
    """`.env` in the working directory gives the token; a broken line exits 78."""
    file = bench.directory / ".env"
    file.write_text(f"TG_TOKEN={bench.environment['TELEGRAM_BOT_TOKEN']}\n")
    bench.start_well(TELEGRAM_BOT_TOKEN="").terminate()
    file.write_text("what is this\n")
    bot = bench.start()
    assert bot.wait_exit() == 78
    assert ".env, line 1" in bot.log


def test_a_taken_health_port_exits_78(bench: Any) -> None:
    """One clear line with the variable and the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        bot = bench.start(HEALTH_PORT=str(port), HEALTH_PORT_FILE="")
        assert bot.wait_exit() == 78
    assert f"HEALTH_PORT: 127.0.0.1:{port} is in use" in bot.log


def set_webhook(bench: Any) -> None:
    import urllib.request

    token = bench.environment["TELEGRAM_BOT_TOKEN"]
    url = f"{bench.sandbox.url}/bot{token}/setWebhook?url=https://example.org/hook"
    with urllib.request.urlopen(url, timeout=10) as answer:
        assert answer.status == 200


def test_a_webhook_is_not_destroyed(bench: Any) -> None:
    """A webhook means production elsewhere: exit 78, and it is still set."""
    set_webhook(bench)
    bot = bench.start()
    assert bot.wait_exit() == 78
    assert "(example.org)" in bot.log
    assert "python -m bot webhook delete" in bot.log
    assert "BOT_TAKE_OVER=true" in bot.log
    assert bench.statistics()["webhook"]


def test_a_webhook_is_deleted_when_told_so(bench: Any) -> None:
    """BOT_TAKE_OVER=true takes over from the webhook."""
    set_webhook(bench)
    bench.start_well(BOT_TAKE_OVER="true")
    assert bench.ask("hello") == ["hello"]
