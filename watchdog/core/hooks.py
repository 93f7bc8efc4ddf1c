"""The user's commands around a process: before and after its start, before its stop, after its end.

At most one runs for a program, and what it keeps waiting is a matter of this module:

* pre_start: the program is STARTING, the spawn follows when it passed;
* post_start: nothing waits; it is killed when its process is to end;
* pre_stop: the program is STOPPING, the stop signal follows, at its timeout at the latest;
* post_exit: the tree is empty, and yet `Need.TREE` is granted only when this is over.

So whatever waits for an empty tree (a spawn, the release of a lock, the answer to a stop) waits for
the hooks as well.
"""

from __future__ import annotations

from watchdog.core.effects import EndHook, RunHook
from watchdog.core.model import POLITE, Cause, Hook, HookPolicy, Need, State
from watchdog.core.program import Program
from watchdog.core.turn import Turn

AGAIN = 1.0
"""Seconds after which a hook that should be dead is killed once more."""

CALLED_OFF = "the start was called off"
LEAVING, LEFT = "its process is to end", "its process is gone"
HURRIED = "it was hurried"
UNWANTED = (CALLED_OFF, LEAVING, LEFT, HURRIED)
"""Why a hook was ended that is no failure of its own."""


def begin(t: Turn, hook: Hook) -> None:
    """Have the hook run. None other of the program lives."""
    program = t.program
    program.hook, program.hook_fault = hook, ""
    program.hook_by = t.moment.now + timeout_of(program, hook)
    t.emit(tell(program, hook))


def tell(program: Program, hook: Hook) -> RunHook:
    """The effect, with all that the command may want to know."""
    after = hook is Hook.POST_EXIT
    reason = "" if hook is Hook.PRE_START else program.reason
    if after and program.state is State.WAITING and program.last_exit is not None:
        reason = program.last_exit.detail  # its own reason is what it waits for
    return RunHook(
        program.policy.name,
        program.incarnation,
        hook,
        program.cause,
        reason,
        program.pid,
        program.last_exit if after else None,
    )


def timeout_of(program: Program, hook: Hook) -> float:
    """Seconds; also of one that a reload has just taken out of the configuration."""
    return program.policy.hooks.get(hook, HookPolicy()).timeout


def end_now(t: Turn, why: str = "") -> None:
    """Kill the hook, if one runs; HookDone says when it is gone."""
    program = t.program
    if program.hook is not None:
        program.hook_fault = program.hook_fault or why
        program.hook_by = t.moment.now + AGAIN
        t.emit(EndHook(program.policy.name, program.incarnation, program.hook, "KILL"))


def cut_short(t: Turn, grace: float) -> None:
    """The start is called off: its hook may end by itself, for no longer than a process may."""
    program = t.program
    if grace <= 0:
        return end_now(t, CALLED_OFF)
    until = t.moment.now + grace
    program.hook_fault = program.hook_fault or CALLED_OFF
    program.hook_by = until if program.hook_by is None else min(until, program.hook_by)
    return t.emit(EndHook(program.policy.name, program.incarnation, Hook.PRE_START, "TERM"))


# --- before the stop signal -------------------------------------------------------------------


def is_polite(program: Program, cause: Cause) -> bool:
    """Whether an end for this cause begins with pre_stop: that of a process that was up."""
    return program.came_up and cause in POLITE and Hook.PRE_STOP in program.policy.hooks


def wants_farewell(program: Program) -> bool:
    """Whether pre_stop is still to run. What ended it decides, not who joins in later."""
    due = program.farewell and program.pid is not None
    return due and Hook.PRE_STOP in program.policy.hooks


def bid_farewell(t: Turn, grace: float) -> None:
    """Run pre_stop; the stop signal follows in its time, however long another hook is dying."""
    program = t.program
    program.grace_due = grace
    if program.hook is None:
        begin(t, Hook.PRE_STOP)
    else:
        program.hook_by = t.moment.now + timeout_of(program, Hook.PRE_STOP)


def is_bidding_farewell(program: Program) -> bool:
    """Whether the first signal still waits for a hook."""
    waits = program.hook is not None and program.examine_by is None
    return program.farewell and waits and not program.emptied


# --- after the end ----------------------------------------------------------------------------


def is_all_over(t: Turn) -> bool:
    """The tree is empty: whether that is all, or a hook has to end or to run before it counts."""
    program = t.program
    if program.emptied or Need.TREE in program.granted:
        return False  # said twice: what follows has begun, or is done
    program.emptied, program.pid, program.kill_at = True, None, None
    program.farewell = False
    return not is_held(t)


def is_held(t: Turn) -> bool:
    """Whether a hook keeps the empty tree from counting; one that is due begins."""
    program = t.program
    if program.hook is None and owes_exit(program):
        program.exit_told = True
        begin(t, Hook.POST_EXIT)
        if program.state is State.WAITING:
            program.reason = describe(Hook.POST_EXIT)
    return program.hook is not None


def owes_exit(program: Program) -> bool:
    """Whether the end of this incarnation is still to be told."""
    return not program.exit_told and Hook.POST_EXIT in program.policy.hooks


def is_free(program: Program) -> bool:
    """Whether no process is left that a kill could be meant for, only hooks."""
    return program.emptied or program.hook is Hook.PRE_START


# --- an earlier watchdog's --------------------------------------------------------------------


def take_found(t: Turn, incarnation: int, hook: Hook) -> None:
    """Nothing begins before it is gone."""
    program = t.program
    program.incarnation, program.hook = incarnation, hook
    program.hook_fault = "its watchdog was killed"
    program.granted -= {Need.TREE}
    program.emptied = program.exit_told = True  # until Adopted or Bereaved says otherwise


def describe_failure(program: Program, hook: Hook, detail: str) -> str:
    """Why it did not pass."""
    return f"{hook} hook: {program.hook_fault or detail or 'it failed'}"


def describe(hook: Hook) -> str:
    """The reason of a state that a hook keeps waiting."""
    return f"{hook} hook is running"
