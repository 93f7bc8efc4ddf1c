"""Where a trial happens: a directory, ports, a bot that no Telegram knows, and a secret for panics.

`make` has the ports of the guide and a place that stays. A check has ports and a place of its own,
so that any number may run beside each other, and beside the platform itself.
"""

from __future__ import annotations

import os
import random
import secrets
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyotp

HOME = Path(__file__).parents[1]
CONFIG = HOME / "watchdog.toml"
PORTS = {
    "WEB_PORT": 8000,
    "METRICS_PORT": 9091,
    "HEALTH_PORT": 9876,
    "REDIS_PORT": 6379,
    "SANDBOX_PORT": 8081,
}
USER = 1001
"""The one user that the sandbox knows from the start."""

EXAMPLE_BOT = 7000000001
# Below the range from which the kernel takes ports for outgoing connections (32768 on Linux).
_FREE = range(21000, 32000)
# Settings of somebody's real bot have no business in a trial.
_NOT_OURS = ("TELEGRAM_", "TG_", "PANIC_", "BOT_", "HEALTH_", "ALLOWED_USERS", "WATCHDOG_")


@dataclass(frozen=True)
class Place:
    """Everything below `directory`; ports on 127.0.0.1."""

    directory: Path
    ports: Mapping[str, int]
    bot: int
    secret: str = field(repr=False)
    locks: Path | None = None  # of its own, or the user's

    @property
    def state(self) -> Path:
        """The watchdog's, and all that the programs keep."""
        return self.directory / "state"

    @property
    def token(self) -> str:
        """Of the right shape; only the sandbox takes it."""
        return f"{self.bot}:AAExampleExampleExampleExampleExamp"

    @property
    def env_file(self) -> Path:
        """What the programs read in place of `.env`."""
        return self.directory / "sandbox.env"

    @property
    def web(self) -> str:
        """The web server's address."""
        return f"127.0.0.1:{self.ports['WEB_PORT']}"

    @property
    def sandbox(self) -> str:
        """The sandbox's URL."""
        return f"http://127.0.0.1:{self.ports['SANDBOX_PORT']}"

    def code(self, steps: int = 0) -> str:
        """What an authenticator app shows now, or so many half minutes later."""
        totp = pyotp.TOTP(self.secret)
        return totp.at(0, counter_offset=int(time.time() // totp.interval) + steps)

    def environment(self) -> dict[str, str]:
        """For everything that is started."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_OURS)}
        ours |= {name: str(port) for name, port in self.ports.items()}
        ours |= {"MIMIC_STATE": str(self.state), "MIMIC_ENV": str(self.env_file)}
        ours["PATH"] = f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}"
        if self.locks is not None:
            ours["WATCHDOG_LOCK_DIR"] = str(self.locks)
        return ours

    def write(self) -> None:
        """The directory, and the file of settings, for its owner only."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.env_file.touch(mode=0o600)
        self.env_file.write_text("".join(f"{key}={value}\n" for key, value in self._settings()))

    def _settings(self) -> list[tuple[str, str]]:
        return [
            ("TELEGRAM_BOT_TOKEN", self.token),
            ("TELEGRAM_API_URL", self.sandbox),
            ("BOT_DATABASE", str(self.state / "bot.sqlite3")),
            ("KB_PATH", str(self.state / "notes.sqlite3")),
            ("RATE_LIMIT_PER_MINUTE", "100"),
            ("PAPER_LATENCY", "0.3"),  # so that a panic can be cut off in the middle
            ("PANIC_OTP_SECRET", self.secret),
            ("PANIC_AUTHORIZED_USERS", str(USER)),
            ("PANIC_ACTION", "mimic.panic:close_all"),
        ]


def usual_place() -> Place:
    """The one of `make`: it stays, and so does its secret."""
    directory = HOME / "state" / "trial"
    ports = {name: int(os.environ.get(name) or port) for name, port in PORTS.items()}
    kept = directory / "otp-secret"
    if not kept.exists():
        directory.mkdir(parents=True, exist_ok=True)
        kept.touch(mode=0o600)
        kept.write_text(pyotp.random_base32())
    return Place(directory, ports, EXAMPLE_BOT, kept.read_text())


def own_place() -> Place:
    """One that nobody else has."""
    directory = Path(tempfile.mkdtemp(prefix="mimic-")).resolve()
    bot = secrets.randbelow(9 * 10**9) + 10**9
    ports = dict(zip(PORTS, _find_ports(len(PORTS)), strict=True))
    return Place(directory, ports, bot, pyotp.random_base32(), directory / "locks")


def _find_ports(count: int) -> list[int]:
    """So many that are free; held until all are found, so that none is found twice."""
    held: list[socket.socket] = []
    try:
        while len(held) < count:
            one = socket.socket()
            try:
                one.bind(("127.0.0.1", random.choice(_FREE)))
                held.append(one)
            except OSError:
                one.close()
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()
