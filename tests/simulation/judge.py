"""The promises, judged from the world's books.

`hear` writes down what the core is told, before it is told. The `check_*` functions look at each
effect and each state as they come. Each broken promise raises `Broken` with the name of its rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import bounds, pace, readiness
from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core import events
from watchdog.core.effects import Answer, Effect, Release, Spawn
from watchdog.core.events import Event
from watchdog.core.model import Exit, Need, Outcome, Role, State
from watchdog.core.program import Program

if TYPE_CHECKING:
    from tests.simulation.world import World

SLACK = 1e-6  # seconds: for the rounding of floating-point times
FATEFUL = (Role.LIVENESS, Role.OUTSIDE)  # whose verdict ends a process that is up
AGAIN = 1.0  # seconds between two SIGKILLs to a tree that is not empty


# --- what the core is told --------------------------------------------------------------------


def hear(world: World, ledger: Ledger, event: Event) -> None:
    """Write down what is delivered, and what it entitles the core to."""
    readiness.stamp(world, ledger)
    if isinstance(event, events.Granted | events.Refused):
        hear_claim(ledger, event)
    process = ledger.process
    if not isinstance(event, events.OfProcess):
        return
    if process is None or event.incarnation != process.incarnation:
        return
    if isinstance(event, events.Probed):
        count_result(process, event)
    elif isinstance(event, events.Notified):
        hear_words(world, ledger, process, event)
    elif isinstance(event, events.Overweight):
        process.may_end = True
    else:
        hear_life(world, ledger, process, event)


def hear_claim(ledger: Ledger, event: events.Granted | events.Refused) -> None:
    """A grant counts if it answers the claim that is asked for now."""
    claim = ledger.claims.get(event.need)
    if claim is None or claim.asked != event.claim:
        return
    if isinstance(event, events.Granted):
        claim.heard = claim.held
    elif event.final:
        ledger.may_rest = True


def hear_life(world: World, ledger: Ledger, process: Process, event: Event) -> None:
    """Births and deaths; the second telling of one changes nothing."""
    if isinstance(event, events.Spawned) and process.seen_begun is None:
        process.seen_begun = world.now
        process.beat_until = world.now
        bounds.expect_startup(world, ledger, process)
    elif isinstance(event, events.SpawnFailed) and not process.seen_empty:
        process.seen_empty = True
        pace.note_failure(ledger, process, event.exit, world.now)
    elif isinstance(event, events.Exited) and process.seen_exited is None:
        process.seen_exited, process.seen_exit = world.now, event.exit
        pace.note_failure(ledger, process, event.exit, world.now)
    elif isinstance(event, events.TreeEmpty) and not process.seen_empty:
        process.seen_empty = True
        pace.note_rest(ledger, process.seen_exit or Exit())


def count_result(process: Process, event: events.Probed) -> None:
    """Results in a row, of this incarnation alone."""
    counts, others = process.failed, process.passed
    if event.ok:
        counts, others = others, counts
    counts[event.role] = counts.get(event.role, 0) + 1
    others[event.role] = 0


def hear_words(world: World, ledger: Ledger, process: Process, event: events.Notified) -> None:
    """A beat, more time, or a reason to be ended."""
    if event.unwell or event.stopping:
        process.may_end = True
    process.ready_said = process.ready_said or event.ready
    if event.beat:
        process.beat_until = world.now + (ledger.policy.heartbeat or 0.0)
    if event.extend:
        until = world.now + event.extend
        process.startup_until = max(process.startup_until, until)
        process.beat_until = max(process.beat_until, until)
        if process.killed_at is None and not process.no_grace:
            process.kill_by = max(process.kill_by, until)


def note_running(world: World, ledger: Ledger) -> None:
    """It counts as up from now on."""
    process = ledger.process
    if process is None or process.seen_begun is None or process.seen_exited is not None:
        raise Broken("truth", f"{ledger.name} is RUNNING, and has no process")
    process.running_since = world.now
    if ledger.policy.heartbeat is not None:
        process.beat_until = world.now + ledger.policy.heartbeat
    if process.hung_since is not None:
        bounds.expect_detection(world, ledger, process)


# --- what the core wants ----------------------------------------------------------------------


def check_spawn(world: World, ledger: Ledger, effect: Spawn) -> None:
    """Nothing old lives, everything needed is held, it is wanted, and it is not too early."""
    old = ledger.process
    if old is not None and not old.empty:
        raise Broken("never two", f"{effect} while incarnation {old.incarnation} lives")
    if old is not None and not old.seen_empty:
        raise Broken("proved empty", f"{effect} before incarnation {old.incarnation} was proved so")
    if old is not None and effect.incarnation <= old.incarnation:
        raise Broken("numbering", f"{effect} after incarnation {old.incarnation}")
    for need, claim in ledger.claims.items():
        if need in ledger.policy.needs and not claim.held:
            raise Broken("start gate", f"{effect} without the {need}")
    if not (ledger.want or ledger.open_stops or ledger.either):
        raise Broken("stays stopped", f"{effect}, though nobody wants it up")
    if world.leaving and world.hurried:
        raise Broken("stays stopped", f"{effect} after a shutdown that was hurried")
    if world.finished is not None or not ledger.configured:
        raise Broken("after the end", f"{effect} after Finish or Remove")
    readiness.check(world, ledger)
    pace.check(world, ledger)


def find_target(ledger: Ledger, effect: Effect) -> Process:
    """The process that is meant; it must be the present one, and must exist."""
    process = ledger.process
    if process is None or process.incarnation != getattr(effect, "incarnation", 0):
        raise Broken("stale target", f"{effect} means no present process")
    if process.seen_begun is None:
        raise Broken("stale target", f"{effect} before the process is known to exist")
    return process


def check_examination(world: World, ledger: Ledger, process: Process, event: Event | None) -> None:
    """Evidence is taken once, of what failed, and puts the end off no longer than allowed."""
    check_reason(world, ledger, process)
    within = ledger.policy.evidence
    if process.is_ended or process.examined_at is not None or not within:
        raise Broken("evidence", f"{ledger.name} is examined, and should not be")
    process.examined_at, process.may_end = world.now, True
    process.grace_due = grace_after(ledger, process, event)
    by = world.now + within
    world.at(by + SLACK, expect_end_of_examination, world, ledger, process, world.paused)


def expect_end_of_examination(
    world: World, ledger: Ledger, process: Process, paused: float
) -> None:
    """The end waits for the evidence no longer than was promised; a pause is not waiting."""
    if process.stopped_at is not None or process.killed_at is not None or process.seen_empty:
        return None
    if world.paused > paused:
        at = world.now + world.paused - paused
        args = (world, ledger, process, world.paused)
        return world.at(at, expect_end_of_examination, *args)
    raise Broken("evidence", f"{ledger.name} lives on: its evidence takes too long")


def check_rest_is_told(ledger: Ledger, process: Process) -> None:
    """Only what a main process left behind is told once more, and only if it was told alone."""
    if process.alive:
        raise Broken("stop once", f"{ledger.name} got its stop signal twice")


def check_stop(world: World, ledger: Ledger, process: Process, event: Event | None) -> None:
    """A first blow needs a reason, and its grace begins now."""
    check_reason(world, ledger, process)
    if process.stopped_at is not None:
        raise Broken("stop once", f"{ledger.name} got its stop signal twice")
    if not (process.may_end or has_failed(world, ledger, process)):
        check_order(world, ledger)
    process.stopped_at, process.may_end = world.now, True
    due = process.grace_due
    process.kill_by = world.now + (grace(ledger, event) if due is None else due)
    look_for_kill(world, ledger, process)


def look_for_kill(world: World, ledger: Ledger, process: Process) -> None:
    """Come back when the grace, as it is known now, is over."""
    by = process.kill_by
    world.at(by + SLACK, expect_kill, world, ledger, process, by)


def grace_after(ledger: Ledger, process: Process, event: Event | None) -> float:
    """The grace of a process that failed: none if it never came up."""
    unwell = isinstance(event, events.Notified) and event.unwell
    if isinstance(event, events.Overweight):
        return ledger.policy.stop.grace
    role = event.role if isinstance(event, events.Probed) else Role.LIVENESS
    probe = ledger.policy.probes.get(role)
    came_up = process.running_since is not None or unwell
    return probe.grace if probe and came_up else 0.0


def grace(ledger: Ledger, event: Event | None) -> float:
    """What the policy promises: a hang has its own grace period."""
    hang = isinstance(event, events.Probed | events.BeatMissed)
    if hang or (isinstance(event, events.Notified) and event.unwell):
        role = event.role if isinstance(event, events.Probed) else Role.LIVENESS
        return ledger.policy.probes[role].grace
    return ledger.policy.stop.grace


def expect_kill(world: World, ledger: Ledger, process: Process, by: float) -> None:
    """The grace is over: SIGKILL must have come, unless all is gone or it asked for more time."""
    if process.seen_empty or process.killed_at is not None:
        return None
    if process.kill_by > by:
        return look_for_kill(world, ledger, process)
    raise Broken("grace", f"{ledger.name} was not killed by {process.kill_by:.3f}")


def check_kill(world: World, ledger: Ledger, process: Process, event: Event | None) -> None:
    """A SIGKILL needs a reason, does not cut the grace short, and is repeated while needed."""
    check_reason(world, ledger, process)
    if process.killed_at is None and is_owed_grace(world, ledger, process, event):
        raise Broken("grace cut", f"{ledger.name} was not given its grace before SIGKILL")
    process.killed_at, process.may_end = world.now, True
    world.at(world.now + AGAIN + SLACK, expect_repeat, world, ledger, process, world.now)


def is_owed_grace(world: World, ledger: Ledger, process: Process, event: Event | None) -> bool:
    """Whether it was asked politely and still has time; or should have been asked."""
    if process.no_grace or process.grace_doubtful or process.seen_exited is not None:
        return False
    if process.stopped_at is not None:
        return world.now < process.kill_by - SLACK
    if process.retuned:
        return False  # the grace that counts is that of the moment when it was to end
    if process.grace_due is not None:
        return process.grace_due > 0
    unwell = isinstance(event, events.Notified) and event.unwell
    return not (unwell or has_failed(world, ledger, process)) and ledger.policy.stop.grace > 0


def expect_repeat(world: World, ledger: Ledger, process: Process, killed_at: float) -> None:
    """A tree that is not empty is killed again every second."""
    if not process.empty and process.killed_at == killed_at:
        raise Broken("kill again", f"{ledger.name} lives on, and is killed no more")


def check_reason(world: World, ledger: Ledger, process: Process) -> None:
    """No process is ended without a reason that the core was told."""
    given = process.may_end or ledger.open_stops or ledger.leaving or world.is_leaving()
    if given or process.seen_exited is not None or has_failed(world, ledger, process):
        return
    raise Broken("no reason", f"{ledger.name} is ended, and was well: {process.failed}")


def has_failed(world: World, ledger: Ledger, process: Process) -> bool:
    """Whether probes, READY=1 or heartbeats of this incarnation failed as often as it takes."""
    policy, now = ledger.policy, world.now + SLACK
    up = process.running_since is not None
    for role in FATEFUL if up else (Role.STARTUP,):
        probe = policy.probes.get(role)
        if probe is not None and process.failed.get(role, 0) >= probe.failure_threshold:
            return up or process.startup_until <= now
    if up:
        return policy.heartbeat is not None and process.beat_until <= now
    if policy.ready_within is None or process.ready_said or process.seen_begun is None:
        return False
    by = process.seen_begun + policy.ready_within
    return max(by, process.startup_until) <= now


def check_order(world: World, ledger: Ledger) -> None:
    """At shutdown a dependency is stopped when those that depend on it are down."""
    if not world.leaving or world.hurried:
        return
    for other in world.ledgers.values():
        if ledger.name in other.policy.depends_on and other.configured:
            process = other.process
            settled = process is None or process.seen_empty or process.retuned
            if not (other.leaving or settled):
                raise Broken("stop order", f"{ledger.name} is stopped before {other.name}")


def check_release(world: World, ledger: Ledger, effect: Release) -> None:
    """Nothing is let go of while anything of the program lives."""
    held = ledger.claims[effect.need].held and effect.need in ledger.policy.needs
    if held and not ledger.is_proved_empty():
        raise Broken("let go too early", f"{effect} while its processes live")


def check_answer(world: World, ledger: Ledger, request: events.Request, answer: Answer) -> None:
    """An answer is true at the moment when it is given."""
    up = isinstance(request, events.Start | events.Restart)
    down = isinstance(request, events.Stop)
    process, done = ledger.process, answer.outcome is Outcome.DONE
    if done and down and not ledger.is_proved_empty():
        raise Broken("true answers", f"{answer}, but its processes live")
    if done and up and (process is None or process.seen_exited is not None or process.seen_empty):
        raise Broken("true answers", f"{answer}, but it does not run")
    if answer.outcome is Outcome.SUPERSEDED:
        check_superseded(world, ledger, answer, up)


def check_superseded(world: World, ledger: Ledger, answer: Answer, up: bool) -> None:
    """Something later must have wanted the opposite."""
    later = ledger.last_down if up else ledger.last_up
    if later < answer.request and not (world.is_leaving() or ledger.leaving):
        raise Broken("true answers", f"{answer}, but nothing later wants the opposite")


# --- what is, after each event ----------------------------------------------------------------


def check_after(ledger: Ledger, event: Event) -> None:
    """A newborn that may not live, and whoever lost its lease, is killed at once."""
    process = ledger.process
    if process is None or process.seen_begun is None or process.seen_empty:
        return
    if isinstance(event, events.Spawned | events.Revoked) and process.no_grace:
        check_hurried(ledger, process)


def check_hurried(ledger: Ledger, process: Process) -> None:
    """Whoever was being ended, and had its grace taken away, has got its SIGKILL."""
    if process.killed_at is None:
        raise Broken("hurry", f"{ledger.name} was given a grace that was over")


def check_state(world: World, ledger: Ledger, program: Program | None) -> None:
    """What the status shows is not contradicted by what was reported."""
    if program is None:
        return
    process = ledger.process
    if program.state is State.RUNNING and (process is None or process.seen_exited is not None):
        raise Broken("truth", f"{ledger.name} is RUNNING without a process")
    if program.state is not State.STOPPED:
        return
    if not ledger.is_proved_empty():
        raise Broken("truth", f"{ledger.name} is STOPPED, and its processes live")
    for need in (Need.LOCK, Need.LEASE):
        if ledger.claims[need].asked is not None:
            raise Broken("locks let go", f"{ledger.name} is STOPPED and claims the {need}")


def check_removal(world: World, ledger: Ledger) -> None:
    """Who is forgotten was removed, is gone, and holds nothing."""
    claims = any(claim.asked is not None for claim in ledger.claims.values())
    if not ledger.leaving or not ledger.is_proved_empty() or claims:
        raise Broken("removal", f"{ledger.name} is forgotten too early")


def check_finish(world: World) -> None:
    """The watchdog leaves once, when it was asked to, and nothing lives."""
    if world.finished is not None:
        raise Broken("finish", "Finish came twice")
    if not world.leaving and not world.may_end_itself:
        raise Broken("finish", "Finish came unasked")
    for ledger in world.ledgers.values():
        if not ledger.is_proved_empty():
            raise Broken("finish", f"Finish came while {ledger.name} lives")
