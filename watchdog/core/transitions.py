"""What each event does, one small function for each group of pairs in the table.

A transition changes the draft and wants effects; it decides nothing that the table, the restart
policy or the health verdicts decide. The table in `machine.py` says when each one applies. What
probes and notifications do stands in `hearing.py`.
"""

from __future__ import annotations

from watchdog.core import coming_up, events, going_down, health, hooks, turn
from watchdog.core.effects import Acquire, Signal, StopProbing
from watchdog.core.model import Cause, Exit, Need, Outcome, Policy, Role, State
from watchdog.core.turn import Turn

ASKED = {
    Cause.OPERATOR: "stopped by the operator",
    Cause.RESTART: "restarted by the operator",
}

# --- the operator -----------------------------------------------------------------------------


def start_anew(t: Turn, event: events.Start | events.Restart) -> None:
    """Up, now, with a clean slate: an operator's word outweighs any backoff."""
    program = t.program
    program.wanted = True
    program.attempt = program.slow_attempt = program.start_attempt = 0
    program.failures = ()
    turn.owe(t, event.request, up=True)
    coming_up.pass_gate(t)


def answer_started(t: Turn, event: events.Start) -> None:
    """It is up or on its way already."""
    turn.reply(t, event.request, Outcome.ALREADY_STARTED)


def answer_waiting(t: Turn, event: events.Start | events.Restart) -> None:
    """It will start as soon as it may; say what bars it."""
    turn.reply(t, event.request, Outcome.WAITING, t.program.reason)


def start_after_stop(t: Turn, event: events.Start | events.Restart) -> None:
    """It is going down: let it come up again after that."""
    t.program.wanted = True
    t.program.cause = Cause.RESTART
    turn.owe(t, event.request, up=True)


def answer_down(t: Turn, event: events.Stop) -> None:
    """It is down already, and stays so."""
    t.program.wanted = False
    if t.program.cause is Cause.RESTART:
        t.program.cause = event.cause
    turn.reply(t, event.request, Outcome.NOT_RUNNING)


def stand_down(t: Turn, event: events.Stop) -> None:
    """Nothing runs, but it would have been started: do not."""
    turn.answer(t, up=True, outcome=Outcome.SUPERSEDED, text="it was stopped meanwhile")
    turn.owe(t, event.request, up=False)
    going_down.come_down(t)


def stop_process(t: Turn, event: events.Stop) -> None:
    """End the process politely."""
    t.program.wanted = False
    turn.answer(t, up=True, outcome=Outcome.SUPERSEDED, text="it was stopped meanwhile")
    turn.owe(t, event.request, up=False)
    going_down.end(t, event.cause, ASKED[event.cause], t.program.policy.stop.grace)


def join_stop(t: Turn, event: events.Stop) -> None:
    """It is going down already: see that it stays down."""
    t.program.wanted = False
    t.program.cause = event.cause
    turn.answer(t, up=True, outcome=Outcome.SUPERSEDED, text="it was stopped meanwhile")
    turn.owe(t, event.request, up=False)


def restart_process(t: Turn, event: events.Restart) -> None:
    """Down and up again, without the restart policy having a say."""
    turn.owe(t, event.request, up=True)
    going_down.end(t, Cause.RESTART, ASKED[Cause.RESTART], t.program.policy.stop.grace)


def hurry(t: Turn, event: events.Hurry) -> None:
    """The grace is over now."""
    going_down.end_grace(t)


def retune(t: Turn, event: events.Retuned) -> None:
    """Go on under the new policy; checks that it no longer has are dropped, new ones begin."""
    program, now = t.program, t.moment.now
    before, program.policy = program.policy, event.policy
    if before.depends_on != event.policy.depends_on:
        program.granted -= {Need.DEPENDENCIES}  # others than those that were ready
    if program.state is State.RUNNING:
        program.checks = {
            role: health.resume(program.checks.get(role), probe, now)
            for role, probe in event.policy.probes.items()
            if role is not Role.STARTUP
        }
        beat = event.policy.heartbeat
        if beat != before.heartbeat:  # else an extension that was granted still holds
            program.beat_by = None if beat is None else now + beat
        if aging(before) != aging(event.policy):
            coming_up.set_age(t)
        coming_up.refresh_health(t)
    elif program.state is State.STARTING and program.pid is not None:
        program.up_at, program.checks = None, {}
        coming_up.watch_startup(t)
    elif program.state is State.WAITING:
        wait_anew(t)


