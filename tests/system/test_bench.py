"""The two cheapest figures of the benchmark, with a wide allowance: a busy machine must not fail
them, a real regression must. Only ratios that are taken side by side; no absolute times."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import restart, rows, standing
from benchmarks.subjects import Stage

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the figures are read from /proc")


def test_a_successor_comes_about_as_fast_as_under_a_c_supervisor(tmp_path: Path) -> None:
    """A killed child is replaced within ten times the floor, in one of three tries at least."""
    stage = Stage(tmp_path)
    tries = (restart.measure(stage, 5, ("floor", "watchdog")) for _ in range(3))
    ratios = []
    for found in tries:
        ratios.append(found["watchdog"] / found["floor"])
        if ratios[-1] <= 10:
            return
    pytest.fail(f"{ratios} times the floor")


def test_the_table_is_printed_and_written(tmp_path: Path) -> None:
    """A quick run shows each figure beside the floor and supervisord, and leaves it as JSON."""
    target = tmp_path / "table.json"
    command = [sys.executable, "-m", "benchmarks", "restart", "--quick", "--json", str(target)]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=100)
    [row] = json.loads(target.read_bytes())
    assert row["figure"] in ran.stdout
    assert ran.returncode == (0 if row["held"] else 1), ran.stderr
    assert row["watchdog"] > 0 and row["floor"] > 0 and row["supervisord"] > 0


def test_the_daemon_is_as_light_as_supervisord_and_sleeps(tmp_path: Path) -> None:
    """With one program it weighs at most what supervisord weighs, and idle it does not wake up."""
    found = standing.measure(Stage(tmp_path), 1, 1, 1.0, ("supervisord", "watchdog"))
    assert found["watchdog"].resident <= 1.1 * found["supervisord"].resident
    assert found["watchdog"].wakeups == 0


def test_a_missed_goal_is_shown() -> None:
    """Whoever reads the table sees which promise was broken."""
    medians = {"floor": 1.0, "supervisord": 9.0}
    good = rows.at_most("latency", "ms", {**medians, "watchdog": 2.0}, 3.0, "<= 3x floor")
    bad = rows.at_most("latency", "ms", {**medians, "watchdog": 4.0}, 3.0, "<= 3x floor")
    assert (good.held, bad.held) == (True, False)
    shown = rows.render([good, bad]).splitlines()
    assert shown[1].endswith("yes") and shown[2].endswith("NO")
