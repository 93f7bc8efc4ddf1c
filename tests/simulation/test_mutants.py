"""The simulation is worth something: it catches every known mistake, within a small budget."""

from __future__ import annotations

import pytest

from tests.simulation import (
    mutants_of_hooks,
    mutants_of_judgement,
    mutants_of_life,
    mutants_of_rolling,
)
from tests.simulation.episode import Failure, run
from tests.simulation.mutation import Mutant, mutants_in

MUTANTS = (
    mutants_in(mutants_of_life)
    + mutants_in(mutants_of_judgement)
    + mutants_in(mutants_of_hooks)
    + mutants_in(mutants_of_rolling)
)
SEEDS = range(1, 451)  # the budget: at most so many episodes for each mutant


def first_failure() -> Failure | None:
    """The first promise that is broken within the budget."""
    failures = (run(seed).failure for seed in SEEDS)
    return next((failure for failure in failures if failure), None)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_mutant_is_caught(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    """A core with this mistake breaks a promise."""
    mutant(monkeypatch)
    failure = first_failure()
    assert failure is not None, f"survived {len(SEEDS)} episodes: {mutant.__doc__}"
    assert not failure.rule.startswith("raises"), f"no mistake, but nonsense: {failure.text}"


def test_core_survives_the_same_episodes() -> None:
    """The core as it is breaks no promise in the episodes that unmask the mutants."""
    assert first_failure() is None
