"""What can be wrong with a bot is told apart by the watchdog, too; and its heartbeat is honest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.system.harness import Watchdog, World, wait_until
from tests.system.telegram import USER, Telegram, wait_healthy


@pytest.fixture
def telegram(world: World) -> Iterator[Telegram]:
    telegram = Telegram(world)
    telegram.write_environment(BOT_FAULTS="true", LOOP_STALE_SECONDS="1", POLL_TIMEOUT="1")
    yield telegram
    telegram.close()


def up(world: World, telegram: Telegram) -> Watchdog:
    health = f'http = "http://127.0.0.1:{telegram.port}/health", period = "0.3s", timeout = "4s"'
    watchdog = world.up(telegram.section(f"liveness = {{ {health} }}\n"))
    wait_healthy(watchdog)
    return watchdog


def why(watchdog: Watchdog) -> str:
    return " ".join(watchdog.call("why", "bot").stdout.split())  # as if it were one line


def deafen(telegram: Telegram) -> None:
    telegram.sandbox.send("/fault deaf", telegram.bot, USER)


def block(telegram: Telegram) -> None:
    telegram.sandbox.send("/fault block 600", telegram.bot, USER)


@pytest.mark.parametrize(
    ("break_it", "words"),
    [(deafen, "503: Polling is dead"), (block, "503: The event loop has been stuck for")],
    ids=["deaf", "blocked"],
)
def test_deaf_and_blocked_are_told_apart(
    world: World, telegram: Telegram, break_it: Callable[[Telegram], None], words: str
) -> None:
    """Either is replaced, and `watchdog why` has the bot's own sentence about it."""
    watchdog = up(world, telegram)
    break_it(telegram)
    wait_healthy(watchdog, 1)
    assert words in why(watchdog)


def test_poison_is_told_and_nothing_is_replaced(world: World, telegram: Telegram) -> None:
    """The bot is healthy, and the watchdog says what is amiss all the same."""
    watchdog = up(world, telegram)
    telegram.sandbox.inject(bot=telegram.bot)
    wait_until(lambda: "Updates were left out (1 could not be read)" in why(watchdog), "poison")
    assert watchdog.program("bot")["incarnation"] == 1


def test_a_revoked_token_is_told_and_final(world: World, telegram: Telegram) -> None:
    """FATAL with the exit code that says so, never a loop of restarts."""
    watchdog = up(world, telegram)
    telegram.sandbox.revoke(telegram.bot)
    watchdog.wait_state("bot", "FATAL")
    told = why(watchdog)
    assert "exit code 77" in told
    assert "refuses the token" in told


def heartbeats(watchdog: Watchdog) -> Any:
    return [line for line in watchdog.journal() if "heartbeat" in str(line.get("reason"))]


def test_the_heartbeat_alone_finds_a_deaf_bot(world: World, telegram: Telegram) -> None:
    """READY=1 brings it up, it is left alone while well, and replaced once it is deaf."""
    startup = 'startup = { heartbeat = true, period = "1s", failure_threshold = 60 }'
    watchdog = world.up(telegram.section(f'heartbeat = "2s"\n{startup}\n'))
    seen = watchdog.wait(
        "bot",
        lambda p: p["state"] == "RUNNING" and p["uptime_seconds"] > 5,
        "more than two heartbeats' time",
    )
    assert seen["incarnation"] == 1
    assert not heartbeats(watchdog)
    deafen(telegram)
    watchdog.wait("bot", lambda p: p["incarnation"] == 2 and p["state"] == "RUNNING", "another")
    assert "no heartbeat for 2 s" in why(watchdog)
    assert telegram.answers("hello", 30)
