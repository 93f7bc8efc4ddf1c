"""What must follow within a time: a start comes up or is ended, and a hang is acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core.model import Role

if TYPE_CHECKING:
    from tests.simulation.world import World

SLACK = 1e-6  # seconds: for the rounding of floating-point times


def expect_startup(world: World, ledger: Ledger, process: Process) -> None:
    """With a startup probe or a time for READY=1 it is up, or is ended, within a bound."""
    policy = ledger.policy
    startup = policy.probes.get(Role.STARTUP)
    if startup is not None:
        bound = startup.delay + startup.period * startup.failure_threshold + startup.timeout
    elif policy.ready_within is not None:
        bound = policy.ready_within
    else:
        bound = policy.start_seconds
    expect_end(world, ledger, process, world.now + bound, None)


def expect_retirement(world: World, ledger: Ledger, process: Process) -> None:
    """Nothing becomes older than it may, once it is up."""
    maximum = ledger.policy.maximum_age
    if maximum is not None:
        by = max(world.now, process.spawned_at + maximum) + ledger.policy.maximum_age_spread
        world.at(by + SLACK, check_retirement, world, ledger, process, world.paused)


def check_retirement(world: World, ledger: Ledger, process: Process, paused: float) -> None:
    """It is on its way out; time in which the watchdog did not run does not count."""
    if process.is_ended or process.seen_empty or process.retuned:
        return None
    if world.paused > paused:
        by = world.now + world.paused - paused
        return world.at(by + SLACK, check_retirement, world, ledger, process, world.paused)
    raise Broken("health bound", f"{ledger.name} is older than it may become")


def expect_detection(world: World, ledger: Ledger, process: Process) -> None:
    """A hang is acted on within failure_threshold x period + timeout, and the heartbeat."""
    policy = ledger.policy
    begun = process.running_since
    if begun is None:
        return
    for role in (Role.LIVENESS, Role.OUTSIDE):
        probe = policy.probes.get(role)
        if probe is None:
            continue
        waited = role is Role.LIVENESS and Role.STARTUP in policy.probes
        first = begun + (0.0 if waited else probe.delay)
        bound = probe.period * probe.failure_threshold + probe.timeout
        by = max(world.now, first) + bound
        expect_end(world, ledger, process, by, process.hung_since)
    if policy.heartbeat is not None:
        by = max(world.now + policy.heartbeat, process.beat_until)
        expect_end(world, ledger, process, by, process.hung_since)


def expect_end(
    world: World, ledger: Ledger, process: Process, by: float, hung_since: float | None
) -> None:
    """Look then whether it was acted on."""
    args = (world, ledger, process, hung_since, world.paused)
    world.at(by + SLACK, check_end, *args)


def check_end(
    world: World, ledger: Ledger, process: Process, hung_since: float | None, paused: float
) -> None:
    """The bound is over; time in which the watchdog did not run does not count."""
    starting = hung_since is None
    over = process.is_ended or process.seen_empty or process.retuned
    if over or (starting and process.running_since is not None):
        return None
    if not starting and process.hung_since != hung_since:
        return None
    until = startup_end(ledger, process) if starting else process.beat_until
    if world.paused > paused or until > world.now:
        by = max(world.now + world.paused - paused, until)
        args = (world, ledger, process, hung_since, world.paused)
        return world.at(by + SLACK, check_end, *args)
    raise Broken("health bound", f"{ledger.name} should have been acted on by now")


def startup_end(ledger: Ledger, process: Process) -> float:
    """When an extension of the startup ends: with the first probe that fails after it."""
    probe = ledger.policy.probes.get(Role.STARTUP)
    if probe is None or not process.startup_until:
        return process.startup_until
    return process.startup_until + probe.period + probe.timeout


def expect_answer_to_reload(world: World, ledger: Ledger, number: int) -> None:
    """It is known within a time whether it went well, as long as the process lives on."""
    process, reload = ledger.process, ledger.policy.reload
    if process is not None and reload is not None and world.requests[number].answer is None:
        by = world.now + max(reload.within, ledger.policy.start_seconds)
        world.at(by + SLACK, check_reload, world, ledger, process, number, world.paused)


def check_reload(
    world: World, ledger: Ledger, process: Process, number: int, paused: float
) -> None:
    """The time is over; a pause of the watchdog does not count."""
    over = process.is_ended or process.seen_empty or process.retuned
    if over or process is not ledger.process or world.requests[number].answer is not None:
        return None
    if world.paused > paused:
        at = world.now + world.paused - paused
        return world.at(at, check_reload, world, ledger, process, number, world.paused)
    if process.signalled_at is not None and process.signalled_at > world.requests[number].at:
        return None  # it was told again meanwhile
    raise Broken("reload bound", f"request {number} to {ledger.name} should be answered by now")
