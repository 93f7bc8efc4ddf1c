"""The end of a failed process waits for the evidence, and never for long."""

from __future__ import annotations

from tests.core.builders import GRACE, Run, policy, probed
from watchdog.core import deadlines
from watchdog.core.effects import Examine, Kill, Signal
from watchdog.core.events import (
    EvidenceOver,
    Examined,
    Exited,
    Hurry,
    Overweight,
    Probed,
    Restart,
    Revoked,
    Spawned,
    Start,
    Stop,
)
from watchdog.core.model import Cause, Exit, Need, Role

WITHIN = 0.4


def hung() -> Run:
    """A process that has just failed its liveness probe for good."""
    run = Run(probed(failure_threshold=1)).up()
    run.program.policy = policy(
        probes=run.program.policy.probes, evidence=WITHIN, needs=frozenset({Need.LEASE})
    )
    run.tell(Probed(1, Role.LIVENESS, False, "no answer"))
    return run


def test_a_hung_process_is_examined_and_then_killed() -> None:
    """SIGKILL comes when the evidence is taken, not before."""
    run = hung()
    assert run.wants(Examine) == [Examine("a", 1, Cause.HANG, WITHIN)]
    assert not run.wants(Kill)
    assert run.tell(Examined(1)) == [Kill("a", 1)]
    assert run.state == "STOPPING"


def test_the_kill_waits_no_longer_than_was_promised() -> None:
    """Evidence that does not come is not waited for beyond its deadline."""
    run = hung()
    assert deadlines.earliest(run.program) == run.now + WITHIN
    assert not run.tell(EvidenceOver(), after=WITHIN - 0.1)
    assert run.tell(EvidenceOver(), after=0.1) == [Kill("a", 1)]
    assert not run.tell(Examined(1)), "it must not be killed twice for one examination"


def test_without_a_time_for_evidence_none_is_taken() -> None:
    """With `evidence` 0 a hung process is killed at once, as ever."""
    run = Run(probed(failure_threshold=1)).up()
    run.tell(Probed(1, Role.LIVENESS, False, "no answer"))
    assert run.wants(Kill) and not run.wants(Examine)


def test_a_process_that_never_came_up_is_examined() -> None:
    """A startup that failed leaves its evidence, too."""
    run = Run(probed(Role.STARTUP, failure_threshold=1)).up()
    run.program.policy = policy(probes=run.program.policy.probes, evidence=WITHIN)
    run.tell(Probed(1, Role.STARTUP, False, "no answer"))
    assert [effect.cause for effect in run.wants(Examine)] == [Cause.STARTUP]


def test_the_grace_begins_when_the_evidence_is_taken() -> None:
    """What outgrew its memory is examined, and then has its whole grace."""
    run = Run(policy(evidence=WITHIN)).up()
    run.tell(Overweight(1, "too big"))
    assert run.wants(Examine) and not run.wants(Signal)
    assert run.tell(Examined(1), after=0.2) == [Signal("a", 1, "TERM", True)]
    assert run.program.kill_at == run.now + GRACE


def test_nobody_who_asks_for_a_stop_waits_for_evidence() -> None:
    """An operator's stop and restart go on at once."""
    for request in (Stop(1), Restart(1)):
        run = Run(policy(evidence=WITHIN)).up()
        run.tell(request)
        assert run.wants(Signal) and not run.wants(Examine)


def test_a_process_that_is_not_born_yet_is_not_examined() -> None:
    """There is nothing to be seen of it."""
    run = Run(policy(evidence=WITHIN))
    run.tell(Start(0))
    run.tell(Overweight(1, "too big"))
    run.tell(Spawned(1, 100))
    assert run.wants(Signal) and not run.wants(Examine)


def test_who_is_in_a_hurry_does_not_wait_for_evidence() -> None:
    """A second SIGTERM, or a lost lease, ends the examination and the process."""
    for event in (Hurry(), Revoked(Need.LEASE, "lost")):
        run = hung()
        assert run.tell(event) == [Kill("a", 1)]
        assert run.program.examine_by is None


def test_what_dies_while_it_is_examined_is_cleared_away() -> None:
    """The end of the main process ends the examination; its tree is killed."""
    run = hung()
    assert run.tell(Exited(1, Exit(1))) == [Kill("a", 1)]
    assert not run.tell(Examined(1))
