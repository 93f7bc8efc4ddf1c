"""A program that reads its configuration again at a signal, and what proves that it took that well.

The process goes on, so the state stays RUNNING. Nothing that was seen before counts: first it must
live for `start_seconds` after the signal; then its readiness probe, or else its liveness probe,
must pass anew. One that says RELOADING=1 (sd_notify) is done when it says READY=1. If the process
ends of the signal, that is a crash as any other, and the restart policy judges it.
"""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.core import events, turn
from watchdog.core.effects import Signal
from watchdog.core.model import Outcome, Role, State
from watchdog.core.program import Program, Reloading
from watchdog.core.turn import Turn

NO_SIGNAL = (
    'it has no `reload` in the configuration; write reload = {{ signal = "HUP" }} if it reads its '
    "own configuration again at that signal, or start it anew: watchdog restart {name}"
)


def begin(t: Turn, event: events.Reload) -> None:
    """Send the signal, and wait for what proves that all is well."""
    program, now = t.program, t.moment.now
    policy = program.policy.reload
    if policy is None:
        text = NO_SIGNAL.format(name=program.policy.name)
        return turn.reply(t, event.request, Outcome.FAILED, text)
    if program.pid is None:
        return turn.reply(t, event.request, Outcome.NOT_RUNNING)
    turn.owe(t, event.request, up=True)
    sure = now + program.policy.start_seconds
    program.reloading = Reloading(now, sure, max(sure, now + policy.within))
    program.reload_trouble = ""
    t.emit(Signal(program.policy.name, program.incarnation, policy.signal, False))
    return None


def refuse(t: Turn, event: events.Reload) -> None:
    """It is on its way up or down: the signal might end it, or mean nothing."""
    turn.reply(t, event.request, Outcome.FAILED, f"it is {t.program.state}, not RUNNING")


def come_due(t: Turn, event: events.ReloadDue) -> None:
    """It lived long enough: look anew; or time is up, and nothing has proved that it is well."""
    program, now = t.program, t.moment.now
    reloading = program.reloading
    if reloading is None:
        return None
    if now >= reloading.by and reloading.settled:
        return give_up(t, reloading)
    program.reloading = replace(reloading, settled=True)
    role = judge_of(program)
    if role is not None:
        program.checks = {**program.checks, role: replace(program.checks[role], due=now)}
    elif program.policy.heartbeat is None and not reloading.announced:
        finish(t)
    return None


def hear_probe(t: Turn, event: events.Probed) -> None:
    """One result more; a probe that began too early does not count."""
    program = t.program
    reloading = program.reloading
    if reloading is None or program.state is not State.RUNNING or event.role != judge_of(program):
        return
    if not reloading.settled or t.moment.now - event.latency < reloading.sure:
        return
    passes = reloading.passes + 1 if event.ok else 0
    program.reloading = replace(reloading, passes=passes)
    wanted = program.policy.probes[event.role].success_threshold
    if passes >= wanted and not reloading.announced:
        finish(t)


def hear_words(t: Turn, event: events.Notified) -> None:
    """It says itself that it reloads, and when it is done; or a beat tells that it lives."""
    program = t.program
    reloading = program.reloading
    if reloading is None or program.state is not State.RUNNING:
        return
    if event.reloading and not event.ready:
        program.reloading = replace(reloading, announced=True)
    elif (event.ready and reloading.announced) or (
        event.beat and reloading.settled and not reloading.announced and judge_of(program) is None
    ):
        finish(t)


def judge_of(program: Program) -> Role | None:
    """Whose probes tell whether it is well; None if nobody's do."""
    return next((r for r in (Role.READINESS, Role.LIVENESS) if r in program.checks), None)


def finish(t: Turn) -> None:
    """It is well, after the signal."""
    t.program.reloading = None
    turn.answer(t, up=True, outcome=Outcome.DONE)


def give_up(t: Turn, reloading: Reloading) -> None:
    """It lives, and is not well; what follows from that is for the probes to say."""
    program = t.program
    took = t.moment.now - reloading.began
    what = "it said RELOADING=1, and not READY=1," if reloading.announced else "not healthy"
    reason = f": {program.reason}" if program.reason else ""
    program.reloading = None
    program.reload_trouble = f"{what} within {took:.0f} s of the signal{reason}"
    turn.answer(t, up=True, outcome=Outcome.FAILED, text=program.reload_trouble)
