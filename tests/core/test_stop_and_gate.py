"""Going down, the start gate, claims, and the answers that operators get."""

from __future__ import annotations

import pytest

from tests.core.builders import GRACE, Run, policy
from watchdog.core.effects import Acquire, Answer, Kill, Release, Signal, Spawn
from watchdog.core.events import (
    Exited,
    GraceOver,
    Granted,
    Hurry,
    Notified,
    Refused,
    Restart,
    Retuned,
    Revoked,
    SendSignal,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    TreeEmpty,
)
from watchdog.core.model import Exit, Need, Outcome, RestartPolicy, StopPolicy

LOCKED = policy(needs=frozenset({Need.LOCK, Need.LEASE}))


def answers(run: Run) -> dict[int, Outcome]:
    """The answers among the last effects."""
    return {answer.request: answer.outcome for answer in run.wants(Answer)}


def gone(run: Run) -> None:
    """The process obeys, and nothing is left."""
    run.tell(Exited(run.incarnation, Exit(signal=15)), TreeEmpty(run.incarnation))


def held(run: Run) -> Run:
    """Started, with lock and lease granted, and spawned."""
    run.tell(Start(0))
    run.tell(Granted(Need.LOCK), Granted(Need.LEASE))
    run.tell(Spawned(1, 100))
    return run


# --- going down -------------------------------------------------------------------------------


def test_stop_is_a_signal_then_a_kill_every_second() -> None:
    """The stop signal, SIGKILL after the grace, and again until the tree is empty."""
    run = Run(policy()).up()
    assert run.tell(Stop(1)) == [Signal("a", 1, "TERM", True)]
    run.tell(GraceOver(), after=GRACE - 0.1)
    assert not run.effects
    run.tell(GraceOver(), after=0.1)
    assert run.effects == [Kill("a", 1)]
    run.tell(GraceOver(), after=1.0)
    assert run.effects == [Kill("a", 1)]
    gone(run)
    assert answers(run) == {1: Outcome.DONE} and run.state == "STOPPED"


def test_main_process_alone_can_get_the_signal() -> None:
    """Scope "main" spares the children the first signal."""
    run = Run(policy(stop=StopPolicy(signal="INT", grace=1.0, scope="main"))).up()
    assert run.tell(Stop(0)) == [Signal("a", 1, "INT", False)]


def test_no_grace_is_a_kill() -> None:
    """A grace of 0 sends no signal first."""
    run = Run(policy(stop=StopPolicy(grace=0.0))).up()
    assert run.tell(Stop(0)) == [Kill("a", 1)]


def test_rest_of_the_tree_has_the_rest_of_the_grace() -> None:
    """The exit of the main process is not the end of the stop."""
    run = Run(policy()).up()
    run.tell(Stop(1))
    run.tell(Exited(1, Exit(0)), after=1.0)
    assert run.state == "STOPPING" and not run.effects
    run.tell(GraceOver(), after=GRACE - 1.0)
    assert run.wants(Kill)


def test_polite_stop_can_be_extended_until_patience_is_lost() -> None:
    """EXTEND_TIMEOUT_USEC moves the kill; after the kill nothing does."""
    run = Run(policy()).up()
    run.tell(Stop(0))
    run.tell(Notified(1, extend=30.0), after=1.0)
    assert run.program.kill_at == 31.0
    run.tell(Hurry())
    run.tell(Notified(1, extend=30.0))
    assert run.wants(Kill) == [] and run.program.kill_at == 2.0


def test_hurry_reaches_the_unborn() -> None:
    """Who is being spawned while patience is lost is killed when it is born."""
    run = Run(policy())
    run.tell(Start(0), Stop(0), Hurry())
    assert run.tell(Spawned(1, 100)) == [Kill("a", 1)]


def test_birth_that_is_told_twice_changes_nothing() -> None:
    """Neither the grace of a stop nor the time of a start begins again."""
    run = Run(policy())
    run.tell(Start(0), Stop(0), Spawned(1, 100))
    run.tell(Spawned(1, 100), after=5.0)
    assert not run.effects and run.program.kill_at == GRACE
    run = Run(policy(start_seconds=3.0)).up()
    run.tell(Spawned(1, 100), after=2.0)
    assert run.program.up_at == 3.0


def test_failed_spawn_that_was_a_birth_is_not_believed() -> None:
    """A contradiction never makes the core believe that the tree is empty."""
    run = Run(policy(start_seconds=3.0)).up()
    run.tell(SpawnFailed(1, Exit()))
    assert run.state == "STARTING" and Need.TREE not in run.program.granted


# --- requests -----------------------------------------------------------------------------------


def test_every_request_is_answered_once() -> None:
    """Two operators, four wishes, four answers."""
    run = Run(policy(start_seconds=1.0)).up()
    run.tell(Restart(1), Start(2), Stop(3), Stop(4))
    assert answers(run) == {1: Outcome.SUPERSEDED, 2: Outcome.SUPERSEDED}
    gone(run)
    assert answers(run) == {3: Outcome.DONE, 4: Outcome.DONE}
    run.tell(Stop(5))
    assert answers(run) == {5: Outcome.NOT_RUNNING}


