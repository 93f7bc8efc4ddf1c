"""What follows a failure, and how soon."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.builders import Run, policy
from watchdog.core import restart
from watchdog.core.deadlines import due
from watchdog.core.effects import Kill, Quit, Spawn
from watchdog.core.events import Exited, RetryDue, Settled, Spawned, SpawnFailed, Start, TreeEmpty
from watchdog.core.model import Exit, RestartPolicy

FINITE = st.floats(0, 1000)


def restarting(**changes: Any) -> RestartPolicy:
    """A restart policy without jitter."""
    return RestartPolicy(**{"jitter": 0.0, **changes})


def test_first_restart_is_immediate_then_delays_double_up_to_the_maximum() -> None:
    """0 s, 1 s, 2 s, 4 s ... and never more than the maximum."""
    of = restarting(maximum=10.0)
    assert [restart.backoff(of, n, 0.5) for n in range(7)] == [0, 1, 2, 4, 8, 10, 10]


def test_initial_delay_grows_by_the_factor() -> None:
    """With an initial delay, that is what is multiplied."""
    of = restarting(initial=0.5, factor=3.0)
    assert [restart.backoff(of, n, 0.5) for n in range(4)] == [0.5, 1.5, 4.5, 13.5]


def test_initial_above_maximum_is_cut() -> None:
    """The maximum holds for the first delay too."""
    assert restart.backoff(restarting(initial=50.0, maximum=4.0), 0, 0.5) == 4.0


def test_thousands_of_failures_do_not_overflow() -> None:
    """The delay stays at the maximum however often it failed."""
    of = restarting(maximum=300.0)
    assert restart.backoff(of, 100_000, 0.5) == 300.0
    assert restart.slow_backoff(of, 100_000, 0.5) == 300.0


@given(FINITE, st.integers(0, 50), st.floats(0, 1), st.floats(0, 1, exclude_max=True))
def test_jitter_stays_within_its_fraction(
    initial: float, attempt: int, jitter: float, chance: float
) -> None:
    """Chance moves a delay by the jitter at most, and never above the maximum."""
    of = RestartPolicy(initial=initial, jitter=jitter, maximum=60.0)
    nominal = restart.backoff(restarting(initial=initial, maximum=60.0), attempt, 0.5)
    delay = restart.backoff(of, attempt, chance)
    assert nominal * (1 - jitter) - 1e-9 <= delay <= min(60.0, nominal * (1 + jitter)) + 1e-9


def test_crashes_are_spaced_by_the_backoff() -> None:
    """At once, then after 1 s, then after 2 s, and not a moment before."""
    run = Run(policy(restart=restarting())).up()
    run.crash()
    assert run.state == "STARTING" and run.incarnation == 2
    for delay in (1.0, 2.0, 4.0):
        run.tell(Spawned(run.incarnation, 1))
        run.crash()
        assert run.state == "BACKOFF"
        assert due(run.program, run.now + delay - 0.001) is None
        assert due(run.program, run.now + delay) == RetryDue()
        run.tell(RetryDue(), after=delay)
        assert run.state == "STARTING"


def test_health_lets_the_backoff_begin_anew() -> None:
    """After `reset_after` seconds in health, the next failure is a first one."""
    run = Run(policy(restart=restarting(reset_after=60.0))).up()
    run.crash()
    run.tell(Spawned(2, 1))
    run.tell(Settled(), after=59.9)
    assert run.program.attempt == 1
    run.tell(Settled(), after=0.1)
    run.crash()
    assert run.state == "STARTING"


def test_crash_loop_is_held_and_tried_again_at_the_maximum() -> None:
    """Beyond the limit the program is FATAL, and comes back after the maximum."""
    run = Run(policy(restart=restarting(limit=1, maximum=30.0))).up()
    run.crash()
    run.tell(Spawned(2, 1))
    run.crash()
    assert run.state == "FATAL" and "1 restarts within" in run.program.reason
    run.tell(RetryDue(), after=29.0)
    assert run.state == "FATAL"
    run.tell(RetryDue(), after=1.0)
    assert run.wants(Spawn)


def test_failures_outside_the_window_do_not_count() -> None:
    """The limit is one within a window."""
    run = Run(policy(restart=restarting(limit=1, within=10.0, reset_after=5.0))).up()
    run.crash()
    run.tell(Spawned(2, 1))
    run.tell(Settled(), after=10.0)
    run.crash()
    assert run.state == "STARTING"


def test_crash_loop_ends_the_watchdog_where_then_is_exit() -> None:
    """With then = "exit" the child's own code travels upward."""
    run = Run(policy(restart=restarting(limit=0, then="exit"))).up()
    run.crash(code=3)
    assert run.state == "FATAL"
    assert Quit("a", 3) in run.effects


