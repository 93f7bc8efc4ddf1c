"""Whether a dependency can have been ready, from what was reported of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core.model import Need, Role

if TYPE_CHECKING:
    from tests.simulation.world import World

SLACK = 1e-6


def stamp(world: World, ledger: Ledger) -> None:
    """Note that it may be ready now. Called before anything that could change it."""
    if may_be_ready(ledger, world.now):
        ledger.last_ready = world.now


def check(world: World, ledger: Ledger) -> None:
    """Since the program left STOPPED, each of its dependencies was ready at some time."""
    if Need.DEPENDENCIES not in ledger.policy.needs:
        return
    for name in ledger.policy.depends_on:
        other = world.ledgers.get(name)
        if other is None or not other.configured:
            continue
        stamp(world, other)
        if other.last_ready < ledger.began:
            raise Broken("dependencies", f"{ledger.name} is spawned, and {name} was never ready")


def may_be_ready(ledger: Ledger, now: float) -> bool:
    """A necessary condition: it lives, came up, and passed its readiness probe."""
    process = ledger.process
    if process is None or process.seen_begun is None or process.seen_empty:
        return False
    if process.retuned:
        return True
    return came_up(ledger, process, now) and passed_readiness(ledger, process)


def came_up(ledger: Ledger, process: Process, now: float) -> bool:
    """By the startup probe, by READY=1, or by living long enough."""
    policy = ledger.policy
    if Role.STARTUP in policy.probes:
        return process.running_since is not None or process.passed.get(Role.STARTUP, 0) > 0
    if process.ready_said or policy.ready_within is not None:
        return process.ready_said
    return process.seen_begun is not None and now + SLACK >= process.seen_begun + (
        policy.start_seconds
    )


def passed_readiness(ledger: Ledger, process: Process) -> bool:
    """Passed as often in a row as it takes, and has not failed as often since."""
    probe = ledger.policy.probes.get(Role.READINESS)
    if probe is None:
        return True
    passed = process.passed.get(Role.READINESS, 0) >= probe.success_threshold
    if passed:
        process.was_ready = True
    failed = process.failed.get(Role.READINESS, 0) >= probe.failure_threshold
    if failed:
        process.was_ready = False
    return process.was_ready
