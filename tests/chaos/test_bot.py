"""The real bot on a real Bot API server, while it and its watchdog are killed and stopped."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.faults import can_upgrade
from tests.system.harness import World, is_alive, wait_until
from tests.system.telegram import Telegram
from watchdog.client.errors import Refused, Unreachable

FAULTS = int(os.environ.get("WATCHDOG_TEST_FAULTS", "15"))
SEED = int(os.environ.get("WATCHDOG_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)

RESTART = (
    'restart = { initial = "0s", maximum = "200ms", jitter = 0, limit = 1000, '
    'reset_after = "100ms" }\n'
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the harness reads /proc")


@pytest.fixture
def telegram() -> Iterator[Telegram]:
    with tempfile.TemporaryDirectory(prefix="wd", ignore_cleanup_errors=True) as path:
        world = World(Path(path))
        telegram = Telegram(world)
        try:
            yield telegram
        finally:
            telegram.close()
            world.end()


class Ward:
    """The bot, its watchdog, and a second one that wants the same bot."""

    def __init__(self, telegram: Telegram, dice: random.Random) -> None:
        self.telegram, self.world, self.dice = telegram, telegram.world, dice
        self.config = self.world.write(telegram.section(RESTART))
        other = f'[watchdog]\nstate = "other"\n{telegram.section(RESTART)}'
        self.other = self.world.write(other, "other.toml")
        self.watchdog = self.world.run("-c", str(self.config))
        self.pid = self.wait_polling()
        self.harms: list[Callable[[], None]] = [
            self.kill_watchdog,
            self.kill_beginner,
            self.pause_watchdog,
            self.kill_bot,
            self.pause_bot,
            self.kill_both,
            self.harm_lock,
            self.contend,
            self.restart,
            *([self.upgrade] if can_upgrade() else []),
        ]

    def wait_polling(self) -> int:
        """The pid of the bot once it runs and is the one that polls."""

        def polls() -> int:
            with contextlib.suppress(Unreachable, Refused):
                seen = self.watchdog.program("bot")
                statistics = self.telegram.sandbox.statistics(self.telegram.bot)
                if seen["state"] == "RUNNING" and statistics["polls_live"] == 1:
                    return int(seen["pid"] or 0)
            return 0

        return int(wait_until(polls, "the bot to poll"))

    def succeed(self, wait: float = 0.0) -> None:
        """SIGKILL of the watchdog, and another one."""
        self.watchdog.process.kill()
        self.watchdog.process.wait()
        time.sleep(wait)
        self.watchdog = self.world.run("-c", str(self.config))

    def kill_watchdog(self) -> None:
        self.succeed(self.dice.random() * 0.2)

    def kill_beginner(self) -> None:
        self.succeed()
        time.sleep(self.dice.random() * 0.5)
        self.succeed()

    def pause_watchdog(self) -> None:
        self.watchdog.signal(signal.SIGSTOP)
        time.sleep(self.dice.random() * 0.3)
        self.watchdog.signal(signal.SIGCONT)

    def kill_bot(self) -> None:
        self.strike(signal.SIGKILL)

    def pause_bot(self) -> None:
        self.strike(signal.SIGSTOP)
        time.sleep(self.dice.random() * 0.3)
        self.strike(signal.SIGCONT)

    def strike(self, number: signal.Signals) -> None:
        # It may have been replaced meanwhile: a paused bot answers no probe.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def kill_both(self) -> None:
        if self.dice.random() < 0.5:
            self.kill_bot()
            self.succeed()
        else:
            self.watchdog.process.kill()
            self.kill_bot()
            self.succeed()

    def harm_lock(self) -> None:
        for path in (self.world.place / "locks").glob("telegram*.lock"):
            path.unlink()

    def contend(self) -> None:
        """The second watchdog is refused, by the kernel, as long as the bot lives."""
        contender = self.world.run("-c", str(self.other))
        assert contender.wait_exit() == 69, contender.text

    def restart(self) -> None:
        self.ask("restart")

    def ask(self, action: str) -> Any:
        """What a client is answered."""
        client = self.watchdog.client()
        with contextlib.suppress(Unreachable, Refused):
            return client.request(action, ["bot"])
        return None

    def upgrade(self) -> None:
        done = self.watchdog.call("upgrade")
        assert done.returncode == 0, done.stdout


@pytest.mark.timeout(120 + 10 * FAULTS)
def test_the_api_server_never_sees_two(telegram: Telegram) -> None:
    """Whatever is killed, the server counts no conflict and no overlapping poll."""
    telegram.write_environment(POLL_TIMEOUT="1")
    dice = random.Random(SEED)
    ward = Ward(telegram, dice)
    print(f"seed {SEED}")
    for _ in range(FAULTS):
        harm = dice.choice(ward.harms)
        print(harm.__name__, flush=True)
        harm()
        ward.pid = ward.wait_polling()
    figures = telegram.sandbox.statistics(telegram.bot)
    print(figures)
    assert (figures["conflicts"], figures["overlaps"]) == (0, 0)
    assert telegram.answers("are you there?", 20.0)
    assert ward.watchdog.leave() == 0
    assert not is_alive(ward.pid)
