"""What the tests of captured output share: a configuration, real children, and patience."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from watchdog.logs.capture import Captures


class Config(msgspec.Struct, frozen=True):
    """A `logs` table."""

    path: Path
    maximum: int = 0
    backups: int = 3
    format: str = "raw"
    stderr: str = "merge"
    stderr_path: Path | None = None
    stderr_maximum: int = 0
    stderr_backups: int = 0
    age: float = 0.0
    compress: bool = False
    total: int = 0


class Bench:
    """One set of captures with its troubles, and the children that write into it."""

    config = Config

    def __init__(self, state: Path) -> None:
        self.state = state
        self.troubles: list[tuple[str, str | None]] = []
        self.captures = Captures(state, lambda program, text: self.troubles.append((program, text)))
        self._children: list[subprocess.Popen[bytes]] = []

    def start(
        self, config: Config, code: str, program: str = "bot", secrets: frozenset[str] = frozenset()
    ) -> subprocess.Popen[bytes]:
        """Run Python `code` as `program` with its output captured."""
        ends = self.captures.open(program, config, secrets)
        child = subprocess.Popen(
            [sys.executable, "-S", "-E", "-c", code],
            stdin=subprocess.PIPE,
            stdout=ends.stdout_fd,
            stderr=ends.stderr_fd,
        )
        ends.close()
        self._children.append(child)
        return child

    def poke(self, child: subprocess.Popen[bytes]) -> None:
        """Give `child` the byte on standard input that it waits for."""
        assert child.stdin is not None
        child.stdin.write(b"x")
        child.stdin.flush()

    async def finish(self, child: subprocess.Popen[bytes], program: str = "bot") -> None:
        """Wait for the end of `child` while the loop runs, then release its output."""
        await self.until(lambda: child.poll() is not None)
        self.captures.release(program)

    async def run(self, config: Config, code: str, program: str = "bot") -> int:
        """Run `code` to its end; its exit code."""
        child = self.start(config, code, program)
        await self.finish(child, program)
        return child.returncode

    async def until(self, condition: Callable[[], object], seconds: float = 30.0) -> None:
        """Let the loop run until `condition` holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            await asyncio.sleep(0.005)

    def close(self) -> None:
        for child in self._children:
            assert child.stdin is not None
            child.stdin.close()
            child.kill()
            child.wait()
        self.captures.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "state")
    yield made
    made.close()


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "bot.log"
