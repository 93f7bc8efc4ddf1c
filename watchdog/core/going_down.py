"""How a process is ended, and what follows when one is gone: rest, a restart, or giving up.

The verbs that several transitions share. Each leaves the draft consistent; what is held is let go
of only when the tree is empty.
"""

from __future__ import annotations

from watchdog.core import coming_up, hooks, restart, turn
from watchdog.core.effects import Examine, Kill, Quit, Release, Signal, StopProbing
from watchdog.core.model import (
    EXAMINED,
    PLANNED,
    POLITE,
    Cause,
    Exit,
    Hook,
    Need,
    Outcome,
    Role,
    State,
)
from watchdog.core.program import Program
from watchdog.core.turn import Turn

KILL_AGAIN = 1.0
"""Seconds between two SIGKILLs to a tree that is not empty yet (it may fork faster than one)."""


def end(t: Turn, cause: Cause, reason: str, grace: float) -> None:
    """End the process: the stop signal and SIGKILL after the grace, or SIGKILL at once.

    Where it is ended for its own failure, the evidence is taken first, in the time there is for it.
    """
    program = t.program
    probing = bool(program.checks)
    turn.enter(t, State.STOPPING, reason)
    program.cause, program.farewell = cause, hooks.is_polite(program, cause)
    program.past_grace = grace <= 0
    if probing:
        t.emit(StopProbing(program.policy.name, program.incarnation))
    if program.hook is Hook.PRE_START:
        return hooks.cut_short(t, grace)
    if program.spawning:
        return None  # there is no process yet; Spawned will come back to this
    hooks.end_now(t, hooks.LEAVING)
    if cause in EXAMINED and program.policy.evidence > 0:
        return examine(t, cause, grace)
    return take_leave(t, grace)


def examine(t: Turn, cause: Cause, grace: float) -> None:
    """Have the evidence taken while there is a process; the end waits for that, not for long."""
    program = t.program
    within = program.policy.evidence
    program.grace_due, program.examine_by = grace, t.moment.now + within
    t.emit(Examine(program.policy.name, program.incarnation, cause, within))


def proceed(t: Turn) -> None:
    """The examination is over: end the process as was meant to."""
    t.program.examine_by = None
    take_leave(t, t.program.grace_due)


def take_leave(t: Turn, grace: float) -> None:
    """The end itself begins: with the pre_stop hook, where one is due, else with the first blow."""
    if hooks.wants_farewell(t.program):
        hooks.bid_farewell(t, grace)
    else:
        send_end(t, grace)


def send_end(t: Turn, grace: float) -> None:
    """The first blow: polite if there is a grace period, final if there is none, or no more."""
    program = t.program
    program.farewell = False
    if grace <= 0 or program.past_grace:
        return kill(t)
    stop = program.policy.stop
    name = program.policy.name
    # A main process that went by itself leaves whoever it did not tell.
    group = stop.scope == "group" or program.pid is None
    t.emit(Signal(name, program.incarnation, stop.signal, group))
    program.kill_at = t.moment.now + grace
    return None


def tell_rest(t: Turn) -> None:
    """The stop signal to what the main process, which is gone, has left in its group."""
    program = t.program
    name, signal = program.policy.name, program.policy.stop.signal
    t.emit(Signal(name, program.incarnation, signal, True))


def end_grace(t: Turn) -> None:
    """Whatever is going down goes now: also what is not born yet, as soon as it is."""
    program = t.program
    program.past_grace = True
    hooks.end_now(t, hooks.HURRIED)
    if not (program.spawning or hooks.is_free(program)):
        kill(t)


def kill(t: Turn) -> None:
    """SIGKILL whatever is left, and come back if that was not enough."""
    program = t.program
    program.past_grace, program.examine_by, program.farewell = True, None, False
    t.emit(Kill(program.policy.name, program.incarnation))
    program.kill_at = t.moment.now + KILL_AGAIN


