"""Faults in any order on a real watchdog and its program: 300 of them in every run."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tests.chaos.__main__ import EACH, describe, play

EPISODES = 10
SEED = int(os.environ.get("WATCHDOG_TEST_SEED", "0")) or random.SystemRandom().randrange(10**6)
ROOT = Path(__file__).parents[2]

linux = pytest.mark.skipif(sys.platform != "linux", reason="it is judged by /proc")


@linux
@pytest.mark.timeout(600)
@pytest.mark.parametrize("number", range(EPISODES))
def test_there_are_never_two_whatever_is_killed_or_removed(number: int) -> None:
    """After each batch of faults one process runs, at the end none, and never were there two."""
    report, text = play(SEED + number, EACH)
    print(describe(report))
    assert not report.violation, f"{describe(report)}\n{text}"
    assert report.faults == EACH
    assert report.trees > 1


@linux
def test_a_broken_promise_is_reported_with_its_seed() -> None:
    """An episode whose program is started twice behind the watchdog's back fails, and says so."""
    with tempfile.TemporaryDirectory(prefix="wd") as place:  # short, for sockets are made in it
        done = subprocess.run(
            [sys.executable, "-m", "tests.chaos", "--faults", "2", "--seed", "3", "--jobs", "1"],
            cwd=ROOT,
            env={**os.environ, "WATCHDOG_TEST_INTRUDER": "1", "TMPDIR": place},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
        )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "two lived at once" in done.stdout
    assert "again: python -m tests.chaos --faults 2 --seed 3" in done.stdout
