"""From the moment a program stops answering to the first instruction of its successor.

The program is stopped (SIGSTOP) the moment it has answered a probe: nobody could be less lucky.
The promise is `failure_threshold x period + timeout`.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from typing import NamedTuple

from benchmarks.rows import Row, at_most
from benchmarks.subjects import Stage, Subject

SLACK = 1.05


class Setting(NamedTuple):
    """A liveness probe; seconds."""

    period: float
    timeout: float
    failure_threshold: int

    @property
    def promise(self) -> float:
        """The longest that a hang may last."""
        return self.failure_threshold * self.period + self.timeout

    def configured(self, port: int) -> str:
        """As the configuration has it."""
        return (
            f'liveness = {{ http = "http://127.0.0.1:{port}/", period = {self.period}, '
            f"timeout = {self.timeout}, failure_threshold = {self.failure_threshold} }}\n"
        )


SETTINGS = (Setting(0.2, 0.1, 3), Setting(0.5, 0.5, 1), Setting(1.0, 0.5, 2))


def measure(stage: Stage, setting: Setting, runs: int) -> list[float]:
    """Seconds from hang to replacement."""
    port = str(_free_port())
    extra = setting.configured(int(port))
    with stage.run("watchdog", ["serve", port], extra=extra) as subject:
        return [hang(subject, setting) for _ in range(runs)]


def hang(subject: Subject, setting: Setting) -> float:
    """Stop the program as soon as it has answered twice."""
    served = subject.children.expect("P", 2)[-1]
    began = time.monotonic()
    os.kill(served.pid, signal.SIGSTOP)
    return subject.children.expect("S", within=setting.promise * 5 + 5)[0].at - began


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def rows(stage: Stage, runs: int, settings: tuple[Setting, ...] = SETTINGS) -> list[Row]:
    """The worst case of each setting."""
    return [_row(setting, max(measure(stage, setting, runs))) for setting in settings]


def _row(setting: Setting, worst: float) -> Row:
    period, timeout, threshold = setting
    name = f"hang to replacement ({threshold} x {period:g} s + {timeout:g} s), worst"
    bound = setting.promise * SLACK
    return at_most(name, "s", {"watchdog": worst}, bound, f"<= {setting.promise:.3g} + 5 %")
