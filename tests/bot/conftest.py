"""A sandbox for each worker, and bots as real processes that point at it."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.database import Database, Schema
from bot.sandbox.client import SandboxClient

ROOT = Path(__file__).parents[2]
SECRET = "AAExampleExampleExampleExampleExamp"
USER = 42
PATIENCE = 30.0  # seconds: a deadline for a slow machine, never waited out when all is well
_numbers = itertools.count(100_000_000 + os.getpid() * 1000)


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`; fails once `seconds` have passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if value := condition():
            return value
        time.sleep(0.03)
    raise AssertionError(f"waited {seconds} s in vain for: {what}")


def open_database(directory: Path, *schemas: Schema) -> Database:
    """A database for a test without a bot, to be used in a `with` block."""
    return Database(directory / "bot.sqlite3", schemas)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxClient]:
    """One Bot API server for all tests of a worker; each test has a bot of its own on it."""
    port_file = tmp_path_factory.mktemp("sandbox") / "port"
    command = [sys.executable, "-m", "bot.sandbox", "--quiet", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--port-file", str(port_file)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        port = wait_until(lambda: port_file.exists() and port_file.read_text().strip(), "sandbox")
        client = SandboxClient(f"http://127.0.0.1:{port}")
        client.add_user(USER)
        yield client
    finally:
        process.kill()
        process.wait()


class RunningBot:
    """One `python -m bot`, with its log in a file and its health port in another."""

    def __init__(
        self,
        directory: Path,
        environment: dict[str, str],
        command: tuple[str, ...] = (sys.executable, "-m", "bot"),
        **options: Any,
    ) -> None:
        self.port_file = directory / "health-port"
        self.port_file.unlink(missing_ok=True)
        self._log = directory / "bot.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=directory,
                env=environment,
                stdout=log,
                stderr=log,
                **options,
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def health(self) -> tuple[int, dict[str, Any]]:
        port = self.port_file.read_text().strip()
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def wait_health(self, status: str) -> dict[str, Any]:
        """The health document once its status is this one."""
        seen: list[Any] = []

        def reached() -> dict[str, Any] | None:
            assert self.process.poll() is None, f"the bot ended: {self.log}"
            if not self.port_file.exists():
                return None
            try:
                seen[:] = [self.health()]
            except OSError:
                return None
            document: dict[str, Any] = seen[0][1]
            return document if document["status"] == status else None

        try:
            document: dict[str, Any] = wait_until(reached, f"status {status}")
        except AssertionError:
            raise AssertionError(f"no status {status!r}; last: {seen}; log: {self.log}") from None
        return document

    def wait_exit(self, seconds: float = PATIENCE) -> int:
        return self.process.wait(seconds)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.wait_exit()


class BotBench:
    """Starts copies of one test's own bot, and speaks to it as a user in a chat."""

    def __init__(self, sandbox: SandboxClient, directory: Path) -> None:
        self.sandbox, self.directory = sandbox, directory
        self.id = next(_numbers)
        self.bots: list[RunningBot] = []
        home = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        self.environment = home | {
            "PYTHONPATH": str(ROOT),
            "TELEGRAM_API_URL": sandbox.url,
            "TELEGRAM_BOT_TOKEN": f"{self.id}:{SECRET}",
            "HEALTH_PORT": "0",
            "HEALTH_PORT_FILE": str(directory / "health-port"),
            "WATCHDOG_LOCK_DIR": str(directory / "locks"),
            "BOT_FAULTS": "true",
            "TOKEN_CONFIRM_SECONDS": "0.1",
            "BOT_DATABASE": str(directory / "bot.sqlite3"),
            "RATE_LIMIT_PER_MINUTE": "0",
        }

    def start(self, options: dict[str, Any] | None = None, **variables: str) -> RunningBot:
        """Start a bot; `variables` are added to its environment, an empty one counts as unset."""
        bot = RunningBot(self.directory, self.environment | variables, **(options or {}))
        self.bots.append(bot)
        return bot

    def start_well(self, **variables: str) -> RunningBot:
        """Start a bot and wait until it is well."""
        bot = self.start(None, **variables)
        bot.wait_health("running")
        return bot

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m bot` with a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            cwd=self.directory,
            env=self.environment | variables,
            capture_output=True,
            text=True,
            timeout=60,
        )

    def ask(self, text: str, seconds: float = PATIENCE) -> list[str]:
        return self.sandbox.ask(text, self.id, USER, timeout=seconds)

    @staticmethod
    def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        return wait_until(condition, what, seconds)

    def statistics(self) -> dict[str, Any]:
        return self.sandbox.statistics(self.id)


@pytest.fixture
def bench(sandbox: SandboxClient, tmp_path: Path) -> Iterator[BotBench]:
    """A bench whose bots are gone afterwards, and whose logs never held the token."""
    bench = BotBench(sandbox, tmp_path)
    yield bench
    for bot in bench.bots:
        bot.process.kill()
        bot.process.wait()
    for bot in bench.bots:
        assert SECRET not in bot.log