def aging(policy: Policy) -> tuple[float | None, float]:
    """How old it may become."""
    return policy.maximum_age, policy.maximum_age_spread


def wait_anew(t: Turn) -> None:
    """The dependencies changed while it waited: there may be none now, or others to ask for."""
    program = t.program
    if not program.barred_by:
        return coming_up.launch(t)
    if Need.DEPENDENCIES in program.barred_by:
        t.emit(Acquire(program.policy.name, Need.DEPENDENCIES, program.claim))
    return None


def pass_signal(t: Turn, event: events.SendSignal) -> None:
    """Send the operator's signal to the main process."""
    program = t.program
    if program.pid is None:
        return turn.reply(t, event.request, Outcome.NOT_RUNNING)
    t.emit(Signal(program.policy.name, program.incarnation, event.signal, False))
    return turn.reply(t, event.request, Outcome.DONE)


def refuse_signal(t: Turn, event: events.SendSignal | events.Reload) -> None:
    """There is no process to send it to."""
    turn.reply(t, event.request, Outcome.NOT_RUNNING)


# --- the start gate ---------------------------------------------------------------------------


def take_grant(t: Turn, event: events.Granted) -> None:
    """One bar less."""
    program = t.program
    program.granted |= {event.need}
    program.refused -= {event.need}
    if Need.DEPENDENCIES in program.barred_by:  # who is missing is said anew
        t.emit(Acquire(program.policy.name, Need.DEPENDENCIES, program.claim))
    elif program.barred_by:
        program.reason = coming_up.waiting_for(program)
    else:
        coming_up.launch(t)


def note_refusal(t: Turn, event: events.Refused) -> None:
    """Stand by, and say why; or give up, if waiting was not wanted."""
    if not event.final:
        t.program.reason = event.reason
        if event.soon:
            return None
        t.program.refused |= {event.need}
        return turn.answer(t, True, Outcome.WAITING, event.reason)
    t.program.last_exit = Exit(code=69, detail=event.reason)
    going_down.retire(t, State.FATAL, event.reason)
    return turn.answer(t, up=True, outcome=Outcome.FAILED, text=event.reason)


def ask_again(t: Turn, event: events.Revoked) -> None:
    """What was granted while we waited for the rest is gone: ask for it once more."""
    program = t.program
    program.granted -= {event.need}
    program.reason = event.reason
    hooks.end_now(t, event.reason)
    t.emit(Acquire(program.policy.name, event.need, program.claim))


def lose_grant(t: Turn, event: events.Revoked) -> None:
    """Nothing runs but a hook, perhaps; the gate will ask for it when its time comes."""
    t.program.granted -= {event.need}
    hooks.end_now(t, event.reason)


def fence(t: Turn, event: events.Revoked) -> None:
    """The right to run is gone, so the process must be: no grace."""
    t.program.granted -= {event.need}
    going_down.end(t, Cause.LEASE, event.reason, 0.0)


def fence_stopping(t: Turn, event: events.Revoked) -> None:
    """It was going down in its own time, which it no longer has."""
    t.program.granted -= {event.need}
    going_down.end_grace(t)


# --- the process ------------------------------------------------------------------------------


def take_process(t: Turn, event: events.Spawned) -> None:
    """There is a process. Said twice, it must not begin the startup again."""
    if not t.program.spawning:
        return
    t.program.spawning, t.program.pid, t.program.exit_told = False, event.pid, False
    coming_up.watch_startup(t)


def adopt(t: Turn, event: events.Adopted) -> None:
    """It runs already: go on where the other watchdog was stopped."""
    program = t.program
    program.wanted = True
    program.incarnation, program.pid = event.incarnation, event.pid
    program.started_at, program.restarts = event.started_at, event.restarts
    program.granted = program.policy.needs
    program.said_ready = program.came_up = event.up
    program.emptied = program.exit_told = False
    if event.up:
        coming_up.become_running(t)
    else:
        turn.enter(t, State.STARTING)
        coming_up.watch_startup(t)


def mourn(t: Turn, event: events.Bereaved) -> None:
    """It ended unseen. Nothing is judged by it, but nothing starts before its tree is empty."""
    program = t.program
    program.incarnation, program.last_exit = event.incarnation, event.exit
    program.restarts = event.restarts
    program.granted -= {Need.TREE}
    program.emptied = program.exit_told = False


