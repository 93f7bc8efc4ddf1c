"""Random faults in a row, on the real bot, the real watchdog and a real Bot API server.

After each the bot is healthy again and answers soon; at the end the server has counted
no conflict and no overlap: there were never two.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.system.harness import Watchdog, World, is_alive, wait_until
from tests.system.telegram import Telegram, wait_healthy

FAULTS = int(os.environ.get("WATCHDOG_TEST_FAULTS", "12"))  # 50 is the promise; 12 for every day
SEED = int(os.environ.get("WATCHDOG_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)
ANSWER = 3.0  # seconds from recovery to an answered message: the promise
SLACK = float(os.environ.get("WATCHDOG_TEST_SLACK", "4"))  # times as long on a busy machine
LATE = 3.0  # POLL_STALE_SECONDS; more than a poll takes

CONFIG = """
[programs.bot.startup]
http = "http://127.0.0.1:{port}/health"
period = "150ms"
timeout = "2s"
failure_threshold = 80

[programs.bot.liveness]
http = "http://127.0.0.1:{port}/health"
period = "250ms"
timeout = "1500ms"
failure_threshold = 2
"""


class Ward:
    """The bot, whoever watches it, and the ways to harm it."""

    def __init__(self, telegram: Telegram, watchdog: Watchdog) -> None:
        self.telegram = telegram
        self.watchdog = watchdog
        self.incarnation = wait_healthy(watchdog)
        self.harms: dict[str, Callable[[], None]] = {
            "kill": lambda: self.send(signal.SIGKILL),
            "stop": lambda: self.send(signal.SIGSTOP),
            "block": lambda: self.tell("/fault block 600"),
            "deaf": lambda: self.tell("/fault deaf"),
            "hang": self.hang_server,
        }

    def send(self, number: int) -> None:
        """A signal to the bot's process."""
        os.kill(self.watchdog.program("bot")["pid"], number)

    def tell(self, text: str) -> None:
        """A command of the user; it is on its way when this returns."""
        self.telegram.sandbox.send(text, self.telegram.bot, 42)

    def hang_server(self) -> None:
        """The API server answers nobody for a while; the bot is replaced or sits it out."""
        seconds = LATE + 1
        self.telegram.sandbox.hang(seconds)
        time.sleep(seconds)

    def suffer(self, name: str) -> float:
        """Do it, and wait until the bot is healthy again; the seconds that took."""
        began = time.monotonic()
        self.harms[name]()
        if name == "hang":
            self.incarnation = wait_healthy(self.watchdog, self.incarnation - 1)
        else:
            self.incarnation = wait_healthy(self.watchdog, self.incarnation)
        return time.monotonic() - began

    def answer_time(self) -> float:
        """Seconds until the bot answers a message, from now."""
        began = time.monotonic()
        assert self.telegram.answers("are you there?", ANSWER * SLACK), "no answer in time"
        return time.monotonic() - began


@pytest.fixture
def telegram(world: World) -> Iterator[Telegram]:
    telegram = Telegram(world)
    yield telegram
    telegram.close()


@pytest.mark.timeout(120 + 10 * FAULTS)
def test_random_faults_in_a_row_leave_the_bot_healthy_and_alone(
    world: World, telegram: Telegram
) -> None:
    """After each of many random faults the bot is healthy and answers; there are never two."""
    telegram.write_environment(
        BOT_FAULTS="true",
        LOOP_STALE_SECONDS="0.6",
        POLL_TIMEOUT="1",
        POLL_STALE_SECONDS=str(LATE),
    )
    restart = (
        'restart = { initial = "0s", maximum = "200ms", jitter = 0, limit = 1000, '
        'reset_after = "100ms" }\n'
    )
    watchdog = world.up(telegram.section(restart + CONFIG.format(port=telegram.port)))
    ward = Ward(telegram, watchdog)
    dice = random.Random(SEED)
    began = time.monotonic()
    print(f"seed {SEED}, {FAULTS} faults")
    slowest = 0.0
    for number in range(FAULTS):
        name = dice.choice(list(ward.harms))
        took = ward.suffer(name)
        answered = ward.answer_time()
        slowest = max(slowest, answered)
        print(f"{number + 1:3} {name:6} healthy after {took:5.2f} s, answer {answered:5.2f} s")
        assert len(bots(world)) == 1
    figures = telegram.sandbox.statistics(telegram.bot)
    print(f"all in {time.monotonic() - began:.1f} s; slowest answer {slowest:.2f} s")
    assert (figures["conflicts"], figures["overlaps"]) == (0, 0)
    assert watchdog.program("bot")["health"] == "healthy"
    assert watchdog.leave() == 0
    wait_until(lambda: not bots(world), "no bot")


def bots(world: World) -> list[int]:
    """The bot's processes that live."""
    found = []
    for pid in world.marked():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if words[1:3] == [b"-m", b"bot"] and is_alive(pid):
            found.append(pid)
    return found
