"""How a program comes up: the start gate, the spawn, the startup, and being RUNNING.

The verbs that several transitions share. Each leaves the draft consistent; none lets a spawn by
while a need is not granted.
"""

from __future__ import annotations

from watchdog.core import health, hooks, restart, turn
from watchdog.core.effects import Acquire, Probe, Spawn
from watchdog.core.model import Health, Hook, Need, Outcome, Role, State
from watchdog.core.program import Check, Program
from watchdog.core.turn import Turn


def pass_gate(t: Turn) -> None:
    """Spawn if nothing bars it; else wait, and ask for what is missing."""
    program = t.program
    if not program.barred_by:
        return launch(t)
    program.refused = frozenset()
    turn.enter(t, State.WAITING, waiting_for(program))
    return ask_for_rest(t)


def ask_for_rest(t: Turn) -> None:
    """Ask for what bars the start, once the old tree is gone: it may be what has the lock."""
    program = t.program
    if Need.TREE in program.granted:
        for need in program.barred_by:
            t.emit(Acquire(program.policy.name, need, program.claim))


def open_gate(t: Turn) -> None:
    """The old tree was what we waited for, or one of the things."""
    program = t.program
    program.granted |= {Need.TREE}
    program.kill_at = None
    if not program.barred_by:
        return launch(t)
    program.reason = waiting_for(program)
    return ask_for_rest(t)


def waiting_for(program: Program) -> str:
    """The reason of WAITING where nobody gave a better one."""
    first = program.barred_by[0]
    if first is Need.TREE and program.emptied and program.hook is not None:
        return hooks.describe(program.hook)
    if first is Need.TREE:
        return f"waiting for the processes of incarnation {program.incarnation} to be gone"
    return f"waiting for the {first}"


def launch(t: Turn) -> None:
    """Begin the next incarnation. Nothing of the previous one lives."""
    program = t.program
    program.incarnation += 1
    program.granted -= {Need.TREE}
    program.pid, program.started_at = None, t.moment.now
    program.status, program.extended_until = "", 0.0
    program.past_grace = program.said_ready = program.came_up = program.emptied = False
    program.exit_told = True  # there is no process yet
    if Hook.PRE_START in program.policy.hooks:
        hooks.begin(t, Hook.PRE_START)
        program.cause = None
        return turn.enter(t, State.STARTING, hooks.describe(Hook.PRE_START))
    program.cause = None
    turn.enter(t, State.STARTING)
    return spawn(t)


def spawn(t: Turn) -> None:
    """Have the process started: nothing is left to wait for."""
    program = t.program
    program.spawning, program.started_at, program.reason = True, t.moment.now, ""
    t.emit(Spawn(program.policy.name, program.incarnation))


def relaunch(t: Turn) -> None:
    """Start again because of the restart policy; this is what the crash-loop limit counts."""
    program, now = t.program, t.moment.now
    program.restarts += 1
    program.failures = (*restart.recent(program.failures, program.policy.restart, now), now)
    pass_gate(t)


def watch_startup(t: Turn) -> None:
    """The process runs: begin to look whether it comes up."""
    program, now = t.program, t.moment.now
    startup = program.policy.probes.get(Role.STARTUP)
    if startup is not None:
        program.checks = {Role.STARTUP: Check(now + startup.delay)}
    elif program.policy.ready_within is not None and not program.said_ready:
        program.up_at = max(now + program.policy.ready_within, program.extended_until)
    elif program.policy.start_seconds > 0 and not program.said_ready:
        program.up_at = now + program.policy.start_seconds
    else:
        become_running(t)


def become_running(t: Turn) -> None:
    """It is up: probe it from now on, and tell who asked for it."""
    program, now = t.program, t.moment.now
    # The startup probe has just seen what the liveness probe would see; the next look is a period
    # later, so that the bound on the detection of a hang starts now.
    waited = Role.STARTUP in program.policy.probes
    program.start_attempt = 0
    turn.enter(t, State.RUNNING)
    program.checks = {
        role: Check(now + (probe.period if waited and role is Role.LIVENESS else probe.delay))
        for role, probe in program.policy.probes.items()
        if role is not Role.STARTUP
    }
    set_age(t)
    if program.policy.heartbeat is not None:
        program.beat_by = now + program.policy.heartbeat
    refresh_health(t)
    turn.answer(t, up=True, outcome=Outcome.DONE)
    if not program.came_up and Hook.POST_START in program.policy.hooks and program.hook is None:
        hooks.begin(t, Hook.POST_START)
    program.came_up = True


def set_age(t: Turn) -> None:
    """Note when this process will be too old: not at the same time as others of its kind.

    One that is too old already, since another watchdog ran or the configuration was another, goes
    within the spread from now.
    """
    program, now = t.program, t.moment.now
    maximum, spread = program.policy.maximum_age, program.policy.maximum_age_spread
    program.age_at = None
    if maximum is not None:
        begun = now if program.started_at is None else program.started_at
        at = begun + maximum - spread * t.moment.chance
        program.age_at = at if at > now else now + spread * t.moment.chance


def refresh_health(t: Turn) -> None:
    """Assess the health anew; a time of health lets the backoff begin anew."""
    program = t.program
    program.health = health.assess(program)
    well = program.health in (Health.HEALTHY, Health.UNKNOWN) and program.state is State.RUNNING
    if not well:
        program.settle_at = None
    elif program.settle_at is None and (program.attempt or program.slow_attempt):
        program.settle_at = t.moment.now + program.policy.restart.reset_after


def run_probe(t: Turn, role: Role) -> None:
    """Have one probe run, and note when the next is due."""
    program = t.program
    policy = program.policy.probes[role]
    check = health.reschedule(program.checks[role], policy, t.moment.now)
    program.checks = {**program.checks, role: check}
    t.emit(Probe(program.policy.name, program.incarnation, role, policy.timeout))
