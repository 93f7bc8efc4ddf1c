"""The user's commands around a process: what waits for them, for how long, and what they decide."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from tests.core.builders import GRACE, Run, policy, probed
from watchdog.core import deadlines
from watchdog.core.effects import Answer, EndHook, Kill, Release, RunHook, Signal, Spawn
from watchdog.core.events import (
    Adopted,
    Bereaved,
    Exited,
    Granted,
    HookDone,
    HookFound,
    HookOver,
    Hurry,
    Notified,
    Overweight,
    Probed,
    Restart,
    Revoked,
    Spawned,
    Start,
    Stop,
    TreeEmpty,
)
from watchdog.core.model import Cause, Exit, Hook, HookPolicy, Need, Policy, RestartPolicy, Role

PASSED, FAILED, KILLED = Exit(0), Exit(3, detail="exit status 3"), Exit(signal=9)
PRE_START, POST_START, PRE_STOP, POST_EXIT = Hook


def hooked(*hooks: Hook, on_failure: Any = "fail", **changes: Any) -> Policy:
    """A policy with these hooks, each of which has 5 s."""
    plain = changes.pop("of", None) or policy(**changes)
    return replace(plain, hooks={hook: HookPolicy(5.0, on_failure) for hook in hooks})


def done(hook: Hook, exit: Exit = PASSED, incarnation: int = 1) -> HookDone:
    """The hook is over."""
    return HookDone(incarnation, hook, exit)


def up(*hooks: Hook, **changes: Any) -> Run:
    """A program that is RUNNING; its pre_start has passed, its post_start too."""
    run = Run(hooked(*hooks, **changes))
    run.tell(Start(0))
    if PRE_START in hooks:
        run.tell(done(PRE_START))
    run.tell(Spawned(1, 100))
    if POST_START in hooks:
        run.tell(done(POST_START))
    assert run.state == "RUNNING"
    return run


# --- pre_start ----------------------------------------------------------------------------------


def test_the_spawn_waits_for_pre_start() -> None:
    """With the hook the program is STARTING, and spawned once it has passed."""
    run = Run(hooked(PRE_START))
    run.tell(Start(1))
    assert [effect.hook for effect in run.wants(RunHook)] == [PRE_START]
    assert not run.wants(Spawn)
    assert (run.state, run.program.reason) == ("STARTING", "pre_start hook is running")
    assert run.tell(done(PRE_START)) == [Spawn("a", 1)]
    assert run.program.reason == ""


def test_pre_start_runs_with_all_that_the_program_needs() -> None:
    """Neither a lock that is still asked for nor an old tree is beside it."""
    run = Run(hooked(PRE_START, needs=frozenset({Need.LOCK})))
    run.tell(Start(0))
    assert not run.wants(RunHook)
    run.tell(Granted(Need.LOCK))
    assert run.wants(RunHook)


def test_a_failed_pre_start_is_a_failed_start() -> None:
    """The restart policy decides, with the cause and the reason of the hook."""
    run = Run(hooked(PRE_START, restart=RestartPolicy(initial=2.0, jitter=0.0)))
    run.tell(Start(1))
    run.tell(done(PRE_START, FAILED))
    assert (run.state, run.program.cause) == ("BACKOFF", Cause.HOOK)
    assert run.program.reason == "pre_start hook: exit status 3"
    assert run.program.retry_at == run.now + 2.0
    assert not run.wants(Spawn) and run.wants(Answer)


def test_a_fatal_exit_code_of_pre_start_is_final() -> None:
    """A migration that says that a restart cannot help is believed."""
    run = Run(hooked(PRE_START))
    run.tell(Start(0))
    run.tell(done(PRE_START, Exit(78, detail="exit status 78")))
    assert run.state == "FATAL" and run.program.retry_at is None


def test_a_success_code_that_is_not_0_does_not_pass() -> None:
    """`exit_codes.success` speaks of the program, not of its hooks."""
    codes = policy().exit_codes
    run = Run(
        hooked(
            PRE_START,
            exit_codes=replace(codes, success=(0, 3)),
            restart=RestartPolicy(when="on-failure", initial=1.0),
        )
    )
    run.tell(Start(0))
    run.tell(done(PRE_START, FAILED))
    assert run.state == "BACKOFF"


def test_pre_start_may_be_allowed_to_fail() -> None:
    """With `on_failure = "ignore"` the program is started all the same."""
    run = Run(hooked(PRE_START, on_failure="ignore"))
    run.tell(Start(0))
    assert run.tell(done(PRE_START, FAILED)) == [Spawn("a", 1)]


def test_pre_start_is_killed_at_its_timeout_and_nothing_begins_before_it_is_gone() -> None:
    """A migration never runs twice at once, not even if it will not die."""
    run = Run(hooked(PRE_START))
    run.tell(Start(0))
    assert deadlines.earliest(run.program) == 5.0
    assert run.tell(HookOver(), after=5.0) == [EndHook("a", 1, PRE_START, "KILL")]
    assert run.state == "STARTING"
    assert run.tell(HookOver(), after=1.0) == [EndHook("a", 1, PRE_START, "KILL")], "once more"
    run.tell(done(PRE_START, KILLED))
    assert run.program.last_exit is not None
    assert run.program.last_exit.detail == "pre_start hook: no end within 5 s"
    assert [effect.incarnation for effect in run.wants(RunHook)] == [2], (
        "the first retry is at once"
    )


def test_a_stop_ends_pre_start_politely_and_waits_for_its_end() -> None:
    """It has the grace of a process; what is held is let go of when it is gone."""
    run = Run(hooked(PRE_START, needs=frozenset({Need.LOCK})))
    run.tell(Start(0), Granted(Need.LOCK))
    assert run.tell(Stop(1)) == [EndHook("a", 1, PRE_START, "TERM")]
    assert run.program.hook_by == 5.0, "its own timeout is nearer than the grace"
    run.tell(done(PRE_START, KILLED))
    assert run.state == "STOPPED"
    assert run.wants(Release) and [one.request for one in run.wants(Answer)] == [1]


def test_a_lost_lease_kills_pre_start() -> None:
    """Without the right to run there is no right to migrate either."""
    run = Run(hooked(PRE_START, needs=frozenset({Need.LEASE})))
    run.tell(Start(0), Granted(Need.LEASE))
    assert run.tell(Revoked(Need.LEASE, "lost")) == [EndHook("a", 1, PRE_START, "KILL")]


def test_late_and_foreign_answers_are_discarded() -> None:
    """What is said of another incarnation's hook, or of another hook, changes nothing."""
    run = Run(hooked(PRE_START))
    run.tell(Start(0))
    before = run.program
    for event in (done(PRE_START, incarnation=0), done(POST_EXIT), HookOver()):
        assert not run.tell(event)
        assert run.program == before


