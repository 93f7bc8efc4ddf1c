"""Ports that somebody else has: the bot's, and the watchdog's own."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from tests.system.harness import World
from tests.system.telegram import TOKEN_SHAPE


@pytest.fixture
def taken() -> Iterator[int]:
    """A port of 127.0.0.1 on which somebody else listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_bots_taken_port_is_in_its_reason(world: World, taken: int) -> None:
    """A bot that cannot have its health port is not restarted for ever, and its reason says why."""
    (world.place / ".env").write_text(
        f"TELEGRAM_BOT_TOKEN=123456789:{TOKEN_SHAPE}\nHEALTH_PORT={taken}\n"
    )
    watchdog = world.up('[programs.bot]\ncommand = "python -m bot"\nenv_file = ".env"\n')
    seen = watchdog.wait_state("bot", "FATAL", "BACKOFF")
    assert seen["reason"].startswith("exit status 78")
    assert str(taken) in seen["reason"]
    assert "HEALTH_PORT" in seen["reason"]


def test_the_watchdogs_taken_port_is_refused_before_anything_starts(
    world: World, taken: int
) -> None:
    """With its own TCP port taken the watchdog exits with 78, names the port, starts nothing."""
    watchdog = world.start(
        f'[watchdog]\nstate = "state"\nhttp = "127.0.0.1:{taken}"\n'
        '[programs.a]\ncommand = "touch started"\n'
    )
    assert watchdog.wait_exit() == 78
    assert f"127.0.0.1:{taken}" in watchdog.text
    assert "in use" in watchdog.text or "taken" in watchdog.text
    assert "Traceback" not in watchdog.text
    assert not (world.place / "started").exists()
    assert "everything is down" not in watchdog.text