def end_newborn(t: Turn, event: events.Spawned) -> None:
    """It was to end before it began. Said twice, it must not get its grace again."""
    program = t.program
    if not program.spawning:
        return
    program.spawning, program.pid, program.exit_told = False, event.pid, False
    going_down.send_end(t, going_down.grace_for(program, program.cause or Cause.OPERATOR))


def fail_spawn(t: Turn, event: events.SpawnFailed) -> None:
    """There is no process, and so no tree either; unless there is one, as was said before."""
    program = t.program
    if not program.spawning:
        return
    program.spawning, program.last_exit = False, event.exit
    program.granted |= {Need.TREE}
    going_down.fail(t, Cause.SPAWN, event.exit, event.exit.detail)


def forget_spawn(t: Turn, event: events.SpawnFailed) -> None:
    """It was to end, and never began."""
    if not t.program.spawning:
        return
    t.program.spawning, t.program.last_exit = False, event.exit
    going_down.settle(t)


def crash(t: Turn, event: events.Exited) -> None:
    """It ended by itself: clear away what it left, and judge."""
    program = t.program
    program.pid, program.last_exit = None, event.exit
    if program.checks:
        t.emit(StopProbing(program.policy.name, program.incarnation))
    hooks.end_now(t, hooks.LEFT)
    going_down.kill(t)
    going_down.fail(t, Cause.CRASH, event.exit, event.exit.detail)


def note_exit(t: Turn, event: events.Exited) -> None:
    """The main process went as it should; what it started has the rest of the grace."""
    program = t.program
    if program.pid is None:
        return  # said twice: what it left behind must not be told again
    program.pid, program.last_exit = None, event.exit
    if program.examine_by is not None:
        going_down.proceed(t)  # there is nothing left to be examined
    elif hooks.is_bidding_farewell(program):
        return  # the first signal is still to come, and will be for the rest
    elif program.policy.stop.scope == "main" and not program.past_grace:
        # It was to tell them. Whoever is still there was not told, and would wait for SIGKILL.
        going_down.tell_rest(t)


def conclude_examination(t: Turn, event: events.Examined | events.EvidenceOver) -> None:
    """The evidence is taken, or took too long: the end goes on."""
    if t.program.examine_by is not None:
        going_down.proceed(t)


def conclude_stop(t: Turn, event: events.TreeEmpty) -> None:
    """Everything is gone: rest, come up again, or let the failure be judged."""
    if hooks.is_all_over(t):
        going_down.settle(t)


def open_gate(t: Turn, event: events.TreeEmpty) -> None:
    """The old tree was what we waited for, or one of the things."""
    if hooks.is_all_over(t):
        coming_up.open_gate(t)


def note_empty(t: Turn, event: events.TreeEmpty) -> None:
    """Nothing lives any more: what is held for it may be let go."""
    if hooks.is_all_over(t):
        going_down.note_empty(t)


def shed_weight(t: Turn, event: events.Overweight) -> None:
    """It may not have that much memory, or processor time."""
    going_down.end(t, event.cause, event.reason, t.program.policy.stop.grace)


# --- time -------------------------------------------------------------------------------------


def retry(t: Turn, event: events.RetryDue) -> None:
    """The backoff is over."""
    t.program.retry_at = None
    coming_up.relaunch(t)


def kill_rest(t: Turn, event: events.GraceOver) -> None:
    """Whoever is still there goes now."""
    going_down.kill(t)


def end_startup(t: Turn, event: events.StartupOver) -> None:
    """It lived long enough; or it should have said READY=1 by now, and did not."""
    within = t.program.policy.ready_within
    if within is None or Role.STARTUP in t.program.policy.probes:
        return coming_up.become_running(t)
    return going_down.end(t, Cause.STARTUP, f"no READY=1 within {within:g} s", 0.0)


def settle(t: Turn, event: events.Settled) -> None:
    """Healthy for long enough: the next failure is a first one again."""
    t.program.attempt = t.program.slow_attempt = 0
    t.program.settle_at = None


def probe(t: Turn, event: events.ProbeDue) -> None:
    """Have a look."""
    coming_up.run_probe(t, event.role)
