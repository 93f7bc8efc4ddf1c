"""One turn of the machine: a draft of the program, the moment, and the effects so far.

The verbs here are the few things that several transitions do: enter a state, pass the start gate,
end the process, let a failure be judged, answer who asked. Each leaves the draft consistent.
"""

from __future__ import annotations

from watchdog.core import health, restart
from watchdog.core.effects import (
    Acquire,
    Answer,
    Effect,
    Examine,
    Kill,
    Probe,
    Quit,
    Release,
    Signal,
    Spawn,
    StopProbing,
)
from watchdog.core.model import (
    EXAMINED,
    Cause,
    Exit,
    Health,
    Moment,
    Need,
    Outcome,
    Role,
    State,
)
from watchdog.core.program import Check, Pending, Program

KILL_AGAIN = 1.0
"""Seconds between two SIGKILLs to a tree that is not empty yet (it may fork faster than one)."""


class Turn:
    """The working copy that one `step` changes and then gives away."""

    __slots__ = ("effects", "moment", "program")

    def __init__(self, program: Program, moment: Moment) -> None:
        self.program = program
        self.moment = moment
        self.effects: list[Effect] = []

    def emit(self, effect: Effect) -> None:
        """Want something done."""
        self.effects.append(effect)


def enter(turn: Turn, state: State, reason: str = "") -> None:
    """Change the state; no deadline of the old one survives but the killing of an old tree."""
    program = turn.program
    program.state, program.reason, program.since = state, reason, turn.moment.now
    program.retry_at = program.up_at = program.settle_at = program.beat_by = None
    program.examine_by = None
    if Need.TREE in program.granted:
        program.kill_at = None
    if state is not State.RUNNING:
        program.checks = {}
    program.health = health.assess(program)


# --- coming up --------------------------------------------------------------------------------


def pass_gate(turn: Turn) -> None:
    """Spawn if nothing bars it; else wait, and ask for what is missing."""
    program = turn.program
    if not program.barred_by:
        return launch(turn)
    enter(turn, State.WAITING, waiting_for(program))
    return ask_for_rest(turn)


def ask_for_rest(turn: Turn) -> None:
    """Ask for what bars the start, once the old tree is gone: it may be what has the lock."""
    program = turn.program
    if Need.TREE in program.granted:
        for need in program.barred_by:
            turn.emit(Acquire(program.policy.name, need, program.claim))


def waiting_for(program: Program) -> str:
    """The reason of WAITING where nobody gave a better one."""
    first = program.barred_by[0]
    if first is Need.TREE:
        return f"waiting for the processes of incarnation {program.incarnation} to be gone"
    return f"waiting for the {first}"


def launch(turn: Turn) -> None:
    """Begin the next incarnation. Nothing of the previous one lives."""
    program = turn.program
    program.incarnation += 1
    program.granted -= {Need.TREE}
    program.spawning, program.pid = True, None
    program.started_at = turn.moment.now
    program.cause, program.status, program.extended_until = None, "", 0.0
    program.past_grace = program.said_ready = False
    enter(turn, State.STARTING)
    turn.emit(Spawn(program.policy.name, program.incarnation))


def relaunch(turn: Turn) -> None:
    """Start again because of the restart policy; this is what the crash-loop limit counts."""
    program, now = turn.program, turn.moment.now
    program.restarts += 1
    program.failures = (*restart.recent(program.failures, program.policy.restart, now), now)
    pass_gate(turn)


def watch_startup(turn: Turn) -> None:
    """The process runs: begin to look whether it comes up."""
    program, now = turn.program, turn.moment.now
    startup = program.policy.probes.get(Role.STARTUP)
    if startup is not None:
        program.checks = {Role.STARTUP: Check(now + startup.delay)}
    elif program.policy.ready_within is not None and not program.said_ready:
        program.up_at = max(now + program.policy.ready_within, program.extended_until)
    elif program.policy.start_seconds > 0 and not program.said_ready:
        program.up_at = now + program.policy.start_seconds
    else:
        become_running(turn)


