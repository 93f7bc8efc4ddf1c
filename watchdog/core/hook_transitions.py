"""What the events of hooks do, one small function for each group of pairs in the table."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.core import coming_up, events, going_down, hooks
from watchdog.core.model import Cause, Hook, Need
from watchdog.core.turn import Turn


def find(t: Turn, event: events.HookFound) -> None:
    """What an earlier watchdog began must be gone before anything else begins."""
    hooks.take_found(t, event.incarnation, event.hook)


def overrun(t: Turn, event: events.HookOver) -> None:
    """It took too long: kill it; a stop signal that waited for it waits no more."""
    program = t.program
    hook, leaving = program.hook, hooks.is_bidding_farewell(program)
    if hook is not None:
        hooks.end_now(t, f"no end within {hooks.timeout_of(program, hook):g} s")
    if leaving:
        going_down.send_end(t, program.grace_due)


def conclude_starting(t: Turn, event: events.HookDone) -> None:
    """pre_start is over: spawn, or let the failure be judged. (Of another's orphan: nothing.)"""
    hook, failure = note_done(t, event)
    if hook is not Hook.PRE_START:
        return None
    program = t.program
    if not failure or is_ignored(t, hook):
        return coming_up.spawn(t) if program.barred_by == (Need.TREE,) else call_off(t)
    program.last_exit = replace(event.exit, detail=failure)
    program.granted |= {Need.TREE}
    return going_down.fail(t, Cause.HOOK, program.last_exit, failure)


def call_off(t: Turn) -> None:
    """A reload meanwhile brought other dependencies: wait for those, and begin again."""
    t.program.granted |= {Need.TREE}
    coming_up.pass_gate(t)


def conclude_running(t: Turn, event: events.HookDone) -> None:
    """post_start is over; where its failure is the program's, that ends it."""
    hook, failure = note_done(t, event)
    if hook is Hook.POST_START and failure and not is_ignored(t, hook):
        going_down.end(t, Cause.HOOK, failure, t.program.policy.stop.grace)


def conclude_stopping(t: Turn, event: events.HookDone) -> None:
    """Whatever it was that the end waited for, it goes on."""
    program, leaving = t.program, hooks.is_bidding_farewell(t.program)
    until = program.hook_by
    hook, _ = note_done(t, event)
    if hook is Hook.PRE_START:
        return going_down.settle(t)
    if program.emptied:
        return None if hooks.is_held(t) else going_down.settle(t)
    if not leaving:
        return None
    if hook is Hook.POST_START and hooks.wants_farewell(program):
        hooks.bid_farewell(t, program.grace_due)
        program.hook_by = until  # the end does not wait longer for two than for one
        return None
    return going_down.send_end(t, program.grace_due)


def conclude_waiting(t: Turn, event: events.HookDone) -> None:
    """The next incarnation may have waited for this alone."""
    note_done(t, event)
    if t.program.emptied and not hooks.is_held(t):
        coming_up.open_gate(t)


def conclude_resting(t: Turn, event: events.HookDone) -> None:
    """Nothing waits for it but what is held meanwhile."""
    note_done(t, event)
    if t.program.emptied and not hooks.is_held(t):
        going_down.note_empty(t)


def note_done(t: Turn, event: events.HookDone) -> tuple[Hook | None, str]:
    """Which hook it was, and why it failed; empty if it passed."""
    program = t.program
    hook, failure = program.hook, ""
    if hook is not None and not event.ok:
        failure = hooks.describe_failure(program, hook, event.exit.detail)
    program.hook, program.hook_by, program.hook_fault = None, None, ""
    return hook, failure


def is_ignored(t: Turn, hook: Hook) -> bool:
    """Whether a failure of this hook is told, and that is all."""
    policy = t.program.policy.hooks.get(hook)
    return policy is None or policy.on_failure == "ignore"
