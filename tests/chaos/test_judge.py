"""The judge of the chaos sees what it must see."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tests.chaos import judge
from tests.chaos.judge import Life
from tests.chaos.living import LIFE
from tests.system.harness import wait_until

LIVES = some.lists(
    some.builds(
        lambda begun, length, tree, pid: Life(begun, begun + length, pid, tree, 0),
        some.integers(0, 60),
        some.integers(0, 20),
        some.integers(1, 4),
        some.integers(1, 10**6),
    ),
    max_size=12,
)


@given(LIVES)
def test_every_overlap_is_found_and_no_other(lives: list[Life]) -> None:
    """Two lives of different trees that share more than one instant are an overlap."""
    wanted = sum(
        one.tree != other.tree and min(one.last, other.last) > max(one.begun, other.begun)
        for number, one in enumerate(lives)
        for other in lives[:number]
    )
    found = judge.find_overlaps(lives)
    assert len([overlap for overlap in found if overlap.milliseconds > 0]) == wanted


def start(place: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-S", "-E", str(LIFE), str(place)], stdout=subprocess.DEVNULL
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "lives").mkdir()
    (tmp_path / "mood").write_text("")
    return tmp_path


def wait_lives(place: Path, count: int) -> None:
    wait_until(lambda: len(judge.read_lives(place)) == count, f"{count} lives")


def test_two_real_lives_are_measured(place: Path) -> None:
    """Both witnesses tell of two that live together for a fifth of a second, one how long."""
    first = start(place)
    try:
        wait_lives(place, 1)
        second = start(place)
        try:
            wait_lives(place, 2)
            time.sleep(0.2)
        finally:
            second.kill()
            second.wait()
        verdict = judge.judge(place)
        assert not verdict.never_two
        assert verdict.worst >= 150
        assert len(verdict.doubles) == 1
    finally:
        first.kill()
        first.wait()


def test_one_after_the_other_is_no_overlap(place: Path) -> None:
    """A life that begins when the last one is dead shares no moment with it."""
    for count in (1, 2, 3):
        process = start(place)
        wait_lives(place, count)
        process.kill()
        process.wait()
    verdict = judge.judge(place)
    assert verdict.never_two
    assert (verdict.lives, verdict.trees) == (3, 3)


def test_a_stopped_life_still_counts(place: Path) -> None:
    """A process that is stopped writes no stamps; the gate that it holds tells of it."""
    first = start(place)
    try:
        wait_lives(place, 1)
        os.kill(first.pid, signal.SIGSTOP)
        time.sleep(0.05)
        second = start(place)
        try:
            wait_until(lambda: judge.judge(place).doubles, "the gate")
        finally:
            second.kill()
            second.wait()
    finally:
        first.kill()
        first.wait()
