"""The reader of a fast writer is killed a hundred times, and every line arrives exactly once.

The writer is a process of its own. Its readers are forks of this process, each of which adopts the
FIFO as a new watchdog would and is SIGKILLed (now and then asked to leave) at a random moment.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.logs.conftest import Config
from watchdog.logs import fifo
from watchdog.logs.capture import Captures

SECRET = "hunter-22-secret"
WRITER = """
import os, signal, sys, time
pace, secret = float(sys.argv[1]), sys.argv[2].encode()
running = [True]
signal.signal(signal.SIGTERM, lambda *_: running.clear())
number, sent, began = 0, 0, time.monotonic()
while running:
    block = b"".join(
        b"%08d %s token=%s\\n" % (n, b"x" * (n % 90), secret) for n in range(number, number + 500)
    )
    number += 500
    sent += len(block)
    while block:
        block = block[os.write(1, block[:30011]):]
    if pace:
        time.sleep(max(0, began + sent / pace - time.monotonic()))
with open(sys.argv[3], "w") as file:
    file.write(str(number))
"""


class Race:
    """A writer, and one reader after another."""

    def __init__(self, place: Path, config: Config, pace: float) -> None:
        self.place, self.config = place, config
        self.total = place / "total"
        path = str(place / "state" / "fifo" / "bot.out")
        reader = fifo.open_reader(path)
        fifo.Allowance(1).enlarge(reader)
        end = fifo.open_child_end(reader, path)
        command = [sys.executable, "-S", "-E", "-c", WRITER, str(pace), SECRET, str(self.total)]
        self.writer = subprocess.Popen(command, stdout=end)
        os.close(end)
        os.close(reader)
        self.troubles = place / "troubles"

    def read_for(self, seconds: float, number: int) -> None:
        """Adopt, read so long, and die of the signal."""
        ready, begun = os.pipe()
        pid = os.fork()
        if not pid:
            try:
                asyncio.run(self._read(begun))
            finally:
                os._exit(0)
        os.close(begun)
        os.read(ready, 1)
        os.close(ready)
        time.sleep(seconds)
        os.kill(pid, number)
        os.waitpid(pid, 0)

    async def _read(self, begun: int) -> None:
        left = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, left.set)
        captures = self.captures()
        captures.adopt("bot", self.config, frozenset({SECRET}), self.writer.pid)
        os.write(begun, b"x")
        await left.wait()
        captures.close()

    def captures(self) -> Captures:
        return Captures(self.place / "state", self._note)

    def _note(self, program: str, text: str | None) -> None:
        with self.troubles.open("a") as file:
            file.write(f"{text}\n")

    async def finish(self) -> int:
        """Let the writer come to its end while the last reader reads; how many lines it wrote."""
        captures = self.captures()
        captures.adopt("bot", self.config, frozenset({SECRET}), self.writer.pid)
        self.writer.terminate()
        await asyncio.to_thread(self.writer.wait)
        captures.release("bot")
        captures.close()
        return int(self.total.read_text())

    def lines(self) -> Iterator[bytes]:
        """All lines of the log and its rotated files, oldest first."""
        path = self.config.path
        names = [*(f"{path}.{n}" for n in range(self.config.backups, 0, -1)), str(path)]
        for name in map(Path, names):
            if name.exists():
                data = name.read_bytes()
                assert data.endswith(b"\n") or not data
                yield from data.splitlines()


def strip(form: str, row: bytes) -> bytes:
    """A line of the log without what the format adds."""
    if form == "text":
        return re.sub(rb"^\d{4}-\S+ ", b"", row)
    return str(json.loads(row)["line"]).encode() if form == "json" else row


@pytest.mark.parametrize(
    ("form", "maximum", "pace", "kills"),
    [("raw", 300_000, 0, 100), ("text", 300_000, 12e6, 40), ("json", 0, 12e6, 40)],
)
async def test_a_hundred_kills(
    tmp_path: Path, form: str, maximum: int, pace: float, kills: int
) -> None:
    """Paced and flat out, rotated and not, in every format: each line once, whole, in order."""
    config = Config(tmp_path / "bot.log", maximum, 9999, form)
    race = Race(tmp_path, config, pace)
    chance = random.Random(f"{form} {maximum}")
    try:
        for _ in range(kills):
            number = signal.SIGTERM if chance.random() < 0.1 else signal.SIGKILL
            race.read_for(chance.uniform(0, 0.01), number)
        total = await race.finish()
    finally:
        race.writer.kill()
        race.writer.wait()
    expected = itertools.count()
    seen = 0
    for row, number in zip(race.lines(), expected, strict=False):
        wanted = b"%08d %s token=[redacted]" % (number, b"x" * (number % 90))
        assert strip(form, row) == wanted, f"at line {number}"
        seen += 1
    assert seen == total > 10_000
    assert not race.troubles.exists()
