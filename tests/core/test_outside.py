"""What a look from outside may do: show, restart, or give up; and the notes of passing probes."""

from __future__ import annotations

from msgspec.structs import replace

from tests.core.builders import GRACE, Run, policy, probed
from watchdog.core.effects import Kill, Quit, Signal, Spawn
from watchdog.core.events import Exited, Probed, ProbeDue, RetryDue, Start, TreeEmpty
from watchdog.core.model import Cause, Exit, Health, Policy, ProbePolicy, RestartPolicy, Role

DEAF = Probed(1, Role.OUTSIDE, False, "nobody fetches")
REFUSED = replace(DEAF, reason="the token is refused", fatal=True)
RIVAL = Probed(1, Role.LIVENESS, True, note="someone else polls", rival=True)
WELL = Probed(1, Role.LIVENESS, True)
ILL = Probed(1, Role.LIVENESS, False, "503")


def looked_at(**changes: object) -> Policy:
    """A program with a look from outside: two failures make a verdict, five seconds to go."""
    probe = ProbePolicy(period=60.0, delay=60.0, failure_threshold=2, grace=5.0)
    return policy(probes={Role.OUTSIDE: probe}, **changes)


def test_both_probes_are_asked_each_at_its_own_pace() -> None:
    """The look from outside keeps its own period beside the liveness probe."""
    both = {**probed().probes, **looked_at().probes}
    run = Run(policy(probes=both)).up()
    asked = [run.tell(ProbeDue(role), after=60.0) for role in (Role.LIVENESS, Role.OUTSIDE)]
    assert all(asked)
    assert run.program.checks[Role.OUTSIDE].due == 180.0
    assert run.program.checks[Role.LIVENESS].due == 61.0


def test_a_deaf_process_is_restarted_with_the_grace_of_that_probe() -> None:
    """The second failure in a row is a hang, ended politely; then it comes up again."""
    run = Run(looked_at()).up()
    run.tell(DEAF)
    assert run.state == "RUNNING" and "1 of 2" in run.program.reason
    run.tell(DEAF)
    assert run.wants(Signal) and not run.wants(Kill) and run.program.kill_at == 5.0
    assert run.program.cause is Cause.HANG
    run.crash(0)
    assert run.wants(Spawn)


def test_what_no_restart_cures_is_confirmed_once_and_then_fatal() -> None:
    """A refused token seen twice ends the process with its full grace, and nothing follows."""
    run = Run(looked_at()).up()
    run.tell(REFUSED)
    assert run.state == "RUNNING"
    run.tell(REFUSED)
    assert run.wants(Signal) and run.program.kill_at == GRACE
    run.crash(0)
    assert run.state == "FATAL" and run.program.reason.endswith("the token is refused")
    run.tell(RetryDue(), after=10_000.0)
    assert run.state == "FATAL" and run.program.restarts == 0
    run.tell(Start(0))
    assert run.wants(Spawn)


def test_what_no_restart_cures_travels_upward_as_77() -> None:
    """With `then = "exit"` the watchdog's own supervisor is told so, whatever the exit was."""
    of = looked_at(restart=RestartPolicy(then="exit"))
    run = Run(of).up()
    run.tell(REFUSED, REFUSED)
    told = run.tell(Exited(1, Exit(code=0)), TreeEmpty(1))
    assert [effect.code for effect in told if isinstance(effect, Quit)] == [77]


def test_a_pass_in_between_forgets_the_refusal() -> None:
    """Only two in a row confirm."""
    run = Run(looked_at()).up()
    run.tell(REFUSED, replace(REFUSED, ok=True, fatal=False), REFUSED)
    assert run.state == "RUNNING"


def test_the_note_of_a_pass_is_shown_and_changes_nothing_else() -> None:
    """Healthy, with the reason beside it; the next pass without a note takes it away."""
    run = Run(probed()).up()
    run.tell(RIVAL)
    assert (run.state, run.program.health) == ("RUNNING", Health.HEALTHY)
    assert run.program.reason == "someone else polls"
    run.tell(WELL)
    assert run.program.reason == ""


def test_a_failure_is_shown_before_a_note_and_does_not_end_it() -> None:
    """While a probe fails its failure is the reason; the note stays noted."""
    run = Run(probed()).up()
    run.tell(RIVAL, ILL)
    assert run.program.reason == "1 of 3 probes failed: 503"
    assert run.program.checks[Role.LIVENESS].note == "someone else polls"
    run.tell(RIVAL)
    assert run.program.reason == "someone else polls"


def test_the_notes_of_two_probes_stand_side_by_side() -> None:
    """Neither hides the other, and one that both have is said once."""
    both = {**probed().probes, **looked_at().probes}
    run = Run(policy(probes=both)).up()
    run.tell(RIVAL, Probed(1, Role.OUTSIDE, True, note="a webhook is set"))
    assert run.program.reason == "someone else polls; a webhook is set"
    run.tell(replace(RIVAL, role=Role.OUTSIDE))
    assert run.program.reason == "someone else polls"


def test_a_new_incarnation_has_no_notes() -> None:
    """What was noted of the last one is not said of this."""
    run = Run(probed()).up()
    run.tell(RIVAL)
    run.crash()
    assert run.program.reason == "" and not run.program.checks
