"""How fast captured output flows, beside floors measured in the same run.

`python -m benchmarks.capture [--megabytes 256] [--runs 5]`: a child writes log lines in 64 KiB
writes into a FIFO; what differs is who moves them into a file. The variants take turns, and the
medians are shown. The floors do not look at the bytes: `cat`, splice, and a bare read-write loop in
Python. Then redaction alone, over one core, without any pipe.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from watchdog.config.model import LogsConfig
from watchdog.logs import fifo
from watchdog.logs.capture import Captures
from watchdog.logs.redaction import Redactor

MEGABYTE = 1_000_000
CHUNK = 256 * 1024
SECRETS = frozenset({"123456789:AAExampleExampleExampleExampleExamp", "database-password"})
WRITER = """
import os, sys
block = open(sys.argv[1], "rb").read()
os.read(0, 1)
for _ in range(int(sys.argv[2])):
    os.write(1, block)
"""


def logs(path: Path, form: str) -> LogsConfig:
    """A `logs` table: one file that is never rotated."""
    return LogsConfig(path, 0, 3, form, "discard")  # type: ignore[arg-type]


def typical_lines(size: int) -> bytes:
    """About `size` bytes of lines as bots, web servers and interpreters write them."""
    lines: list[bytes] = []
    total = number = 0
    while total < size:
        number += 1
        line = _PATTERNS[number % len(_PATTERNS)] % {b"n": number, b"s": number % 60}
        total += len(line)
        lines.append(line)
    return b"".join(lines[:-1])


_PATTERNS = (
    b"2025-03-14 12:07:%(s)02d,123 INFO bot.Updater: update %(n)d from chat 712%(n)06d\n",
    b'{"time":"2025-03-14T12:07:%(s)02d.1Z","level":"info","msg":"done","id":"9f86d081884c%(n)d"}\n',
    b'127.0.0.1 - [14/Mar/2025:12:07:%(s)02d +0000] "GET /health HTTP/1.1" 200 %(n)d "-" "curl"\n',
    b'  File "/usr/lib/python3/asyncio/base_events.py", line %(n)d, in run_until_complete\n',
)


class Bench:
    """One input and one output, for every variant the same."""

    def __init__(self, place: Path, megabytes: int) -> None:
        self.place = place
        self.block = typical_lines(64 * 1024)
        self.count = megabytes * MEGABYTE // len(self.block)
        self.output = place / "output.log"
        (place / "block").write_bytes(self.block)

    def start(self, end: int) -> subprocess.Popen[bytes]:
        """A writer that waits for a byte on its standard input."""
        command = [sys.executable, "-S", "-E", "-c", WRITER, str(self.place / "block")]
        return subprocess.Popen(
            [*command, str(self.count)], stdin=subprocess.PIPE, stdout=end, bufsize=0
        )

    def rate(self, seconds: float) -> float:
        """Megabytes a second."""
        return self.count * len(self.block) / seconds / MEGABYTE

    def floor(self, move: Callable[[int, int], None]) -> float:
        """The rate of `move(reader, output)`, which runs until the writer is gone."""
        reader = fifo.open_reader(str(self.place / "floor"))
        fifo.Allowance(1).enlarge(reader)
        end = fifo.open_child_end(reader, str(self.place / "floor"))
        writer = self.start(end)
        os.close(end)
        os.set_blocking(reader, True)
        output = os.open(self.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        began = _go(writer)
        move(reader, output)
        seconds = time.perf_counter() - began
        writer.communicate()
        os.close(reader)
        os.close(output)
        self.output.unlink()
        return self.rate(seconds)

    def capture(self, form: str) -> float:
        """The rate of the real thing."""
        return asyncio.run(self._capture(form))

    async def _capture(self, form: str) -> float:
        captures = Captures(self.place, lambda program, text: print(program, text))
        ends = captures.open("bot", logs(self.output, form), SECRETS)
        writer = self.start(ends.stdout_fd)
        ends.close()
        ended = asyncio.Event()
        pidfd = os.pidfd_open(writer.pid)
        asyncio.get_running_loop().add_reader(pidfd, ended.set)
        began = _go(writer)
        await ended.wait()
        captures.release("bot")
        seconds = time.perf_counter() - began
        asyncio.get_running_loop().remove_reader(pidfd)
        os.close(pidfd)
        writer.communicate()
        captures.close()
        self._check(form)
        self.output.unlink()
        return self.rate(seconds)

    def _check(self, form: str) -> None:
        expected = self.count * self.block.count(b"\n")
        with self.output.open("rb") as file:
            lines = sum(chunk.count(b"\n") for chunk in iter(lambda: file.read(1 << 20), b""))
        if lines != expected:
            raise SystemExit(f"{form}: {expected} lines were written, {lines} arrived")


def _go(writer: subprocess.Popen[bytes]) -> float:
    assert writer.stdin is not None
    began = time.perf_counter()
    writer.stdin.write(b"x")
    return began


def by_cat(reader: int, output: int) -> None:
    """coreutils, one process more."""
    subprocess.run(["cat"], stdin=reader, stdout=output, check=True)


def by_splice(reader: int, output: int) -> None:
    """The bytes never leave the kernel."""
    offset = 0
    while count := os.splice(reader, output, 1 << 20, offset_dst=offset):
        offset += count


def by_hand(reader: int, output: int) -> None:
    """The least that Python can do."""
    while chunk := os.read(reader, CHUNK):
        os.write(output, chunk)


def redaction_rate() -> float:
    """Megabytes a second of redaction alone, on chunks as the capture sees them."""
    redactor, data = Redactor(SECRETS), typical_lines(CHUNK)
    began = time.perf_counter()
    for _ in range(200):
        redactor.redact(data)
    return 200 * len(data) / (time.perf_counter() - began) / MEGABYTE


def copy_rate() -> float:
    """Megabytes a second of copying the same chunks in memory."""
    data = typical_lines(CHUNK)
    target = bytearray(len(data))
    began = time.perf_counter()
    for _ in range(2000):
        target[:] = data
    return 2000 * len(data) / (time.perf_counter() - began) / MEGABYTE


def measure(place: Path, megabytes: int, runs: int) -> dict[str, list[float]]:
    """The rates of every variant, taken in turns."""
    bench = Bench(place, megabytes)
    variants: dict[str, Callable[[], float]] = {
        "floor: cat": lambda: bench.floor(by_cat),
        "floor: splice": lambda: bench.floor(by_splice),
        "floor: read and write in Python": lambda: bench.floor(by_hand),
        "captured raw, redacted": lambda: bench.capture("raw"),
        "captured text, redacted": lambda: bench.capture("text"),
        "captured json, redacted": lambda: bench.capture("json"),
        "memory: copy": copy_rate,
        "memory: redact": redaction_rate,
    }
    rates: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(runs):
        for name, run in variants.items():
            rates[name].append(run())
    return rates


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks.capture")
    parser.add_argument("--megabytes", type=int, default=256, help="output of one run")
    parser.add_argument("--runs", type=int, default=5, help="runs of each variant, taken in turns")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        rates = measure(Path(place), options.megabytes, options.runs)
    print(f"{'MB/s, median of ' + str(options.runs):34}  median     least      most")
    for name, found in rates.items():
        print(f"{name:34} {statistics.median(found):7.0f}   {min(found):7.0f}   {max(found):7.0f}")


if __name__ == "__main__":
    main()
