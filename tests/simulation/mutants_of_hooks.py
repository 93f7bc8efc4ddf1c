"""Mistakes with hooks."""

from __future__ import annotations

from typing import Any

from pytest import MonkeyPatch

from watchdog.core import coming_up, going_down, hook_transitions, hooks
from watchdog.core.model import Hook, State


def spawns_after_a_failed_hook(patch: MonkeyPatch) -> None:
    """Whatever pre_start says, the process is started."""
    patch.setattr(hook_transitions, "is_ignored", lambda t, hook: True)


def spawns_beside_the_hook(patch: MonkeyPatch) -> None:
    """The spawn does not wait for pre_start."""
    begin = hooks.begin

    def mutated(t: Any, hook: Hook) -> None:
        begin(t, hook)
        if hook is Hook.PRE_START:
            coming_up.spawn(t)

    patch.setattr(hooks, "begin", mutated)


def forgets_the_exit(patch: MonkeyPatch) -> None:
    """post_exit is not run where the next spawn could follow at once."""
    owes = hooks.owes_exit
    patch.setattr(hooks, "owes_exit", lambda p: owes(p) and p.state is not State.WAITING)


def waits_for_hooks_for_ever(patch: MonkeyPatch) -> None:
    """A hook that hangs is left alone."""
    patch.setattr(hooks, "timeout_of", lambda program, hook: 1000.0)


def stops_politely_for_a_lost_lease(patch: MonkeyPatch) -> None:
    """A hook may finish although the lease is gone."""

    cut_short = hooks.cut_short
    patch.setattr(hooks, "cut_short", lambda t, grace: cut_short(t, 5.0))


def begins_a_second_hook(patch: MonkeyPatch) -> None:
    """pre_stop does not wait until post_start is gone."""

    def mutated(t: Any, grace: float) -> None:
        t.program.grace_due = grace
        hooks.begin(t, Hook.PRE_STOP)

    patch.setattr(hooks, "bid_farewell", mutated)


def delays_the_kill_of_a_hang(patch: MonkeyPatch) -> None:
    """pre_stop is run for a process that hangs."""

    def mutated(t: Any, grace: float) -> None:
        program = t.program
        if program.pid is not None and Hook.PRE_STOP in program.policy.hooks:
            return hooks.bid_farewell(t, grace)
        return going_down.send_end(t, grace)

    patch.setattr(going_down, "take_leave", mutated)
