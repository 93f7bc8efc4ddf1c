"""The supervised program: built once, told where to report, and never left behind."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SOURCES = Path(__file__).parent


class Report(NamedTuple):
    """One line of a child: S it began, P it answered a probe, D it is done."""

    what: str
    pid: int
    at: float  # seconds on CLOCK_MONOTONIC


class Silence(Exception):
    """The children did not report in time."""


def build(place: Path, name: str) -> str:
    """Compile `name`.c with the machine's own compiler; the program's path."""
    target = place / name
    command = [os.environ.get("CC", "cc"), "-O2", "-o", str(target), str(SOURCES / f"{name}.c")]
    subprocess.run(command, check=True)
    return str(target)


class Children:
    """All children of one supervisor, as their reports tell of them."""

    def __init__(self, program: str, fifo: Path) -> None:
        os.mkfifo(fifo)
        self._program = program
        self._fifo = str(fifo)
        # Open at both ends, so that it never ends and nobody waits for us to open it.
        self._end = os.open(fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._rest = b""
        self._pids: set[int] = set()

    def command(self, *arguments: str) -> list[str]:
        """What to supervise."""
        return [self._program, self._fifo, *arguments]

    def expect(self, what: str, count: int = 1, within: float = 60.0) -> list[Report]:
        """The next `count` reports of this kind; other kinds are passed over."""
        found: list[Report] = []
        deadline = time.monotonic() + within
        while len(found) < count:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._end], [], [], left)[0]:
                raise Silence(f"{len(found)} of {count} reports {what} came within {within:g} s")
            found += [report for report in self._read() if report.what == what]
        return found

    def forget(self) -> None:
        """Pass over what was reported so far."""
        with suppress(BlockingIOError):
            self._read()

    def close(self) -> None:
        """End what is still there, whatever its supervisor did."""
        self.forget()
        for pid in self._pids:
            with suppress(OSError):
                if os.readlink(f"/proc/{pid}/exe") == self._program:  # noqa: PTH115
                    os.kill(pid, signal.SIGKILL)
        os.close(self._end)

    def _read(self) -> list[Report]:
        *lines, self._rest = (self._rest + os.read(self._end, 1 << 20)).split(b"\n")
        reports = [_parse(line) for line in lines]
        self._pids |= {report.pid for report in reports}
        return reports


def _parse(line: bytes) -> Report:
    what, pid, at = line.decode().split()
    return Report(what, int(pid), int(at) / 1e9)
