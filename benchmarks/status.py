"""One status command, from the shell's point of view; beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from statistics import median

from benchmarks.rows import Row, at_most
from benchmarks.subjects import BIN, Stage

GOAL = 50.0  # ms


def rows(stage: Stage, runs: int) -> list[Row]:
    """The figure. The floor here is `python -c pass`."""
    with ExitStack() as stack:
        theirs = stack.enter_context(stage.run("supervisord"))
        ours = stack.enter_context(stage.run("watchdog"))
        for subject in (theirs, ours):
            subject.children.expect("S")
        conf, toml = theirs.place / "supervisord.conf", ours.place / "watchdog.toml"
        commands = {
            "floor": [sys.executable, "-c", "pass"],
            "supervisord": [str(BIN / "supervisorctl"), "-c", str(conf), "status"],
            "watchdog": [str(BIN / "watchdog"), "status", "-c", str(toml)],
        }
        found = _take_turns(commands, runs)
    return [at_most("one status command (floor: python -c pass)", "ms", found, GOAL, "<= 50")]


def _take_turns(commands: dict[str, list[str]], runs: int) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(_time(command))
    return {name: median(found) for name, found in times.items()}


def _time(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return (time.monotonic() - began) * 1000