def become_running(turn: Turn) -> None:
    """It is up: probe it from now on, and tell who asked for it."""
    program, now = turn.program, turn.moment.now
    # The startup probe has just seen what the liveness probe would see; the next look is a period
    # later, so that the bound on the detection of a hang starts now.
    waited = Role.STARTUP in program.policy.probes
    program.start_attempt = 0
    enter(turn, State.RUNNING)
    program.checks = {
        role: Check(now + (probe.period if waited and role is Role.LIVENESS else probe.delay))
        for role, probe in program.policy.probes.items()
        if role is not Role.STARTUP
    }
    if program.policy.heartbeat is not None:
        program.beat_by = now + program.policy.heartbeat
    refresh_health(turn)
    answer(turn, up=True, outcome=Outcome.DONE)


def refresh_health(turn: Turn) -> None:
    """Assess the health anew; a time of health lets the backoff begin anew."""
    program = turn.program
    program.health = health.assess(program)
    well = program.health in (Health.HEALTHY, Health.UNKNOWN) and program.state is State.RUNNING
    if not well:
        program.settle_at = None
    elif program.settle_at is None and (program.attempt or program.slow_attempt):
        program.settle_at = turn.moment.now + program.policy.restart.reset_after


def run_probe(turn: Turn, role: Role) -> None:
    """Have one probe run, and note when the next is due."""
    program = turn.program
    policy = program.policy.probes[role]
    check = health.reschedule(program.checks[role], policy, turn.moment.now)
    program.checks = {**program.checks, role: check}
    turn.emit(Probe(program.policy.name, program.incarnation, role, policy.timeout))


# --- going down -------------------------------------------------------------------------------


def end(turn: Turn, cause: Cause, reason: str, grace: float) -> None:
    """End the process: the stop signal and SIGKILL after the grace, or SIGKILL at once.

    Where it is ended for its own failure, the evidence is taken first, in the time there is for it.
    """
    program = turn.program
    probing = bool(program.checks)
    enter(turn, State.STOPPING, reason)
    program.cause = cause
    program.past_grace = grace <= 0
    if probing:
        turn.emit(StopProbing(program.policy.name, program.incarnation))
    if program.spawning:
        return None  # there is no process yet; Spawned will come back to this
    if cause in EXAMINED and program.policy.evidence > 0:
        return examine(turn, cause, grace)
    return send_end(turn, grace)


def examine(turn: Turn, cause: Cause, grace: float) -> None:
    """Have the evidence taken while there is a process; the end waits for that, not for long."""
    program = turn.program
    within = program.policy.evidence
    program.grace_due, program.examine_by = grace, turn.moment.now + within
    turn.emit(Examine(program.policy.name, program.incarnation, cause, within))


def proceed(turn: Turn) -> None:
    """The examination is over: end the process as was meant to."""
    turn.program.examine_by = None
    send_end(turn, turn.program.grace_due)


def send_end(turn: Turn, grace: float) -> None:
    """The first blow: polite if there is a grace period, final if there is none, or no more."""
    program = turn.program
    if grace <= 0 or program.past_grace:
        return kill(turn)
    stop = program.policy.stop
    name = program.policy.name
    turn.emit(Signal(name, program.incarnation, stop.signal, stop.scope == "group"))
    program.kill_at = turn.moment.now + grace
    return None


def tell_rest(turn: Turn) -> None:
    """The stop signal to what the main process, which is gone, has left in its group."""
    program = turn.program
    name, signal = program.policy.name, program.policy.stop.signal
    turn.emit(Signal(name, program.incarnation, signal, True))


def end_grace(turn: Turn) -> None:
    """Whatever is going down goes now: also what is not born yet, as soon as it is."""
    turn.program.past_grace = True
    if not turn.program.spawning:
        kill(turn)


def kill(turn: Turn) -> None:
    """SIGKILL whatever is left, and come back if that was not enough."""
    program = turn.program
    program.past_grace, program.examine_by = True, None
    turn.emit(Kill(program.policy.name, program.incarnation))
    program.kill_at = turn.moment.now + KILL_AGAIN