# --- post_start ---------------------------------------------------------------------------------


def test_post_start_runs_when_it_is_up_and_nothing_waits_for_it() -> None:
    """Whoever asked for the start has the answer before the hook is over."""
    run = Run(hooked(POST_START, start_seconds=0.0))
    run.tell(Start(1), Spawned(1, 100))
    assert [(e.hook, e.pid) for e in run.wants(RunHook)] == [(POST_START, 100)]
    assert [effect.request for effect in run.wants(Answer)] == [1]


def test_a_failed_post_start_is_told_and_no_more() -> None:
    """By `on_failure = "ignore"` the process lives on; by "fail" it is ended for it."""
    run = Run(hooked(POST_START, on_failure="ignore")).up()
    assert not run.tell(done(POST_START, FAILED))
    assert run.state == "RUNNING"
    run = Run(hooked(POST_START)).up()
    run.tell(done(POST_START, FAILED))
    assert run.wants(Signal) and run.program.cause is Cause.HOOK


def test_post_start_ends_with_its_process() -> None:
    """A stop, or the end of the process, kills it."""
    for event in (Stop(0), Exited(1, Exit(1))):
        run = Run(hooked(POST_START)).up()
        run.tell(event)
        assert run.wants(EndHook) == [EndHook("a", 1, POST_START, "KILL")]


