"""The fuzzer finds nothing, is quick enough, and its failures can be replayed."""

from __future__ import annotations

import time

import pytest

from tests.simulation import fuzz
from tests.simulation.episode import run, shrink
from tests.simulation.faults import KINDS
from tests.simulation.mutants_of_life import never_kills

FAULTS = 30_000
LEAST_RATE = 100_000  # faults a minute of processor time


def test_no_promise_is_broken_and_the_rate_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    """Tens of thousands of faults break no promise, at 100,000 a minute or more."""
    begun = time.process_time()
    assert fuzz.fuzz(seed=20_001, faults=FAULTS) == 0, capsys.readouterr().out
    rate = FAULTS / (time.process_time() - begun) * 60
    assert rate > LEAST_RATE


def test_same_seed_same_story() -> None:
    """An episode is a function of its seed."""
    assert run(7, trace=True).trace == run(7, trace=True).trace


def test_every_kind_of_fault_is_met() -> None:
    """No kind of fault has fallen out of the scripts."""
    traces = [line for seed in range(40) for line in run(seed, trace=True).trace]
    met = {line.split()[3] for line in traces if " FAULT " in line}
    assert met >= set(KINDS)


def test_failure_is_shrunk_and_replayed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A broken promise comes with a short list of faults and the command that shows it again."""
    never_kills(monkeypatch)
    failure = next(found for seed in range(1, 100) if (found := run(seed).failure))
    small = shrink(failure)
    assert small.rule == failure.rule and len(small.faults) < 20
    only = ",".join(str(number) for number in small.faults)
    assert fuzz.main(["--seed", str(small.seed), "--only", only]) == 1
    assert "BROKEN" in capsys.readouterr().out