def test_start_while_stopping_comes_up_after_it() -> None:
    """The stop is done, then the start."""
    run = Run(policy()).up()
    run.tell(Stop(1), Start(2))
    gone(run)
    assert answers(run) == {1: Outcome.DONE} and run.wants(Spawn)
    run.tell(Spawned(2, 100))
    assert answers(run) == {2: Outcome.DONE}


def test_start_that_fails_says_so() -> None:
    """Who asked is told, though the restart policy goes on."""
    run = Run(policy(start_seconds=1.0))
    run.tell(Start(1))
    run.tell(SpawnFailed(1, Exit(detail="no memory")))
    assert answers(run) == {1: Outcome.FAILED}


def test_stop_ends_a_backoff() -> None:
    """A program that would have come back stays down."""
    run = Run(policy(restart=RestartPolicy(initial=5.0))).up()
    run.crash()
    run.tell(Stop(1))
    assert run.state == "STOPPED" and answers(run) == {1: Outcome.DONE}


def test_start_outweighs_a_backoff() -> None:
    """An operator's start is at once, with a clean slate."""
    run = Run(policy(restart=RestartPolicy(initial=5.0))).up()
    run.crash()
    run.tell(Start(1))
    assert run.wants(Spawn) and run.program.attempt == 0


@pytest.mark.parametrize("up", [True, False])
def test_signal_goes_to_a_process_or_nowhere(up: bool) -> None:
    """A signal by hand is sent if there is a process, and changes no state."""
    run = Run(policy())
    if up:
        run.up()
    before = run.state
    run.tell(SendSignal(1, "USR1"))
    assert answers(run) == {1: Outcome.DONE if up else Outcome.NOT_RUNNING}
    assert bool(run.wants(Signal)) is up and run.state == before


# --- the start gate ---------------------------------------------------------------------------


def test_spawn_waits_for_every_need() -> None:
    """Lock and lease are asked for together; one alone is not enough."""
    run = Run(LOCKED)
    run.tell(Start(0))
    assert [effect.need for effect in run.wants(Acquire)] == [Need.LOCK, Need.LEASE]
    run.tell(Granted(Need.LOCK))
    assert run.state == "WAITING" and not run.wants(Spawn)
    run.tell(Granted(Need.LEASE))
    assert run.wants(Spawn)


def test_answer_to_an_abandoned_claim_is_nothing() -> None:
    """Stopped and started again, it does not take the old grant for the new one."""
    run = Run(LOCKED)
    run.tell(Start(0), Stop(0), Start(0))
    old = run.program.claim - 1
    run.tell(Granted(Need.LOCK, claim=old), Granted(Need.LEASE, claim=old))
    assert run.state == "WAITING"


def test_refusal_is_said_and_waited_out_or_final() -> None:
    """Standing by answers WAITING with the reason; a final refusal is FATAL."""
    run = Run(LOCKED)
    run.tell(Start(1))
    run.tell(Refused(Need.LOCK, "held by pid 7"))
    assert answers(run) == {1: Outcome.WAITING} and run.program.reason == "held by pid 7"
    run.tell(Refused(Need.LOCK, "held by pid 7", final=True))
    assert run.state == "FATAL" and run.program.last_exit == Exit(69, detail="held by pid 7")
    assert len(run.wants(Release)) == 2


def test_lost_lease_kills_at_once_and_is_asked_for_again() -> None:
    """There is no grace without the right to run; then it stands by."""
    run = held(Run(LOCKED))
    run.tell(Revoked(Need.LEASE, "expired"))
    assert run.wants(Kill) and not run.wants(Signal)
    gone(run)
    assert run.state == "WAITING"
    assert [effect.need for effect in run.wants(Acquire)] == [Need.LEASE]


def test_lease_that_is_lost_while_stopping_ends_the_grace() -> None:
    """A polite stop turns into a kill, also for a process that is being spawned."""
    run = held(Run(LOCKED))
    run.tell(Stop(0))
    run.tell(Revoked(Need.LEASE, "expired"))
    assert run.wants(Kill)
    run = Run(LOCKED)
    run.tell(Start(0), Granted(Need.LOCK), Granted(Need.LEASE), Stop(0))
    run.tell(Revoked(Need.LEASE, "expired"))
    assert run.tell(Spawned(1, 100)) == [Kill("a", 1)]


def test_lock_is_kept_until_the_tree_is_empty() -> None:
    """A program that retires lets go only when nothing of it lives any more."""
    run = held(Run(policy(needs=LOCKED.needs, restart=RestartPolicy(when="never"))))
    run.tell(Exited(1, Exit(0)))
    assert run.state == "EXITED" and not run.wants(Release)
    run.tell(TreeEmpty(1))
    assert len(run.wants(Release)) == 2


def test_grant_that_is_lost_in_exited_does_not_count() -> None:
    """What was revoked while the last processes lingered is asked for again."""
    run = held(Run(policy(needs=LOCKED.needs, restart=RestartPolicy(when="never"))))
    run.tell(Exited(1, Exit(0)), Revoked(Need.LEASE, "expired"))
    run.tell(Start(0), TreeEmpty(1))
    assert run.state == "WAITING" and not run.wants(Spawn)


def test_reload_frees_who_waits_for_what_it_needs_no_more() -> None:
    """A dependency that left the policy is no bar."""
    run = Run(policy(needs=frozenset({Need.DEPENDENCIES}), depends_on=("b",)))
    run.tell(Start(0))
    run.tell(Retuned(policy()))
    assert run.wants(Spawn)