def test_limit_zero_allows_no_immediate_restart() -> None:
    """With a limit of 0 even the first failure waits for the maximum."""
    run = Run(policy(restart=restarting(limit=0, maximum=5.0))).up()
    run.crash()
    assert run.state == "FATAL" and run.program.retry_at == 5.0


@pytest.mark.parametrize(
    ("when", "code", "state"),
    [
        ("always", 0, "STARTING"),
        ("always", 1, "STARTING"),
        ("always", None, "STARTING"),
        ("always", 77, "FATAL"),
        ("always", 75, "BACKOFF"),
        ("on-failure", 0, "EXITED"),
        ("on-failure", 1, "STARTING"),
        ("on-failure", None, "STARTING"),
        ("on-failure", 77, "FATAL"),
        ("on-failure", 75, "BACKOFF"),
        ("never", 0, "EXITED"),
        ("never", 1, "EXITED"),
        ("never", 75, "EXITED"),
        ("never", 77, "FATAL"),
    ],
)
def test_exit_code_and_policy_decide(when: str, code: int | None, state: str) -> None:
    """Success, fatal and slow codes mean what the policy says."""
    run = Run(policy(restart=restarting(when=when))).up()
    run.crash(code)
    assert run.state == state


def test_fatal_code_says_where_it_is_listed() -> None:
    """FATAL by an exit code names the list that says so, behind what the process said."""
    run = Run(policy()).up()
    run.tell(Exited(1, Exit(77, detail="exit status 77: refused")))
    assert run.state == "FATAL"
    assert run.program.reason == "exit status 77: refused; exit code 77 is in exit_codes.fatal"


def test_slow_codes_wait_long_and_longer() -> None:
    """An exit that asks for patience gets 60 s, then 120 s, outside the crash-loop limit."""
    run = Run(policy(restart=restarting(limit=0))).up()
    for delay in (60.0, 120.0, 240.0, 300.0):
        run.crash(75)
        assert run.state == "BACKOFF" and run.program.retry_at == run.now + delay
        run.tell(RetryDue(), after=delay)
        run.tell(Spawned(run.incarnation, 1))


def test_spawn_that_fails_is_a_failure_like_any_other() -> None:
    """A spawn that fails backs off; one whose command is missing is FATAL."""
    run = Run(policy(restart=restarting()))
    run.tell(Start(0))
    run.tell(SpawnFailed(1, Exit(detail="no memory")))
    run.tell(SpawnFailed(2, Exit(detail="no memory")))
    assert run.state == "BACKOFF"
    run.tell(RetryDue(), after=1.0)
    run.tell(SpawnFailed(3, Exit(127, detail="not found")))
    assert run.state == "FATAL" and run.program.retry_at is None


def test_restart_waits_for_the_old_tree() -> None:
    """What a crashed process left behind is killed, and nothing is spawned before it is gone."""
    run = Run(policy(restart=restarting())).up()
    run.tell(Exited(1, Exit(1)))
    assert run.wants(Kill) and not run.wants(Spawn) and run.state == "WAITING"
    run.tell(TreeEmpty(1))
    assert run.wants(Spawn)


@pytest.mark.parametrize(
    ("exit", "code"),
    [(Exit(3), 3), (Exit(0), 0), (Exit(signal=9), 137), (Exit(), 1), (None, 1)],
)
def test_exit_code_upward(exit: Exit | None, code: int) -> None:
    """A signal becomes 128 and its number, as in a shell; the unknown becomes 1."""
    assert restart.exit_code_upward(exit) == code
