"""The promises, judged from the world's books.

`hear` writes down what the core is told, before it is told. The `check_*` functions look at each
effect and each state as they come. Each broken promise raises `Broken` with the name of its rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import bounds, endings, hooks, pace, readiness
from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core import events
from watchdog.core.effects import Answer, Effect, Release, Spawn
from watchdog.core.events import Event
from watchdog.core.model import Exit, Hook, Need, Outcome, Role, State
from watchdog.core.program import Program

if TYPE_CHECKING:
    from tests.simulation.world import World


# --- what the core is told --------------------------------------------------------------------


def hear(world: World, ledger: Ledger, event: Event) -> None:
    """Write down what is delivered, and what it entitles the core to."""
    readiness.stamp(world, ledger)
    if isinstance(event, events.Granted | events.Refused):
        hear_claim(ledger, event)
    elif isinstance(event, events.HookDone):
        hooks.hear(ledger, event)
    process = ledger.process
    if isinstance(event, events.AgeReached):
        endings.hear_age(world, ledger)
    if not isinstance(event, events.OfProcess):
        return
    if process is None or event.incarnation != process.incarnation:
        return
    if isinstance(event, events.Probed):
        count_result(process, event)
        if event.ok:
            process.passed_at[event.role] = world.now - event.latency
    elif isinstance(event, events.Notified):
        hear_words(world, ledger, process, event)
    elif isinstance(event, events.Overweight):
        process.may_end = True
    elif isinstance(event, events.Recycle):
        endings.excuse_planned(ledger, process)
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
        ledger.exit_due = Hook.POST_EXIT in ledger.policy.hooks and process.seen_begun is not None
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
    process.said_reloading = process.said_reloading or event.reloading
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
    bounds.expect_retirement(world, ledger, process)


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
    hooks.check_spawn(ledger, effect)
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


def check_release(world: World, ledger: Ledger, effect: Release) -> None:
    """Nothing is let go of while anything of the program lives."""
    held = ledger.claims[effect.need].held and effect.need in ledger.policy.needs
    if held and not ledger.is_proved_empty():
        raise Broken("let go too early", f"{effect} while its processes live")


def check_answer(world: World, ledger: Ledger, request: events.Request, answer: Answer) -> None:
    """An answer is true at the moment when it is given."""
    up = isinstance(request, events.Start | events.Restart | events.Reload)
    down = isinstance(request, events.Stop)
    process, done = ledger.process, answer.outcome is Outcome.DONE
    if done and down and not ledger.is_proved_empty():
        raise Broken("true answers", f"{answer}, but its processes live")
    if done and up and (process is None or process.seen_exited is not None or process.seen_empty):
        raise Broken("true answers", f"{answer}, but it does not run")
    if done and isinstance(request, events.Reload):
        check_reloaded(world, ledger, answer)
    if answer.outcome is Outcome.SUPERSEDED:
        check_superseded(world, ledger, answer, up)


def check_reloaded(world: World, ledger: Ledger, answer: Answer) -> None:
    """It lived for a while after the signal, and its probe passed anew; or it was started anew."""
    process = ledger.process
    if process is None or process.signalled_at is None or process.retuned or process.said_reloading:
        return
    sure = process.signalled_at + ledger.policy.start_seconds - bounds.SLACK
    role = next((r for r in (Role.READINESS, Role.LIVENESS) if r in ledger.policy.probes), None)
    if world.now < sure or (role is not None and process.passed_at.get(role, 0.0) < sure):
        raise Broken("true answers", f"{answer}, but nothing proves that it is well")


def check_superseded(world: World, ledger: Ledger, answer: Answer, up: bool) -> None:
    """Something later must have wanted the opposite."""
    later = ledger.last_down if up else ledger.last_up
    if isinstance(world.requests[answer.request].event, events.Reload) and (
        ledger.open_stops or ledger.open_restarts
    ):
        return  # asked for before, but it was not its turn until now
    if answer.request in ledger.open_restarts:  # a start overtakes that, too
        later = max(later, ledger.last_up)
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
