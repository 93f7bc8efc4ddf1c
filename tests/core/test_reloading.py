"""A reload by signal: what proves that it went well, and what that it did not."""

from __future__ import annotations

from typing import Any

from tests.core.builders import Run, policy, probed
from watchdog.core.effects import Answer, Effect, Signal
from watchdog.core.events import Notified, Probed, ProbeDue, Reload, ReloadDue, StartupOver, Stop
from watchdog.core.model import Outcome, Policy, ReloadPolicy, Role

RELOAD = ReloadPolicy("HUP", within=10.0)


def server(**changes: Any) -> Policy:
    """One that is RUNNING after a second, with a readiness and a liveness probe."""
    probes = {**probed(Role.READINESS).probes, **probed(Role.LIVENESS).probes}
    return policy(**{"reload": RELOAD, "start_seconds": 1.0, "probes": probes, **changes})


def up(of: Policy) -> Run:
    """RUNNING, and ready."""
    run = Run(of).up()
    run.tell(StartupOver(), after=1.0)
    if Role.READINESS in of.probes:
        run.tell(Probed(1, Role.READINESS, True))
    assert run.state == "RUNNING"
    return run


def answers(effects: list[Effect]) -> list[tuple[int, Outcome]]:
    return [(one.request, one.outcome) for one in effects if isinstance(one, Answer)]


def test_the_signal_goes_to_the_main_process_only() -> None:
    """And nothing is answered before something proves that all is well."""
    run = up(server())
    effects = run.tell(Reload(7))
    assert effects == [Signal("a", 1, "HUP", False)]
    assert run.program.reloading is not None and run.state == "RUNNING"


def test_a_probe_must_pass_that_began_long_enough_after_the_signal() -> None:
    """One that was under way, one before the time, and one of liveness prove nothing."""
    run = up(server())
    run.tell(Reload(7))
    assert not answers(run.tell(Probed(1, Role.READINESS, True), after=0.5))
    assert not answers(run.tell(ReloadDue(), after=0.5))
    assert run.program.checks[Role.READINESS].due == run.now, "it is asked at once"
    run.tell(ProbeDue(Role.READINESS))
    assert not answers(run.tell(Probed(1, Role.READINESS, True, latency=0.3), after=0.2))
    assert not answers(run.tell(Probed(1, Role.LIVENESS, True), after=0.2))
    assert not answers(run.tell(Probed(1, Role.READINESS, False, "503"), after=0.2))
    assert answers(run.tell(Probed(1, Role.READINESS, True), after=1.0)) == [(7, Outcome.DONE)]
    assert run.program.reloading is None


def test_without_probes_it_must_live_for_a_while() -> None:
    """As long as it takes to count as RUNNING; with a heartbeat, the next beat tells."""
    run = up(policy(reload=RELOAD, start_seconds=1.0))
    run.tell(Reload(7))
    assert answers(run.tell(ReloadDue(), after=1.0)) == [(7, Outcome.DONE)]
    run = up(policy(reload=RELOAD, start_seconds=1.0, heartbeat=30.0))
    run.tell(Reload(7))
    assert not answers(run.tell(Notified(1, beat=True), ReloadDue(), after=0.5))
    assert not answers(run.tell(ReloadDue(), after=0.5))
    assert answers(run.tell(Notified(1, beat=True), after=1.0)) == [(7, Outcome.DONE)]


def test_who_says_that_it_reloads_says_when_it_is_done() -> None:
    """Type=notify-reload: RELOADING=1, then READY=1; a probe between proves nothing."""
    run = up(server())
    run.tell(Reload(7))
    run.tell(Notified(1, reloading=True), after=0.1)
    run.tell(ReloadDue(), after=0.9)
    assert not answers(run.tell(Probed(1, Role.READINESS, True), after=0.2))
    assert answers(run.tell(Notified(1, ready=True), after=0.2)) == [(7, Outcome.DONE)]


def test_a_process_that_ends_of_it_fails_the_reload() -> None:
    """The restart policy judges the end as any other; whoever asked hears the reason."""
    run = up(server())
    run.tell(Reload(7))
    failed = [one for one in run.crash(1, after=0.2) if isinstance(one, Answer)]
    assert [(one.request, one.outcome) for one in failed] == [(7, Outcome.FAILED)]
    assert run.program.reloading is None and run.program.restarts == 1


def test_time_is_limited() -> None:
    """What is not healthy by then failed, in words; the process is left alone."""
    run = up(server())
    run.tell(Reload(7))
    run.tell(ReloadDue(), after=1.0)
    run.tell(Probed(1, Role.READINESS, False, "503"), after=1.0)
    (answer,) = run.tell(ReloadDue(), after=8.0)
    assert isinstance(answer, Answer) and answer.outcome is Outcome.FAILED
    assert answer.text == "not healthy within 10 s of the signal: 1 of 3 probes failed: 503"
    assert run.state == "RUNNING" and run.program.reload_trouble == answer.text


def test_what_cannot_reload_says_so() -> None:
    """Without the key, while it comes up, and where nothing runs; a stop overtakes a reload."""
    run = up(policy(start_seconds=1.0))
    (answer,) = run.tell(Reload(7))
    assert isinstance(answer, Answer) and answer.outcome is Outcome.FAILED
    assert 'write reload = { signal = "HUP" }' in answer.text
    assert "watchdog restart a" in answer.text
    assert answers(Run(server()).up().tell(Reload(7))) == [(7, Outcome.FAILED)]
    assert answers(Run(server()).tell(Reload(7))) == [(7, Outcome.NOT_RUNNING)]
    run = up(server())
    run.tell(Reload(7))
    assert answers(run.tell(Stop(8))) == [(7, Outcome.SUPERSEDED)]
