"""The restart rules that come with a supervisord.conf: coming up, and ending as it should."""

from __future__ import annotations

from watchdog.core.effects import Signal, Spawn
from watchdog.core.events import (
    Exited,
    RetryDue,
    Spawned,
    SpawnFailed,
    Start,
    StartupOver,
    Stop,
    TreeEmpty,
)
from watchdog.core.model import Exit, RestartPolicy, State, StopPolicy

from .builders import Run, policy


def supervisors(**changes: object) -> RestartPolicy:
    """As the reader of supervisord.conf translates the defaults."""
    fields = {
        "when": "on-failure",
        "jitter": 0.0,
        "limit": 1_000_000,
        "within": 0.01,
        "maximum": 60.0,
        "reset_after": 10.0,
        "start_retries": 3,
        "after_success": 1.0,
    }
    return RestartPolicy(**{**fields, **changes})  # type: ignore[arg-type]


def end(run: Run, code: int, after: float) -> None:
    """The process ends, and nothing is left of it."""
    incarnation = run.program.incarnation
    run.tell(Exited(incarnation, Exit(code=code)), after=after)
    run.tell(TreeEmpty(incarnation))


def spawned(run: Run) -> None:
    """The next process is there."""
    run.tell(Spawned(run.program.incarnation, 100))


def test_one_that_does_not_come_up_is_tried_again_after_one_two_three_seconds() -> None:
    """Whatever its exit code: startretries attempts, one second more each time, then FATAL."""
    run = Run(policy(restart=supervisors(), start_seconds=1.0))
    run.tell(Start(0))
    waits = []
    for _ in range(3):
        spawned(run)
        end(run, code=0, after=0.5)
        assert run.program.state is State.BACKOFF
        assert run.program.retry_at is not None
        waits.append(run.program.retry_at - run.now)
        run.tell(RetryDue(), after=waits[-1])
    spawned(run)
    end(run, code=0, after=0.5)
    assert waits == [1.0, 2.0, 3.0]
    assert run.program.state is State.FATAL
    assert run.program.retry_at is None


def test_a_spawn_that_fails_counts_as_one() -> None:
    """A command that does not exist is tried startretries times, too."""
    run = Run(policy(restart=supervisors(start_retries=0), start_seconds=1.0))
    run.tell(Start(0))
    run.tell(SpawnFailed(run.program.incarnation, Exit(detail="no such file")))
    assert run.program.state is State.FATAL


def test_coming_up_ends_the_row() -> None:
    """After it was RUNNING the next failure to come up is a first one again."""
    run = Run(policy(restart=supervisors(), start_seconds=1.0))
    run.tell(Start(0))
    spawned(run)
    end(run, code=1, after=0.5)
    run.tell(RetryDue(), after=1.0)
    spawned(run)
    run.tell(StartupOver(), after=1.0)
    assert run.program.state is State.RUNNING
    end(run, code=1, after=20.0)
    assert run.program.state is State.STARTING, "a failure after that is answered at once"
    spawned(run)
    end(run, code=1, after=0.1)
    assert run.program.retry_at == run.now + 1.0


def test_an_expected_end_is_answered_at_once_but_once_a_second() -> None:
    """autorestart=true with exit code 0: at once after a long life, never faster than the pace."""
    run = Run(policy(restart=supervisors(when="always"), start_seconds=0.0))
    run.tell(Start(0))
    for _ in range(20):
        spawned(run)
        end(run, code=0, after=5.0)
        assert run.program.state is State.STARTING, "no growing delay"
    spawned(run)
    end(run, code=0, after=0.25)
    assert run.program.state is State.BACKOFF
    assert run.program.retry_at == run.now + 0.75


def test_an_unexpected_end_in_a_row_is_answered_ever_more_slowly() -> None:
    """A crash loop after startsecs is no hot loop: 0, 1, 2, 4 ... 60 s, and never FATAL."""
    run = Run(policy(restart=supervisors(when="always"), start_seconds=0.0))
    run.tell(Start(0))
    waits = []
    for _ in range(10):
        spawned(run)
        end(run, code=1, after=2.0)
        wait = 0.0 if run.program.retry_at is None else run.program.retry_at - run.now
        waits.append(wait)
        if wait:
            run.tell(RetryDue(), after=wait)
        assert any(isinstance(effect, Spawn) for effect in run.effects) or not wait
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0, 60.0]


def test_what_the_main_process_leaves_hears_the_stop_signal_then() -> None:
    """With stopasgroup=false the main process is told first, and its rest once it is gone."""
    run = Run(policy(stop=StopPolicy(signal="INT", grace=10.0, scope="main"), start_seconds=0.0))
    run.up()
    incarnation = run.program.incarnation
    first = run.tell(Stop(0))
    assert Signal("a", incarnation, "INT", False) in first
    then = run.tell(Exited(incarnation, Exit(code=0)))
    assert Signal("a", incarnation, "INT", True) in then
