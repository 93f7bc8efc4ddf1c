"""Health verdicts, startup, heartbeats, and what a process says of itself."""

from __future__ import annotations

import pytest

from tests.core.builders import GRACE, Run, policy, probed
from watchdog.core.deadlines import due, earliest
from watchdog.core.effects import Kill, Probe, Signal, Spawn, StopProbing
from watchdog.core.events import (
    BeatMissed,
    Event,
    Notified,
    Probed,
    ProbeDue,
    Retuned,
    Spawned,
    Start,
    StartupOver,
)
from watchdog.core.model import Health, ProbePolicy, Role


def results(run: Run, role: Role, *oks: bool) -> None:
    """Results of the present incarnation, one after the other."""
    run.tell(*(Probed(run.incarnation, role, ok, "" if ok else "503") for ok in oks))


def test_liveness_needs_so_many_failures_in_a_row() -> None:
    """A success in between begins the count anew; the third failure in a row is a hang."""
    run = Run(probed()).up()
    results(run, Role.LIVENESS, False, False, True, False, False)
    assert run.state == "RUNNING"
    results(run, Role.LIVENESS, False)
    assert run.wants(Kill) and run.wants(StopProbing)
    assert run.program.reason == "3 of 3 probes failed: 503"


def test_hang_gets_the_grace_of_its_probe() -> None:
    """Where the probe has a grace, a hang is first asked to go."""
    run = Run(probed(grace=2.0, failure_threshold=1)).up()
    results(run, Role.LIVENESS, False)
    assert run.wants(Signal) and not run.wants(Kill)
    assert run.program.kill_at == 2.0


def test_counts_do_not_outlive_the_incarnation() -> None:
    """A new incarnation begins with no failures, and late results of the old one are nothing."""
    run = Run(probed()).up()
    results(run, Role.LIVENESS, False, False)
    run.crash()
    run.tell(Spawned(2, 1))
    run.tell(*[Probed(1, Role.LIVENESS, False)] * 5)
    results(run, Role.LIVENESS, False, False)
    assert run.state == "RUNNING"


def test_readiness_only_shows() -> None:
    """A readiness verdict never ends the process; it says whether dependents may start."""
    run = Run(probed(Role.READINESS, failure_threshold=1, success_threshold=2)).up()
    results(run, Role.READINESS, True)
    assert not run.program.ready
    results(run, Role.READINESS, True)
    assert run.program.ready and run.program.health is Health.HEALTHY
    results(run, Role.READINESS, False)
    assert not run.program.ready and run.program.health is Health.UNHEALTHY
    assert run.state == "RUNNING"


def test_probe_keeps_its_period_and_catches_nothing_up() -> None:
    """Probes are a period apart; after a long pause there is one, not a hundred."""
    run = Run(probed()).up()
    run.tell(ProbeDue(Role.LIVENESS), after=0.25)
    assert len(run.wants(Probe)) == 1 and earliest(run.program) == 1.0
    run.tell(ProbeDue(Role.LIVENESS), after=100.0)
    assert earliest(run.program) == 101.25


def test_startup_probe_brings_it_up() -> None:
    """The first pass makes it RUNNING; liveness waits for that, and for one period."""
    of = probed(Role.STARTUP)
    run = Run(policy(probes={**of.probes, Role.LIVENESS: ProbePolicy(period=5.0)})).up()
    assert run.state == "STARTING" and run.program.health is Health.STARTING
    run.tell(ProbeDue(Role.LIVENESS))
    assert not run.effects
    results(run, Role.STARTUP, False, True)
    assert run.state == "RUNNING" and run.program.checks[Role.LIVENESS].due == 5.0


def test_startup_that_never_passes_is_killed() -> None:
    """So many failures are the whole grace of a start."""
    run = Run(probed(Role.STARTUP)).up()
    results(run, Role.STARTUP, False, False, False)
    assert run.wants(Kill) and "not up after" in run.program.reason


def test_startup_grace_restarts_with_each_incarnation() -> None:
    """The second incarnation has as many attempts as the first."""
    run = Run(probed(Role.STARTUP)).up()
    results(run, Role.STARTUP, False, False)
    run.crash()
    run.tell(Spawned(2, 1))
    results(run, Role.STARTUP, False, False)
    assert run.state == "STARTING"


def test_start_seconds_make_it_running() -> None:
    """With no probe it is RUNNING when it lived long enough, and with 0 at once."""
    run = Run(policy(start_seconds=2.0)).up()
    run.tell(StartupOver(), after=1.9)
    assert run.state == "STARTING"
    run.tell(StartupOver(), after=0.1)
    assert run.state == "RUNNING" and run.program.health is Health.UNKNOWN
    assert Run(policy()).up().state == "RUNNING"


