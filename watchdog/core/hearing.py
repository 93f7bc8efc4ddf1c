"""What the probes and the process's own words (sd_notify) do: verdicts, beats, farewells.

The counting itself is in `health.py`; here a verdict becomes a transition.
"""

from __future__ import annotations

from watchdog.core import coming_up, events, going_down, health, reloading
from watchdog.core.model import Cause, Role
from watchdog.core.turn import Turn


def judge_startup(t: Turn, event: events.Probed) -> None:
    """Up at the first pass; hung if it never passes."""
    program = t.program
    if event.role is not Role.STARTUP or Role.STARTUP not in program.checks:
        return None
    policy = program.policy.probes[Role.STARTUP]
    check = health.count(program.checks[Role.STARTUP], policy, event)
    program.checks = {Role.STARTUP: check}
    if check.verdict:
        return coming_up.become_running(t)
    program.reason = event.reason
    if check.verdict is False and t.moment.now >= program.extended_until:
        took = t.moment.now - (program.started_at or t.moment.now)
        reason = f"not up after {took:.1f} s: {event.reason}"
        return going_down.end(t, Cause.STARTUP, reason, 0.0)
    return None


def judge_running(t: Turn, event: events.Probed) -> None:
    """A liveness verdict ends the process; a readiness verdict only shows."""
    program = t.program
    if event.role not in program.checks:
        return None
    policy = program.policy.probes[event.role]
    check = health.count(program.checks[event.role], policy, event)
    program.checks = {**program.checks, event.role: check}
    if event.role is not Role.READINESS and check.verdict is False:
        return condemn(t, event, health.describe(check, policy))
    if check.failures or not any(c.failures for c in program.checks.values()):
        program.reason = health.describe(check, policy) or health.notes(program)
    reloading.hear_probe(t, event)
    return coming_up.refresh_health(t)


def condemn(t: Turn, event: events.Probed, reason: str) -> None:
    """It failed too often: a restart cures that, or nothing does that we can do."""
    if event.fatal:
        going_down.end(t, Cause.REFUSED, reason, t.program.policy.stop.grace)
    else:
        going_down.end(t, Cause.HANG, reason, t.program.policy.probes[event.role].grace)


def hang(t: Turn, reason: str) -> None:
    """Alive, and of no use: end it."""
    going_down.end(t, Cause.HANG, reason, going_down.grace_for(t.program, Cause.HANG))


def miss_beat(t: Turn, event: events.BeatMissed) -> None:
    """The heartbeat stayed away."""
    hang(t, f"no heartbeat for {t.program.policy.heartbeat:g} s")


def hear_starting(t: Turn, event: events.Notified) -> None:
    """READY=1 brings it up, unless a startup probe is to say so."""
    note_words(t, event)
    if event.unwell or event.stopping:
        return hear_trouble(t, event)
    if event.extend:
        extend_startup(t, event.extend)
    t.program.said_ready = t.program.said_ready or event.ready
    if event.ready and Role.STARTUP not in t.program.policy.probes:
        coming_up.become_running(t)
    return None


def hear_running(t: Turn, event: events.Notified) -> None:
    """A beat, a status, a cry for help, or a farewell."""
    program, now = t.program, t.moment.now
    note_words(t, event)
    if event.unwell or event.stopping:
        return hear_trouble(t, event)
    beat = program.policy.heartbeat
    if event.beat and beat is not None:
        program.beat_by = now + beat
    if event.extend and program.beat_by is not None:
        program.beat_by = max(program.beat_by, now + event.extend)
    return reloading.hear_words(t, event)


def hear_trouble(t: Turn, event: events.Notified) -> None:
    """The process itself says that it hangs, or that it is leaving."""
    if event.unwell:
        return hang(t, event.unwell)
    grace = t.program.policy.stop.grace
    going_down.end(t, Cause.SELF, "the process said that it is stopping", grace)
    return None


def hear_stopping(t: Turn, event: events.Notified) -> None:
    """It asks for more time to end, which it gets as long as nobody lost patience."""
    program = t.program
    note_words(t, event)
    if event.extend and not program.past_grace and program.kill_at is not None:
        program.kill_at = max(program.kill_at, t.moment.now + event.extend)


def extend_startup(t: Turn, extend: float) -> None:
    """It needs longer to come up, and says so."""
    program, until = t.program, t.moment.now + extend
    program.extended_until = max(program.extended_until, until)
    if program.policy.ready_within is not None and program.up_at is not None:
        program.up_at = max(program.up_at, until)


def note_words(t: Turn, event: events.Notified) -> None:
    """Keep what it says of itself."""
    if event.status is not None:
        t.program.status = event.status
