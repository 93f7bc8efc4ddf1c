"""The state machine of one program, as data: which event does what in which state.

    step(program, event, moment) -> (program, effects)

`TABLE` holds every (state, event) pair that does something, with the states it may lead to;
`IGNORED` names every pair that is rightly without effect. Together they are total, and a test says
so. The diagram in `docs/` is generated from `TABLE`.

What `step` keeps true:

* an event of another incarnation, of an abandoned claim, or a reminder of a deadline that moved is
  discarded before the table is asked: that one rule ends every stale-event race;
* a Spawn is wanted only when every need is granted, the empty tree of the last incarnation among
  them; so no two incarnations ever live;
* every request gets exactly one answer.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from watchdog.core import hearing as hear
from watchdog.core import hook_transitions as hooks
from watchdog.core import recycling, reloading
from watchdog.core import transitions as do
from watchdog.core.deadlines import TIME_EVENTS, is_due
from watchdog.core.effects import Effect
from watchdog.core.events import (
    Adopted,
    AgeReached,
    BeatMissed,
    Bereaved,
    Event,
    EvidenceOver,
    Examined,
    Exited,
    GraceOver,
    Granted,
    HookDone,
    HookFound,
    HookOver,
    Hurry,
    Notified,
    OfClaim,
    OfProcess,
    Overweight,
    Probed,
    ProbeDue,
    Recycle,
    Refused,
    Reload,
    ReloadDue,
    Restart,
    RetryDue,
    Retuned,
    Revoked,
    RollDue,
    SendSignal,
    Settled,
    Spawned,
    SpawnFailed,
    Start,
    StartupOver,
    Stop,
    TreeEmpty,
)
from watchdog.core.model import Moment, State
from watchdog.core.program import Program
from watchdog.core.turn import Turn

STOPPED, WAITING, STARTING, RUNNING, STOPPING, BACKOFF, EXITED, FATAL = State

UP = (WAITING, STARTING)  # what passing the start gate leads to
AFTER_FAILURE = (*UP, BACKOFF, EXITED, FATAL)  # what the restart policy may say
AFTER_CRASH = (WAITING, BACKOFF, EXITED, FATAL)  # the same, before the tree is proved empty


class Row(Struct, frozen=True):
    """One entry of the table: what is done, and where it may lead besides staying."""

    do: Callable[[Turn, Any], None]
    leads_to: tuple[State, ...] = ()


TABLE: Mapping[type[Event], Mapping[State, Row]] = {
    # --- the operator
    Start: {
        STOPPED: Row(do.start_anew, UP),
        EXITED: Row(do.start_anew, UP),
        FATAL: Row(do.start_anew, UP),
        BACKOFF: Row(do.start_anew, UP),
        WAITING: Row(do.answer_waiting),
        STARTING: Row(do.answer_started),
        RUNNING: Row(do.answer_started),
        STOPPING: Row(do.start_after_stop),
    },
    Stop: {
        STOPPED: Row(do.answer_down),
        EXITED: Row(do.answer_down),
        FATAL: Row(do.stand_down, (STOPPED, STOPPING)),
        BACKOFF: Row(do.stand_down, (STOPPED, STOPPING)),
        WAITING: Row(do.stand_down, (STOPPED, STOPPING)),
        STARTING: Row(do.stop_process, (STOPPING,)),
        RUNNING: Row(do.stop_process, (STOPPING,)),
        STOPPING: Row(do.join_stop),
    },
    Restart: {
        STOPPED: Row(do.start_anew, UP),
        EXITED: Row(do.start_anew, UP),
        FATAL: Row(do.start_anew, UP),
        BACKOFF: Row(do.start_anew, UP),
        WAITING: Row(do.answer_waiting),
        STARTING: Row(do.restart_process, (STOPPING,)),
        RUNNING: Row(do.restart_process, (STOPPING,)),
        STOPPING: Row(do.start_after_stop),
    },
    SendSignal: {
        STARTING: Row(do.pass_signal),
        RUNNING: Row(do.pass_signal),
        STOPPING: Row(do.pass_signal),
        STOPPED: Row(do.refuse_signal),
        WAITING: Row(do.refuse_signal),
        BACKOFF: Row(do.refuse_signal),
        EXITED: Row(do.refuse_signal),
        FATAL: Row(do.refuse_signal),
    },
    Reload: {
        **{state: Row(do.refuse_signal) for state in State},
        RUNNING: Row(reloading.begin),
        STARTING: Row(reloading.refuse),
        STOPPING: Row(reloading.refuse),
    },
    Hurry: {STOPPING: Row(do.hurry)},
    Retuned: {
        **{state: Row(do.retune) for state in State},
        STARTING: Row(do.retune, (RUNNING,)),
        WAITING: Row(do.retune, (STARTING,)),
    },
    RollDue: {},  # only the fleet has a use for it
    # --- the start gate
    Granted: {WAITING: Row(do.take_grant, (STARTING,))},
    Refused: {WAITING: Row(do.note_refusal, (FATAL,))},
    Revoked: {
        WAITING: Row(do.ask_again),
        BACKOFF: Row(do.lose_grant),
        EXITED: Row(do.lose_grant),
        FATAL: Row(do.lose_grant),
        STARTING: Row(do.fence, (STOPPING,)),
        RUNNING: Row(do.fence, (STOPPING,)),
        STOPPING: Row(do.fence_stopping),
    },
    # --- the process
    Spawned: {STARTING: Row(do.take_process, (RUNNING,)), STOPPING: Row(do.end_newborn)},
    Adopted: {STOPPED: Row(do.adopt, (STARTING, RUNNING))},
    Bereaved: {STOPPED: Row(do.mourn)},
    SpawnFailed: {
        STARTING: Row(do.fail_spawn, AFTER_FAILURE),
        STOPPING: Row(do.forget_spawn, (STOPPED, *UP)),
    },
    Exited: {
        STARTING: Row(do.crash, AFTER_CRASH),
        RUNNING: Row(do.crash, AFTER_CRASH),
        STOPPING: Row(do.note_exit),
    },
    TreeEmpty: {
        STOPPING: Row(do.conclude_stop, (STOPPED, *AFTER_FAILURE)),
        WAITING: Row(do.open_gate, (STARTING,)),
        STOPPED: Row(do.note_empty),
        BACKOFF: Row(do.note_empty),
        EXITED: Row(do.note_empty),
        FATAL: Row(do.note_empty),
    },
    Overweight: {
        STARTING: Row(do.shed_weight, (STOPPING,)),
        RUNNING: Row(do.shed_weight, (STOPPING,)),
    },
    Recycle: {RUNNING: Row(recycling.recycle, (STOPPING,))},
    Examined: {STOPPING: Row(do.conclude_examination)},
    # --- hooks
    HookFound: {STOPPED: Row(hooks.find)},
    HookDone: {
        STARTING: Row(hooks.conclude_starting, AFTER_FAILURE),
        RUNNING: Row(hooks.conclude_running, (STOPPING,)),
        STOPPING: Row(hooks.conclude_stopping, (STOPPED, *AFTER_FAILURE)),
        WAITING: Row(hooks.conclude_waiting, (STARTING,)),
        STOPPED: Row(hooks.conclude_resting),
        BACKOFF: Row(hooks.conclude_resting),
        EXITED: Row(hooks.conclude_resting),
        FATAL: Row(hooks.conclude_resting),
    },
    # --- health
    Probed: {
        STARTING: Row(hear.judge_startup, (RUNNING, STOPPING)),
        RUNNING: Row(hear.judge_running, (STOPPING,)),
    },
    Notified: {
        STARTING: Row(hear.hear_starting, (RUNNING, STOPPING)),
        RUNNING: Row(hear.hear_running, (STOPPING,)),
        STOPPING: Row(hear.hear_stopping),
    },
    # --- time
    RetryDue: {BACKOFF: Row(do.retry, UP), FATAL: Row(do.retry, UP)},
    GraceOver: {
        STOPPING: Row(do.kill_rest),
        WAITING: Row(do.kill_rest),
        BACKOFF: Row(do.kill_rest),
        EXITED: Row(do.kill_rest),
        FATAL: Row(do.kill_rest),
    },
    EvidenceOver: {STOPPING: Row(do.conclude_examination)},
    HookOver: {state: Row(hooks.overrun) for state in State},
    StartupOver: {STARTING: Row(do.end_startup, (RUNNING, STOPPING))},
    Settled: {RUNNING: Row(do.settle)},
    ReloadDue: {RUNNING: Row(reloading.come_due)},
    AgeReached: {RUNNING: Row(recycling.retire_old, (STOPPING,))},
    ProbeDue: {STARTING: Row(do.probe), RUNNING: Row(do.probe)},
    BeatMissed: {RUNNING: Row(hear.miss_beat, (STOPPING,))},
}

NO_PROCESS = (STOPPED, WAITING, BACKOFF, EXITED, FATAL)

IGNORED: Mapping[type[Event], tuple[State, ...]] = {
    # Only a program that is going down can be hurried.
    Hurry: (*NO_PROCESS, STARTING, RUNNING),
    RollDue: tuple(State),
    # Answers to a claim: only WAITING asks, and all but the claim that counts are discarded.
    Granted: (STOPPED, STARTING, RUNNING, STOPPING, BACKOFF, EXITED, FATAL),
    Refused: (STOPPED, STARTING, RUNNING, STOPPING, BACKOFF, EXITED, FATAL),
    Revoked: (STOPPED,),
    # Reports said twice: the first one was believed.
    Spawned: (*NO_PROCESS, RUNNING),
    SpawnFailed: (*NO_PROCESS, RUNNING),
    Exited: NO_PROCESS,
    TreeEmpty: (STARTING, RUNNING),
    # Only said while a watchdog starts, before anything else is.
    Adopted: tuple(state for state in State if state is not STOPPED),
    Bereaved: tuple(state for state in State if state is not STOPPED),
    HookFound: tuple(state for state in State if state is not STOPPED),
    # Words about a process that is gone, or is going anyway.
    Overweight: (*NO_PROCESS, STOPPING),
    # One that is only just coming up is new.
    Recycle: (*NO_PROCESS, STARTING, STOPPING),
    Examined: (*NO_PROCESS, STARTING, RUNNING),
    Probed: (*NO_PROCESS, STOPPING),
    Notified: NO_PROCESS,
    # Deadlines that no such state has.
    RetryDue: (STOPPED, WAITING, STARTING, RUNNING, STOPPING, EXITED),
    GraceOver: (STOPPED, STARTING, RUNNING),
    EvidenceOver: (*NO_PROCESS, STARTING, RUNNING),
    StartupOver: (*NO_PROCESS, RUNNING, STOPPING),
    Settled: (*NO_PROCESS, STARTING, STOPPING),
    ReloadDue: (*NO_PROCESS, STARTING, STOPPING),
    AgeReached: (*NO_PROCESS, STARTING, STOPPING),
    ProbeDue: (*NO_PROCESS, STOPPING),
    BeatMissed: (*NO_PROCESS, STARTING, STOPPING),
}


def step(program: Program, event: Event, moment: Moment) -> tuple[Program, list[Effect]]:
    """The program after the event, and what is to be done about it. The input is not changed."""
    if is_stale(program, event, moment):
        return program, []
    row = TABLE[type(event)].get(program.state)
    if row is None:
        return program, []
    turn = Turn(copy.copy(program), moment)
    row.do(turn, event)
    return turn.program, turn.effects


def is_stale(program: Program, event: Event, moment: Moment) -> bool:
    """Whether the event speaks of an incarnation, a claim or a deadline that is no more."""
    if isinstance(event, HookDone) and event.hook is not program.hook:
        return True
    if isinstance(event, OfProcess):
        return event.incarnation != program.incarnation
    if isinstance(event, OfClaim):
        return event.claim != program.claim
    return isinstance(event, TIME_EVENTS) and not is_due(program, event, moment.now)