def test_ready_must_be_said_in_time() -> None:
    """READY=1 brings it up; silence ends it, and each incarnation has its own time."""
    run = Run(policy(ready_within=5.0)).up()
    run.tell(Notified(1, ready=True), after=4.0)
    assert run.state == "RUNNING"
    run.crash()
    run.tell(Spawned(2, 1))
    run.tell(StartupOver(), after=4.9)
    assert run.state == "STARTING"
    run.tell(StartupOver(), after=0.1)
    assert run.wants(Kill) and run.program.reason == "no READY=1 within 5 s"


def test_startup_can_be_extended() -> None:
    """EXTEND_TIMEOUT_USEC moves the end of the start, for READY=1 and for probes alike."""
    run = Run(policy(ready_within=5.0)).up()
    run.tell(Notified(1, extend=20.0), after=1.0)
    assert earliest(run.program) == 21.0
    run = Run(probed(Role.STARTUP)).up()
    run.tell(Notified(1, extend=20.0))
    results(run, Role.STARTUP, *[False] * 9)
    assert run.state == "STARTING"
    run.tell(Probed(1, Role.STARTUP, False, "503"), after=20.0)
    assert run.state == "STOPPING"


def test_ready_is_remembered_through_a_reload() -> None:
    """READY=1 is said once: a reload during the start must not wait for a second one."""
    run = Run(probed(Role.STARTUP)).up()
    run.tell(Notified(1, ready=True))
    run.tell(Retuned(policy(ready_within=5.0)))
    assert run.state == "RUNNING"


def test_heartbeat_that_stays_away_is_a_hang() -> None:
    """Each beat buys the whole time again; without one the process is ended."""
    run = Run(policy(heartbeat=3.0, ready_within=5.0)).up()
    run.tell(BeatMissed(), after=4.0)
    assert run.state == "STARTING"  # beats are awaited from READY=1 on
    run.tell(Notified(1, ready=True))
    run.tell(Notified(1, beat=True), after=2.0)
    run.tell(BeatMissed(), after=2.9)
    assert run.state == "RUNNING"
    run.tell(BeatMissed(), after=0.1)
    assert run.wants(Kill) and run.program.reason == "no heartbeat for 3 s"


def test_heartbeat_can_be_extended_and_a_reload_keeps_it() -> None:
    """A granted extension outlives a reload that does not touch the heartbeat."""
    run = Run(policy(heartbeat=3.0)).up()
    run.tell(Notified(1, extend=30.0))
    run.tell(Retuned(policy(heartbeat=3.0, priority=1)), after=1.0)
    assert due(run.program, 29.9) is None and due(run.program, 30.0) == BeatMissed()


@pytest.mark.parametrize("words", [Notified(1, unwell="stuck"), Notified(1, stopping=True)])
def test_process_can_end_itself_by_words(words: Event) -> None:
    """WATCHDOG=trigger ends it at once; STOPPING=1 gives it its grace."""
    run = Run(policy()).up()
    run.tell(words)
    assert run.state == "STOPPING"
    polite = isinstance(words, Notified) and words.stopping
    assert bool(run.wants(Signal)) is polite and bool(run.wants(Kill)) is not polite


def test_status_is_kept_until_the_next_incarnation() -> None:
    """STATUS= is shown as long as its process lives."""
    run = Run(policy()).up()
    run.tell(Notified(1, status="12 chats"))
    assert run.program.status == "12 chats"
    run.crash()
    assert run.program.status == ""


def test_shorter_period_counts_at_once() -> None:
    """A reload from ten minutes to one second does not wait ten minutes."""
    run = Run(probed(period=600.0, delay=600.0)).up()
    run.tell(Retuned(probed(period=1.0)))
    assert earliest(run.program) == 1.0


def test_probe_that_a_reload_drops_is_forgotten() -> None:
    """Its late results mean nothing, and it is asked no more."""
    run = Run(probed(failure_threshold=1)).up()
    run.tell(Retuned(policy()))
    results(run, Role.LIVENESS, False)
    assert run.state == "RUNNING" and earliest(run.program) is None


def test_idle_program_has_no_deadline() -> None:
    """With no probe and no heartbeat there is nothing to wake up for."""
    run = Run(policy())
    run.tell(Start(0))
    assert run.wants(Spawn) and earliest(run.program) is None
    run.tell(Spawned(1, 1))
    assert earliest(run.program) is None and run.program.policy.stop.grace == GRACE
