"""What trees of processes use: by one pass over /proc, strays and all."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

if sys.platform != "linux":
    pytest.skip("there is no /proc", allow_module_level=True)

from watchdog.process.usage import Fact, fact_of, gather, measure, of_ourselves

TREE = """
import os, subprocess, sys, time
burn = time.process_time()
while time.process_time() - burn < 0.2: pass
kept = [open(os.devnull) for _ in range(20)]
child = subprocess.Popen(["sleep", "1000"])
away = subprocess.Popen(["setsid", "sleep", "1000"])
print("ready", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def leader() -> Iterator[int]:
    """A process with a session of its own and two children, one of which left it."""
    process = subprocess.Popen(
        [sys.executable, "-c", TREE], stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield process.pid
    finally:
        for pid in [pid for pid, fact in everybody().items() if fact.parent == process.pid]:
            os.kill(pid, 9)
        process.kill()
        process.wait()


def everybody() -> dict[int, Fact]:
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208
    return {pid: fact for pid in pids if (fact := fact_of(pid)) is not None}


async def test_a_tree_is_measured_whole(leader: int) -> None:
    """Its processes, their memory, CPU time and descriptors; nothing of anybody else."""
    deadline = time.monotonic() + 20
    found = await measure({"a": leader, "gone": 2**22 - 1})
    while found["a"].processes < 3 and time.monotonic() < deadline:
        found = await measure({"a": leader})
    assert found.keys() == {"a"} or found.keys() == {"a", "gone"}
    assert found["a"].processes == 3
    assert found["a"].cpu_seconds >= 0.15
    assert found["a"].resident_bytes > 5_000_000
    assert 20 <= (found["a"].open_fds or 0) < 60


def test_we_measure_ourselves() -> None:
    """The watchdog's own process alone."""
    own = of_ourselves()
    assert own.processes == 1
    assert own.open_fds
    assert own.resident_bytes > 1_000_000


def test_processes_are_told_apart() -> None:
    """By parents, by session, by the mark where one became our own child; the rest is nobody's."""
    facts = {
        10: Fact(1, 10, 0, 0),  # we
        20: Fact(10, 20, 0, 0),  # leader of a
        21: Fact(20, 20, 0, 0),
        22: Fact(21, 22, 0, 0),  # left the session
        23: Fact(22, 22, 0, 0),
        30: Fact(10, 30, 0, 0),  # leader of b
        40: Fact(10, 40, 0, 0),  # a stray of b that became our child
        41: Fact(40, 40, 0, 0),
        50: Fact(10, 10, 0, 0),  # a probe of ours
        60: Fact(1, 60, 0, 0),  # a stranger
        70: Fact(1, 30, 0, 0),  # re-parented away, still in the session of b
        80: Fact(81, 80, 0, 0),  # a circle that a race may show
        81: Fact(80, 80, 0, 0),
    }
    asked: list[int] = []

    def program_of(pid: int) -> str:
        asked.append(pid)
        return "b" if pid == 40 else ""

    trees = gather(facts, {20: "a", 30: "b"}, 10, program_of)
    assert trees == {"a": [20, 21, 22, 23], "b": [30, 40, 41, 70]}
    assert sorted(asked) == [40, 50]
