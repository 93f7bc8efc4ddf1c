"""The bot below a watchdog: what /status tells a user in the chat."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.system.harness import Watchdog, World
from tests.system.telegram import USER, Telegram, wait_healthy


@pytest.fixture
def telegram(world: World) -> Iterator[Telegram]:
    telegram = Telegram(world)
    telegram.write_environment(ALLOWED_USERS=str(USER))
    yield telegram
    telegram.close()


def up(world: World, telegram: Telegram) -> Watchdog:
    health = f'http = "http://127.0.0.1:{telegram.port}/health", period = "0.2s"'
    return world.up(telegram.section(f"liveness = {{ {health} }}\n"))


def status(telegram: Telegram) -> str:
    texts = telegram.sandbox.ask("/status", telegram.bot, USER, timeout=30)
    assert texts, "no answer to /status"
    return texts[0]


def test_the_chat_shows_the_watchdogs_view(world: World, telegram: Telegram) -> None:
    """State, health, incarnation and uptime, and after a crash what the last incident was."""
    watchdog = up(world, telegram)
    wait_healthy(watchdog)
    first = status(telegram)
    pid = watchdog.status()["watchdog"]["pid"]
    assert f"watchdog: RUNNING, pid {pid}, up " in first
    assert "program bot: RUNNING, healthy, incarnation 1, up " in first
    assert "last incident: none is kept" in first
    os.kill(watchdog.program("bot")["pid"], signal.SIGKILL)
    wait_healthy(watchdog, 1)
    second = status(telegram)
    assert "incarnation 2" in second
    assert "restarts: 1" in second
    assert "crash" in second.partition("last incident: ")[2]