def test_an_adopted_process_is_not_greeted_again() -> None:
    """Its post_start ran under the watchdog that started it."""
    run = Run(hooked(POST_START))
    run.tell(Adopted(4, 100, 0.0, up=True))
    assert run.state == "RUNNING" and not run.wants(RunHook)


# --- pre_stop -----------------------------------------------------------------------------------


def test_the_stop_signal_waits_for_pre_stop() -> None:
    """The process lives while the hook runs, and has its whole grace after it."""
    for request in (Stop(1), Restart(1), Overweight(1, "too big")):
        run = up(PRE_STOP)
        run.tell(request)
        assert run.wants(RunHook) and not run.wants(Signal)
        assert run.tell(done(PRE_STOP), after=2.0) == [Signal("a", 1, "TERM", True)]
        assert run.program.kill_at == run.now + GRACE


def test_pre_stop_delays_the_signal_by_its_timeout_at_most() -> None:
    """When its time is over it is killed, and the stop signal sent beside that."""
    run = up(PRE_STOP)
    run.tell(Stop(1))
    effects = run.tell(HookOver(), after=5.0)
    assert effects == [EndHook("a", 1, PRE_STOP, "KILL"), Signal("a", 1, "TERM", True)]
    assert not run.tell(done(PRE_STOP, KILLED))


def test_pre_stop_never_delays_a_kill() -> None:
    """Neither a hang nor a lost lease waits for a hook; nor does who joins in make it wait."""
    of = probed(Role.LIVENESS, failure_threshold=1)
    run = Run(hooked(PRE_STOP, of=of)).up()
    run.tell(Probed(1, Role.LIVENESS, False, "no answer"))
    assert run.wants(Kill) and not run.wants(RunHook)
    run = up(PRE_STOP, needs=frozenset())
    run.tell(Revoked(Need.LEASE, "lost"))
    assert run.wants(Kill) and not run.wants(RunHook)
    of = replace(probed(failure_threshold=1), evidence=1.0)
    run = Run(hooked(PRE_STOP, of=of)).up()
    run.tell(Probed(1, Role.LIVENESS, False, "no answer"), Restart(1))
    assert not run.wants(RunHook)


def test_a_second_stop_ends_pre_stop() -> None:
    """Who is in a hurry gets the kill of both at once."""
    run = up(PRE_STOP)
    run.tell(Stop(1))
    assert run.tell(Hurry()) == [EndHook("a", 1, PRE_STOP, "KILL"), Kill("a", 1)]


def test_what_was_never_up_gets_no_pre_stop() -> None:
    """There is nothing to be drained of a process that is still starting."""
    run = Run(hooked(PRE_STOP, start_seconds=9.0))
    run.tell(Start(0), Spawned(1, 100))
    run.tell(Stop(1))
    assert run.wants(Signal) and not run.wants(RunHook)


def test_pre_stop_waits_until_post_start_is_gone_and_the_end_does_not_wait_for_two() -> None:
    """One hook at a time, and one timeout for both."""
    run = Run(hooked(POST_START, PRE_STOP)).up()
    run.tell(Stop(1))
    assert run.wants(EndHook) and not run.wants(RunHook)
    run.tell(done(POST_START, KILLED), after=1.0)
    assert [effect.hook for effect in run.wants(RunHook)] == [PRE_STOP]
    assert run.program.hook_by == 5.0


def test_a_process_that_goes_by_itself_during_pre_stop() -> None:
    """Where the hook ends it, the hook may finish; what the process left gets the stop signal."""
    run = up(PRE_STOP)
    run.tell(Stop(1))
    assert not run.tell(Exited(1, Exit(0)))
    assert run.tell(done(PRE_STOP)) == [Signal("a", 1, "TERM", True)]


