"""A token that Telegram refuses."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.harness import World
from tests.system.telegram import TOKEN_SHAPE, Telegram


@pytest.fixture
def telegram(world: World) -> Iterator[Telegram]:
    telegram = Telegram(world)
    yield telegram
    telegram.close()


def test_a_refused_token_ends_in_fatal_with_the_reason_and_no_loop(
    world: World, telegram: Telegram
) -> None:
    """A revoked token is exit 77: FATAL, the reason in the status, no restart, no token shown."""
    telegram.write_environment()
    watchdog = world.up(telegram.section())
    telegram.sandbox.wait_for_polling(telegram.bot, timeout=30)
    telegram.sandbox.revoke(telegram.bot)
    seen = watchdog.wait_state("bot", "FATAL")
    assert seen["last_exit"]["code"] == 77
    assert seen["reason"].startswith("exit status 77: bot: ")
    assert "token" in seen["reason"]
    assert seen["restarts"] == 0
    shown = watchdog.call("status")
    assert shown.returncode == 3
    assert seen["reason"] in shown.stdout

    telegram.sandbox.restore(telegram.bot)
    assert watchdog.call("start", "bot").returncode == 0
    watchdog.wait_state("bot", "RUNNING")
    assert TOKEN_SHAPE not in watchdog.text + watchdog.log("bot") + shown.stdout
    assert TOKEN_SHAPE not in (watchdog.state / "journal.jsonl").read_text()
    assert watchdog.leave() == 0


def test_a_malformed_token_is_a_bad_configuration_in_the_status(world: World) -> None:
    """A token that cannot be one is exit 78, and the status says what is wrong with it."""
    (world.place / ".env").write_text("TELEGRAM_BOT_TOKEN=not-a-token\n")
    watchdog = world.up('[programs.bot]\ncommand = "python -m bot"\nenv_file = ".env"\n')
    seen = watchdog.wait_state("bot", "FATAL")
    assert seen["reason"].startswith("exit status 78: bot: ")
    assert "TELEGRAM_BOT_TOKEN" in seen["reason"]
