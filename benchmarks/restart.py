"""From the SIGKILL of a child to the first instruction of its successor."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from contextlib import ExitStack
from statistics import median

from benchmarks.rows import Row, at_most
from benchmarks.subjects import NAMES, Stage, Subject

PAUSE = 0.3  # seconds of peace between two kills, also for those who are not measured just then
GOAL = 3.0  # times the floor


def measure(stage: Stage, runs: int, names: Sequence[str] = NAMES) -> dict[str, float]:
    """Median seconds for each; they take turns."""
    found: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        subjects = [stack.enter_context(stage.run(name)) for name in names]
        pids = {subject.name: subject.children.expect("S")[0].pid for subject in subjects}
        for _ in range(runs):
            for subject in subjects:
                time.sleep(PAUSE)
                seconds, pids[subject.name] = kill(subject, pids[subject.name])
                found[subject.name].append(seconds)
    return {name: median(times) for name, times in found.items()}


def kill(subject: Subject, pid: int) -> tuple[float, int]:
    """Kill the child; the seconds until its successor began, and the successor."""
    began = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    successor = subject.children.expect("S")[0]
    return successor.at - began, successor.pid


def rows(stage: Stage, runs: int) -> list[Row]:
    """The figure."""
    found = {name: seconds * 1000 for name, seconds in measure(stage, runs).items()}
    bound = found["floor"] * GOAL
    return [
        at_most("SIGKILL to the successor's first instruction", "ms", found, bound, "<= 3x floor")
    ]
