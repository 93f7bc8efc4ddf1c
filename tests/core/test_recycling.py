"""Processes that are replaced although they are well: when, how, and that it is no failure."""

from __future__ import annotations

from msgspec.structs import replace

from tests.core.builders import GRACE, Run, policy
from watchdog.core import deadlines
from watchdog.core.effects import Examine, Signal, Spawn
from watchdog.core.events import (
    Adopted,
    AgeReached,
    Exited,
    Overweight,
    Recycle,
    Retuned,
    Spawned,
    Start,
    TreeEmpty,
)
from watchdog.core.model import Cause, Exit, Policy, RestartPolicy

AGED = policy(maximum_age=100.0, maximum_age_spread=20.0)


def go(run: Run) -> None:
    """The process heeds its stop signal."""
    n = run.incarnation
    run.tell(Exited(n, Exit(signal=15)), TreeEmpty(n))


def test_a_process_goes_at_its_age_with_its_grace() -> None:
    """It gets the stop signal, and the next one follows at once."""
    run = Run(replace(AGED, maximum_age_spread=0.0)).up()
    assert deadlines.earliest(run.program) == 100.0
    run.tell(AgeReached(), after=100.0)
    assert run.wants(Signal) and run.program.kill_at == run.now + GRACE
    assert (run.program.cause, run.program.reason) == (
        Cause.AGE,
        "100 s old, at most 100 s are allowed",
    )
    go(run)
    assert run.wants(Spawn)


def test_the_spread_makes_it_earlier_and_never_later() -> None:
    """By chance, so that several do not go together."""
    ages = []
    for chance in (0.0, 0.5, 0.99):
        run = Run(AGED)
        run.tell(Start(0))
        run.tell(Spawned(1, 100), chance=chance)
        ages.append(run.program.age_at)
    assert ages == [100.0, 90.0, 100.0 - 20.0 * 0.99]


def test_what_is_too_old_when_it_is_adopted_goes_within_the_spread() -> None:
    """Several that were left alone for a day are not all restarted in one moment."""
    run = Run(AGED, now=1000.0)
    run.tell(Adopted(3, 100, 0.0, up=True), chance=0.25)
    assert run.program.age_at == 1000.0 + 20.0 * 0.25
    run = Run(AGED, now=1000.0)
    run.tell(Adopted(3, 100, 950.0, up=True), chance=0.0)
    assert run.program.age_at == 1050.0, "an adopted process has the age that it has"


def test_a_schedule_restarts_what_is_up() -> None:
    """And nothing else: what is coming up is new, and what is down stays down."""
    run = Run(policy()).up()
    run.tell(Recycle(1, "it is Monday"))
    assert run.wants(Signal)
    assert (run.program.cause, run.program.reason) == (Cause.SCHEDULE, "it is Monday")
    run = Run(policy(start_seconds=5.0)).up()
    assert not run.tell(Recycle(1, "it is Monday")) and run.state == "STARTING"
    run = Run(policy()).up()
    assert not run.tell(Recycle(0, "of another process"))


def planned(of: Policy) -> Run:
    """A process that was replaced as planned."""
    run = Run(of).up()
    run.tell(Recycle(1, "planned"))
    go(run)
    return run


def test_a_planned_restart_is_no_failure() -> None:
    """Neither counted nor delayed, whatever the restart policy says of failures."""
    strict = RestartPolicy(when="never", initial=30.0, limit=0, jitter=0.0)
    run = planned(policy(restart=strict))
    assert run.wants(Spawn)
    assert (run.program.restarts, run.program.attempt, run.program.failures) == (0, 0, ())


def test_processor_time_is_judged_as_memory_is() -> None:
    """Examined first, ended with its grace, and a failure with a cause of its own."""
    run = Run(policy(evidence=0.5)).up()
    run.tell(Overweight(1, "cpu: too much", Cause.CPU))
    assert [effect.cause for effect in run.wants(Examine)] == [Cause.CPU]
    go(run)
    assert run.program.restarts == 1 and run.wants(Spawn)


def test_a_reload_gives_another_age() -> None:
    """It counts for the process that runs, from its start; what did not change is left."""
    run = Run(AGED).up()
    drawn = run.program.age_at
    run.tell(Retuned(replace(AGED, priority=1)), after=5.0, chance=0.9)
    assert run.program.age_at == drawn
    run.tell(Retuned(policy(maximum_age=50.0)))
    assert run.program.age_at == 50.0
    run.tell(Retuned(policy()))
    assert run.program.age_at is None
