"""How processes are ended: with a reason, politely where they are owed it, and for good in time.

A part of the judge: it compares the core's effects with the books, never with the core's opinion.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import pace, rolls
from tests.simulation.bounds import SLACK
from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core import events
from watchdog.core.events import Event
from watchdog.core.model import Role

if TYPE_CHECKING:
    from tests.simulation.world import World

AGAIN = 1.0  # seconds between two SIGKILLs to a tree that is not empty
FATEFUL = (Role.LIVENESS, Role.OUTSIDE)  # whose verdict ends a process that is up


def check_examination(world: World, ledger: Ledger, process: Process, event: Event | None) -> None:
    """Evidence is taken once, of what failed, and puts the end off no longer than allowed."""
    check_reason(world, ledger, process)
    within = ledger.policy.evidence
    if process.is_struck or process.examined_at is not None or not within:
        raise Broken("evidence", f"{ledger.name} is examined, and should not be")
    process.examined_at, process.may_end = world.now, True
    process.grace_due = grace_after(ledger, process, event)
    by = world.now + within
    world.at(by + SLACK, expect_end_of_examination, world, ledger, process, world.paused)


def expect_end_of_examination(
    world: World, ledger: Ledger, process: Process, paused: float
) -> None:
    """The end waits for the evidence no longer than was promised; a pause is not waiting."""
    struck = process.stopped_at is not None or process.killed_at is not None
    if struck or process.farewell_at is not None or process.seen_empty:
        return None
    if world.paused > paused:
        at = world.now + world.paused - paused
        args = (world, ledger, process, world.paused)
        return world.at(at, expect_end_of_examination, *args)
    raise Broken("evidence", f"{ledger.name} lives on: its evidence takes too long")


def hear_age(world: World, ledger: Ledger) -> None:
    """Whether it is old enough to be replaced."""
    process, policy = ledger.process, ledger.policy
    if process is None or process.running_since is None or policy.maximum_age is None:
        return
    youngest = policy.maximum_age - policy.maximum_age_spread
    if process.retuned or world.now >= process.spawned_at + youngest - SLACK:
        excuse_planned(ledger, process)


def excuse_planned(ledger: Ledger, process: Process) -> None:
    """A planned end is no failure: the next process may follow at once, whatever came before."""
    if process.running_since is not None and not process.is_ended:
        process.may_end = True
        pace.reset(ledger)


def check_rest_is_told(ledger: Ledger, process: Process) -> None:
    """What a main process left behind is told once, and only if the main process was told alone."""
    told_alone = ledger.policy.stop.scope == "main" or process.retuned
    if process.alive or process.rest_told or not told_alone:
        raise Broken("stop once", f"{ledger.name} got its stop signal twice")
    process.rest_told = True


def check_stop(world: World, ledger: Ledger, process: Process, event: Event | None) -> None:
    """A first blow needs a reason, and its grace begins now."""
    check_reason(world, ledger, process)
    note_roll(world, ledger, process)
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
    note_roll(world, ledger, process)
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
    given = (
        process.may_end
        or ledger.open_stops
        or ledger.open_restarts
        or ledger.leaving
        or world.is_leaving()
    )
    if given or process.seen_exited is not None or has_failed(world, ledger, process):
        return
    raise Broken("no reason", f"{ledger.name} is ended, and was well: {process.failed}")


def note_roll(world: World, ledger: Ledger, process: Process) -> None:
    """The first blow to a process that nothing else explains is that of a rolling restart."""
    ended = process.is_ended or process.seen_exited is not None
    other = process.may_end or ledger.open_stops or ledger.leaving or world.is_leaving()
    if not (ended or other or has_failed(world, ledger, process)):
        rolls.note_end(world, ledger)


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
