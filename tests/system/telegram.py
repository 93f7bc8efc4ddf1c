"""A Bot API server of the test's own, and the bot that is supervised in front of it."""

from __future__ import annotations

import itertools
import random
import socket
import subprocess
import sys

from bot.sandbox.client import SandboxClient
from tests.system.harness import ROOT, Watchdog, World, wait_until

TOKEN_SHAPE = "AAExampleExampleExampleExampleExamp"  # of no bot
USER = 42
_numbers = itertools.count(random.SystemRandom().randrange(10**9, 10**10))


def free_port() -> int:
    """A port below the range from which the kernel takes those of outgoing connections."""
    for port in random.SystemRandom().sample(range(10000, 32000), 200):
        with socket.socket() as attempt:
            try:
                attempt.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no port is free")


class Telegram:
    """The sandbox as a process, one bot id, and one user who writes to it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.bot = next(_numbers)
        self.port = free_port()
        self._process, self.sandbox = self._start()
        self.sandbox.add_user(USER)

    def _start(self) -> tuple[subprocess.Popen[bytes], SandboxClient]:
        port_file = self.world.place / "sandbox.port"
        process = subprocess.Popen(
            [sys.executable, "-m", "bot.sandbox", "--quiet", "--port", "0",
             "--port-file", str(port_file)],
            cwd=ROOT,
            env=self.world.environment,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        wait_until(port_file.exists, "the sandbox")
        return process, SandboxClient(f"http://127.0.0.1:{port_file.read_text().strip()}")

    def write_environment(self, **more: str) -> None:
        """The bot's `.env`."""
        values = {
            "TELEGRAM_BOT_TOKEN": f"{self.bot}:{TOKEN_SHAPE}",
            "TELEGRAM_API_URL": self.sandbox.url,
            "HEALTH_PORT": str(self.port),
            "TOKEN_CONFIRM_SECONDS": "0.1",
            "RATE_LIMIT_PER_MINUTE": "0",
            **more,
        }
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        (self.world.place / ".env").write_text(text)

    def section(self, more: str = "") -> str:
        """The bot's part of a configuration."""
        return (
            '[programs.bot]\ncommand = "python -m bot"\nenv_file = ".env"\n'
            f'singleton = "telegram:${{TELEGRAM_BOT_TOKEN}}"\n{more}'
        )

    def answers(self, text: str, seconds: float) -> bool:
        """Whether the bot answers a message of the user within some seconds."""
        return bool(self.sandbox.ask(text, self.bot, USER, timeout=seconds))

    def close(self) -> None:
        """End the sandbox."""
        self._process.kill()
        self._process.wait()


def wait_healthy(watchdog: Watchdog, more_than: int = 0) -> int:
    """The incarnation of the bot once it is healthy and later than `more_than`."""
    seen = watchdog.wait(
        "bot",
        lambda p: (
            p["state"] == "RUNNING" and p["health"] == "healthy" and p["incarnation"] > more_than
        ),
        f"the bot to be healthy after incarnation {more_than}",
    )
    return int(seen["incarnation"])
