"""A look from outside, at bots whose own health page is green whatever happens."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.harness import Watchdog, World, wait_until
from tests.system.telegram import TOKEN_SHAPE, USER, Telegram, wait_healthy

# It answers 200 and never polls: what a bot is whose polling task has died unnoticed.
DEAF = """
import http.server, os

class Green(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *args):
        pass

http.server.HTTPServer(("127.0.0.1", int(os.environ["HEALTH_PORT"])), Green).serve_forever()
"""
LOOK = 'telegram = { period = "0.3s", timeout = "4s", grace = "1s" }'


@pytest.fixture
def telegram(world: World) -> Iterator[Telegram]:
    telegram = Telegram(world)
    telegram.write_environment()
    yield telegram
    telegram.close()


def up(world: World, telegram: Telegram, command: str) -> Watchdog:
    """A bot that is asked about at both ends."""
    health = f'http = "http://127.0.0.1:{telegram.port}/health", period = "0.2s"'
    section = telegram.section(f"liveness = {{ {health}, {LOOK} }}\n")
    return world.up(section.replace('"python -m bot"', f'"{command}"'))


def up_deaf(world: World, telegram: Telegram) -> Watchdog:
    """The deaf bot, known to Telegram and healthy by its own account."""
    (world.place / "deaf.py").write_text(DEAF)
    watchdog = up(world, telegram, "python deaf.py")
    wait_healthy(watchdog)
    return watchdog


def degraded(watchdog: Watchdog) -> list[str]:
    """The journal's lines of that kind, in short."""
    return [line["phase"] for line in watchdog.journal() if line["event"] == "degraded"]


def test_a_deaf_bot_with_a_green_health_page_is_started_again(
    world: World, telegram: Telegram
) -> None:
    """Updates that nobody fetches: ended politely, with the reason, and a new incarnation."""
    watchdog = up_deaf(world, telegram)
    wait_until(lambda: telegram.bot in ids(telegram), "Telegram to be asked about the bot")
    assert watchdog.program("bot")["incarnation"] == 1
    telegram.sandbox.send("anybody?", telegram.bot, USER)
    watchdog.wait("bot", lambda p: p["incarnation"] > 1, "the deaf bot to be started again")
    [end] = [line for line in watchdog.journal() if line.get("from") == "RUNNING"][:1]
    assert (end["cause"], end["state"]) == ("hang", "STOPPING")
    assert "1 update waits at Telegram, and nobody fetches them" in end["reason"]
    assert telegram.sandbox.statistics(telegram.bot)["polls"] == 0
    assert watchdog.leave() == 0


def ids(telegram: Telegram) -> list[int]:
    """The bots that have called."""
    return [int(bot) for bot in telegram.sandbox.describe()["bots"]]


def test_a_refused_token_is_fatal_although_the_bot_does_not_notice(
    world: World, telegram: Telegram
) -> None:
    """As with exit 77: FATAL with the reason, no restart, and no token anywhere."""
    watchdog = up_deaf(world, telegram)
    wait_until(lambda: telegram.bot in ids(telegram), "Telegram to be asked about the bot")
    telegram.sandbox.revoke(telegram.bot)
    seen = watchdog.wait_state("bot", "FATAL")
    assert "Telegram refuses the bot's token (401 Unauthorized)" in seen["reason"]
    assert (seen["restarts"], seen["pid"]) == (0, None)
    shown = watchdog.text + (watchdog.state / "journal.jsonl").read_text()
    assert TOKEN_SHAPE not in shown
    assert watchdog.leave() == 0


def test_a_telegram_that_is_away_is_noted_once_and_nobody_is_ended(
    world: World, telegram: Telegram
) -> None:
    """The note is in the status while it lasts, and in the journal where it begins and ends."""
    watchdog = up_deaf(world, telegram)
    wait_until(lambda: telegram.bot in ids(telegram), "Telegram to be asked about the bot")
    fault = telegram.sandbox.fault("answer", status=502, description="Bad Gateway")
    told = "Telegram cannot be asked about it: Bad Gateway"
    watchdog.wait("bot", lambda p: told in p["reason"], "the outage in the status")
    telegram.sandbox.clear_faults(fault)
    watchdog.wait("bot", lambda p: not p["reason"], "the status to be clean again")
    seen = watchdog.program("bot")
    assert (seen["incarnation"], seen["health"]) == (1, "healthy")
    assert degraded(watchdog) == ["begins", "over"]


def test_a_bot_that_polls_is_left_alone(world: World, telegram: Telegram) -> None:
    """The real bot answers whoever writes, however often Telegram is asked about it."""
    watchdog = up(world, telegram, "python -m bot")
    telegram.sandbox.wait_for_polling(telegram.bot, timeout=30)
    assert wait_healthy(watchdog) == 1
    for number in range(5):
        assert telegram.answers(f"hello {number}", 20)
    seen = watchdog.program("bot")
    assert (seen["incarnation"], seen["reason"]) == (1, "")
    assert telegram.sandbox.statistics(telegram.bot)["conflicts"] == 0


def test_a_rival_elsewhere_is_shown_and_waited_out(world: World, telegram: Telegram) -> None:
    """Somebody else polls the token: said with the time and what is known of where; no restart."""
    watchdog = up(world, telegram, "python -m bot")
    telegram.sandbox.wait_for_polling(telegram.bot, timeout=30)
    wait_healthy(watchdog)
    telegram.sandbox.start_rival(telegram.bot)
    seen = watchdog.wait("bot", lambda p: p["reason"], "the rival in the status")
    assert seen["reason"].startswith("Someone else is polling this token, since 20")
    held = (
        f"on another machine or without a lock (the lock of telegram:{telegram.bot} is held here)"
    )
    assert seen["reason"].endswith(held)
    shown = watchdog.call("status")
    assert shown.returncode == 0 and held in shown.stdout
    first = seen["reason"]
    watchdog.wait("bot", lambda p: p["reason"] != first, "more conflicts in the status")
    seen = watchdog.program("bot")
    assert (seen["incarnation"], seen["restarts"], seen["health"]) == (1, 0, "healthy")
    assert degraded(watchdog) == ["begins"]
    assert watchdog.leave() == 0
