"""The steps of a program in supervisor's words. Pure.

Listeners know supervisor's states and the ways between them. Where ours leads over one of theirs
without resting there (a crash that is answered at once is EXITED for no time at all), it is told
all the same: crashmail waits for it. Supervisor's `tries` count starts that failed in a row.
"""

from __future__ import annotations

from msgspec import Struct

from watchdog.core.model import State
from watchdog.core.program import Program


class Told(Struct):
    """What listeners were told of a program last."""

    state: str = "STOPPED"
    pid: int = 0
    tries: int = 0


class Step(Struct, frozen=True):
    """One change of state as listeners are told it."""

    state: str
    since: str  # the state before
    extra: str  # the further fields, with a space before each

    @property
    def event(self) -> str:
        """The event's name."""
        return f"PROCESS_STATE_{self.state}"

    def payload(self, name: str, group: str) -> str:
        """The event's payload."""
        return f"processname:{name} groupname:{group} from_state:{self.since}{self.extra}"


def first_told(program: Program) -> Told:
    """What somebody who listens only now would have been told."""
    return Told(visible(program.state), program.pid or 0)


def visible(state: State) -> str:
    """The state as supervisor's users know it."""
    return "STARTING" if state is State.WAITING else state.value


def translate(told: Told, before: Program, after: Program) -> list[Step]:
    """What to tell of this change; `told` is brought up to date."""
    ended = after.last_exit is not before.last_exit
    if before.state is after.state and not (after.state is State.STARTING and ended):
        told.pid = after.pid or told.pid
        return []
    told.pid = after.pid or before.pid or told.pid
    states = [*_passed(before, after, ended), visible(after.state)]
    steps = [_enter(told, state, after) for state in states if state != told.state]
    if after.state is not State.STOPPING:
        told.pid = after.pid or 0
    return steps


def _passed(before: Program, after: Program, ended: bool) -> list[str]:
    """The state of supervisor that it passed without resting there."""
    if before.state is State.STOPPING and after.state not in (State.STOPPED, State.EXITED):
        return ["STOPPED"]
    if before.state is State.RUNNING and ended:
        return ["EXITED"]
    if before.state is State.STARTING and ended and after.state is not State.EXITED:
        return ["BACKOFF"]
    return []


def _enter(told: Told, state: str, after: Program) -> Step:
    since, told.state = told.state, state
    if state == "BACKOFF":
        told.tries += 1
    step = Step(state, since, _extra(told, after))
    if state not in ("BACKOFF", "STARTING", "STOPPING"):
        told.tries = 0
    return step


def _extra(told: Told, after: Program) -> str:
    match told.state:
        case "STARTING" | "BACKOFF":
            return f" tries:{told.tries}"
        case "EXITED":
            return f" expected:{int(_is_expected(after))} pid:{told.pid}"
        case "RUNNING" | "STOPPING" | "STOPPED":
            return f" pid:{told.pid}"
    return ""


def _is_expected(after: Program) -> bool:
    code = after.last_exit.code if after.last_exit is not None else None
    return code is not None and code in after.policy.exit_codes.success