def grace_for(program: Program, cause: Cause) -> float:
    """How long a process that is being ended for this cause may take to go by itself."""
    if cause in (Cause.OPERATOR, Cause.RESTART, Cause.MEMORY, Cause.SELF):
        return program.policy.stop.grace
    if cause is Cause.HANG and Role.LIVENESS in program.policy.probes:
        return program.policy.probes[Role.LIVENESS].grace
    return 0.0


def come_down(turn: Turn) -> None:
    """The operator wants it down, and its main process is: only its old tree may live on."""
    program = turn.program
    program.wanted = False
    if Need.TREE in program.granted:
        rest(turn)
    else:
        enter(turn, State.STOPPING, "waiting for its last processes to be gone")
        program.cause = Cause.OPERATOR


def rest(turn: Turn) -> None:
    """STOPPED: nothing runs, nothing is wanted, nothing is held."""
    enter(turn, State.STOPPED)
    let_go(turn)
    answer(turn, up=False, outcome=Outcome.DONE)


def let_go(turn: Turn) -> None:
    """Release every claim, granted or still asked for; answers to them no longer count."""
    program = turn.program
    for need in Need:
        if need in program.policy.needs:
            turn.emit(Release(program.policy.name, need))
    program.granted &= {Need.TREE}
    program.claim += 1


# --- failure ----------------------------------------------------------------------------------


def fail(turn: Turn, cause: Cause, exit: Exit | None, reason: str) -> None:
    """The process is gone and nobody asked for it: let the restart policy judge."""
    program = turn.program
    program.cause = cause
    verdict = restart.judge(program, cause, exit, turn.moment)
    match verdict:
        case restart.Retry(delay, count):
            count_attempt(program, count)
            back_off(turn, delay, reason)
        case restart.GiveUp():
            give_up(turn, verdict.explain(reason), verdict.retry_in)
        case restart.Rest():
            retire(turn, State.EXITED, reason)
    answer(turn, up=True, outcome=Outcome.FAILED, text=reason)


def count_attempt(program: Program, count: restart.Count) -> None:
    """Let the next delay be longer."""
    match count:
        case restart.Count.SLOW:
            program.slow_attempt += 1
        case restart.Count.START:
            program.start_attempt += 1
        case restart.Count.USUAL:
            program.attempt += 1


def back_off(turn: Turn, delay: float, reason: str) -> None:
    """Wait before the restart, or do not: then the gate alone may hold it up."""
    if delay <= 0:
        return relaunch(turn)
    enter(turn, State.BACKOFF, reason)
    turn.program.retry_at = turn.moment.now + delay
    return None


def give_up(turn: Turn, reason: str, retry_in: float | None) -> None:
    """FATAL: end with it, hold it and try again much later, or leave it to the operator."""
    program = turn.program
    if retry_in is None or program.policy.restart.then == "exit":
        return retire(turn, State.FATAL, reason)
    enter(turn, State.FATAL, reason)
    program.retry_at = turn.moment.now + retry_in
    return None


def retire(turn: Turn, state: State, reason: str) -> None:
    """It will not come back by itself."""
    program = turn.program
    enter(turn, state, reason)
    if Need.TREE in program.granted:
        let_go(turn)  # else when its last processes are gone: they may still do what only one may
    if program.policy.restart.then == "exit":
        code = restart.exit_code_upward(program.last_exit, program.cause)
        turn.emit(Quit(program.policy.name, code))


# --- answers ----------------------------------------------------------------------------------


def owe(turn: Turn, request: int, up: bool) -> None:
    """Remember a request until what it wants is reached, or cannot be."""
    if request:
        turn.program.pending = (*turn.program.pending, Pending(request, up))


def answer(turn: Turn, up: bool, outcome: Outcome, text: str = "") -> None:
    """Answer everybody who wants the program up, or everybody who wants it down."""
    program = turn.program
    for pending in program.pending:
        if pending.up is up:
            turn.emit(Answer(program.policy.name, pending.request, outcome, text))
    program.pending = tuple(pending for pending in program.pending if pending.up is not up)


def reply(turn: Turn, request: int, outcome: Outcome, text: str = "") -> None:
    """Answer one request at once."""
    if request:
        turn.emit(Answer(turn.program.policy.name, request, outcome, text))