# --- post_exit ----------------------------------------------------------------------------------


def test_the_next_spawn_waits_for_post_exit() -> None:
    """However it ended, its end is told first, with the exit."""
    run = up(POST_EXIT)
    run.crash(1)
    assert [(e.hook, e.exit) for e in run.wants(RunHook)] == [(POST_EXIT, Exit(1))]
    assert (run.state, run.program.reason) == ("WAITING", "post_exit hook is running")
    assert not run.wants(Spawn)
    assert run.tell(done(POST_EXIT)) == [Spawn("a", 2)]


def test_a_stop_is_answered_after_post_exit() -> None:
    """Who was told that it is down finds nothing of it, and the lock let go."""
    run = Run(hooked(POST_EXIT, needs=frozenset({Need.LOCK})))
    run.tell(Start(0), Granted(Need.LOCK), Spawned(1, 100), Stop(1), Exited(1, Exit(0)))
    run.tell(TreeEmpty(1))
    assert run.wants(RunHook) and not run.wants(Answer) and not run.wants(Release)
    run.tell(done(POST_EXIT, FAILED))
    assert run.state == "STOPPED" and run.wants(Answer) and run.wants(Release)


def test_post_exit_runs_once_for_each_process() -> None:
    """A tree that is said to be empty twice is told once, and a start that failed not at all."""
    run = up(POST_EXIT)
    run.crash(1)
    assert not run.tell(TreeEmpty(1))
    run = Run(hooked(PRE_START, POST_EXIT, restart=RestartPolicy(initial=1.0)))
    run.tell(Start(0))
    run.tell(done(PRE_START, FAILED))
    assert run.state == "BACKOFF" and not run.wants(RunHook)


def test_post_exit_is_killed_at_its_timeout() -> None:
    """The next spawn waits for its end, and no hook for ever."""
    run = up(POST_EXIT)
    run.crash(1)
    assert run.tell(HookOver(), after=5.0) == [EndHook("a", 1, POST_EXIT, "KILL")]
    assert run.tell(done(POST_EXIT, KILLED)) == [Spawn("a", 2)]


def test_what_ended_unseen_is_told_by_the_next_watchdog() -> None:
    """Its post_exit hook is run before the next start."""
    run = Run(hooked(POST_EXIT))
    run.tell(Bereaved(7, Exit(detail="unseen")), TreeEmpty(7), Start(0))
    assert run.program.hook is POST_EXIT and run.state == "WAITING"
    run.tell(done(POST_EXIT, incarnation=7))
    assert run.state == "STARTING"


# --- of an earlier watchdog ---------------------------------------------------------------------


def test_nothing_starts_before_an_orphaned_hook_is_gone() -> None:
    """A watchdog that was killed in its pre_start leaves one that is ended first."""
    run = Run(hooked(PRE_START))
    run.tell(HookFound(7, PRE_START), Start(0))
    assert run.state == "WAITING" and not run.wants(RunHook)
    run.tell(done(PRE_START, KILLED, incarnation=7))
    assert [effect.incarnation for effect in run.wants(RunHook)] == [8]


def test_an_orphaned_post_exit_is_run_again() -> None:
    """It was not over, so it is owed."""
    for order in (0, 1):
        run = Run(hooked(POST_EXIT))
        run.tell(HookFound(7, POST_EXIT), Bereaved(7, Exit(detail="unseen")))
        events = [TreeEmpty(7), done(POST_EXIT, KILLED, incarnation=7)]
        run.tell(*events[:: -1 if order else 1])
        assert [effect.hook for effect in run.wants(RunHook)] == [POST_EXIT]


def test_a_program_without_hooks_pays_nothing() -> None:
    """Not one effect or deadline more."""
    run = Run(policy()).up()
    run.tell(Notified(1, beat=True))
    run.crash(1)
    assert not run.wants(RunHook) and deadlines.earliest(run.program) is None