def grace_for(program: Program, cause: Cause) -> float:
    """How long a process that is being ended for this cause may take to go by itself."""
    if cause in (*POLITE, Cause.SELF, Cause.HOOK):
        return program.policy.stop.grace
    if cause is Cause.HANG and Role.LIVENESS in program.policy.probes:
        return program.policy.probes[Role.LIVENESS].grace
    return 0.0


def come_down(t: Turn) -> None:
    """The operator wants it down, and its main process is: only its old tree may live on."""
    program = t.program
    program.wanted = False
    if Need.TREE in program.granted:
        rest(t)
    else:
        turn.enter(t, State.STOPPING, "waiting for its last processes to be gone")
        program.cause = Cause.OPERATOR


def rest(t: Turn) -> None:
    """STOPPED: nothing runs, nothing is wanted, nothing is held."""
    turn.enter(t, State.STOPPED)
    let_go(t)
    turn.answer(t, up=False, outcome=Outcome.DONE)


def let_go(t: Turn) -> None:
    """Release every claim, granted or still asked for; answers to them no longer count."""
    program = t.program
    for need in Need:
        if need in program.policy.needs:
            t.emit(Release(program.policy.name, need))
    program.granted &= {Need.TREE}
    program.claim += 1


def settle(t: Turn) -> None:
    """Nothing of it lives any more: rest, come up again, or let the failure be judged."""
    program = t.program
    program.granted |= {Need.TREE}
    program.pid, program.kill_at = None, None
    turn.answer(t, up=False, outcome=Outcome.DONE)
    if not program.wanted:
        return rest(t)
    cause = program.cause or Cause.RESTART
    if cause in PLANNED or cause is Cause.LEASE:
        return coming_up.pass_gate(t)
    return fail(t, cause, program.last_exit, program.reason)


def note_empty(t: Turn) -> None:
    """The gate has one bar less when the time comes; if none will come, nothing is held."""
    t.program.granted |= {Need.TREE}
    t.program.kill_at = None
    if t.program.retry_at is None:
        let_go(t)


# --- failure ----------------------------------------------------------------------------------


def fail(t: Turn, cause: Cause, exit: Exit | None, reason: str) -> None:
    """The process is gone and nobody asked for it: let the restart policy judge."""
    program = t.program
    program.cause = cause
    verdict = restart.judge(program, cause, exit, t.moment)
    match verdict:
        case restart.Retry(delay, count):
            count_attempt(program, count)
            back_off(t, delay, reason)
        case restart.GiveUp():
            give_up(t, verdict.explain(reason), verdict.retry_in)
        case restart.Rest():
            retire(t, State.EXITED, reason)
    turn.answer(t, up=True, outcome=Outcome.FAILED, text=reason)


def count_attempt(program: Program, count: restart.Count) -> None:
    """Let the next delay be longer."""
    match count:
        case restart.Count.SLOW:
            program.slow_attempt += 1
        case restart.Count.START:
            program.start_attempt += 1
        case restart.Count.USUAL:
            program.attempt += 1


def back_off(t: Turn, delay: float, reason: str) -> None:
    """Wait before the restart, or do not: then the gate alone may hold it up."""
    if delay <= 0:
        return coming_up.relaunch(t)
    turn.enter(t, State.BACKOFF, reason)
    t.program.retry_at = t.moment.now + delay
    return None


def give_up(t: Turn, reason: str, retry_in: float | None) -> None:
    """FATAL: end with it, hold it and try again much later, or leave it to the operator."""
    program = t.program
    if retry_in is None or program.policy.restart.then == "exit":
        return retire(t, State.FATAL, reason)
    turn.enter(t, State.FATAL, reason)
    program.retry_at = t.moment.now + retry_in
    return None


def retire(t: Turn, state: State, reason: str) -> None:
    """It will not come back by itself."""
    program = t.program
    turn.enter(t, state, reason)
    if Need.TREE in program.granted:
        let_go(t)  # else when its last processes are gone: they may still do what only one may
    if program.policy.restart.then == "exit":
        code = restart.exit_code_upward(program.last_exit, program.cause)
        t.emit(Quit(program.policy.name, code))
