"""Which steps of a program are failures: the real core, driven by hand."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.core.builders import Run, policy, probed
from watchdog.core.events import (
    Bereaved,
    Event,
    Exited,
    Overweight,
    Probed,
    Restart,
    RetryDue,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    TreeEmpty,
)
from watchdog.core.model import Exit, RestartPolicy, Role
from watchdog.incidents.noticing import failure_in, is_well, promise_of

ONCE = RestartPolicy(when="on-failure", jitter=0.0)


def cause_of(run: Run, event: Event) -> str:
    """What the recorder makes of one step."""
    before = run.program
    run.tell(event)
    return failure_in(before, run.program)


@pytest.mark.parametrize("restart", [RestartPolicy(jitter=0.0), RestartPolicy(initial=5.0), ONCE])
def test_a_crash_is_one_failure(restart: RestartPolicy) -> None:
    """However it comes back, one crash is noticed once."""
    run = Run(policy(restart=restart)).up()
    assert cause_of(run, Exited(1, Exit(1))) == "crash"
    assert cause_of(run, TreeEmpty(1)) == ""
    assert cause_of(run, RetryDue()) == ""


def test_a_hang_is_noticed_when_it_is_condemned() -> None:
    """Its end by SIGKILL is no second failure."""
    run = Run(probed(failure_threshold=1)).up()
    assert cause_of(run, Probed(1, Role.LIVENESS, False, "no answer")) == "hang"
    assert cause_of(run, Exited(1, Exit(signal=9))) == ""
    assert cause_of(run, TreeEmpty(1)) == ""


def test_memory_and_startup_have_causes_of_their_own() -> None:
    """What is ended for its size, or for never coming up, is told apart."""
    assert cause_of(Run(policy()).up(), Overweight(1, "too big")) == "memory"
    run = Run(probed(Role.STARTUP, failure_threshold=1)).up()
    assert cause_of(run, Probed(1, Role.STARTUP, False, "refused")) == "startup"


def test_a_spawn_that_fails_is_noticed() -> None:
    """Whether it is tried again at once, later or never."""
    for restart in (RestartPolicy(jitter=0.0), RestartPolicy(initial=5.0), RestartPolicy(limit=0)):
        run = Run(policy(restart=restart))
        run.tell(Start(0))
        assert cause_of(run, SpawnFailed(1, Exit(1, detail="cannot"))) == "spawn", restart


def test_what_was_asked_for_is_no_failure() -> None:
    """Neither a stop nor a restart by an operator is one."""
    for request in (Stop(1), Restart(1)):
        run = Run(policy()).up()
        assert cause_of(run, request) == ""
        assert cause_of(run, Exited(1, Exit(signal=15))) == ""
        assert cause_of(run, TreeEmpty(1)) == ""


def test_a_job_that_is_done_has_not_failed() -> None:
    """EXITED with a code of success is what was wanted; with another it is not."""
    run = Run(policy(restart=ONCE)).up()
    assert cause_of(run, Exited(1, Exit(0))) == ""
    never = Run(policy(restart=replace(ONCE, when="never"))).up()
    assert cause_of(never, Exited(1, Exit(3))) == "crash"


def test_an_end_that_nobody_saw_is_noticed() -> None:
    """A process of an earlier watchdog that is gone at our start has failed unseen."""
    assert cause_of(Run(policy()), Bereaved(4, Exit(detail="gone"))) == "unseen"


def test_well_is_running_and_not_unhealthy() -> None:
    """Without probes RUNNING is enough; with one it must have passed."""
    run = Run(policy())
    run.tell(Start(0))
    assert not is_well(run.program)
    run.tell(Spawned(1, 100))
    assert is_well(run.program)
    assert not is_well(Run(probed()).up().program)


def test_the_promise_names_the_bound_on_a_hang() -> None:
    """period x threshold + timeout, as the configuration has them."""
    program = Run(probed(period=2.0, timeout=0.5, failure_threshold=3)).up().program
    assert "seen within 6.5 s" in promise_of(program, "hang")
