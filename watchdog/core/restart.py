"""What follows a failure: try again (and when), give up, or leave it be.

Pure functions of the policy, the history and one draw of chance. A loop of failures can never
become hot: only the first restart after a time of health may be immediate.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from watchdog.core.model import Cause, Exit, Moment, RestartPolicy, State
from watchdog.core.program import Program

FIRST_STEP = 1.0
"""Seconds of the second delay where the first is 0: supervisor too adds one second a retry."""


REFUSED = 77
"""Exit code of a program whose credentials are refused: EX_NOPERM of sysexits.h."""


class Count(StrEnum):
    """Which row of failures a retry makes longer."""

    USUAL = "usual"
    SLOW = "slow"
    START = "start"
    NONE = "none"  # it was no failure


class Retry(Struct, frozen=True):
    """Start again after the delay (seconds)."""

    delay: float
    count: Count = Count.USUAL


class GiveUp(Struct, frozen=True):
    """FATAL. With a delay: try again after it, all the same."""

    rule: str = ""  # what in the policy says so
    retry_in: float | None = None

    def explain(self, reason: str) -> str:
        """The reason of the failure, and of giving up: the count first, a code's meaning last."""
        parts = (reason, self.rule) if self.retry_in is None else (self.rule, reason)
        return "; ".join(filter(None, parts))


class Rest(Struct, frozen=True):
    """EXITED: the policy wants no restart."""


Verdict = Retry | GiveUp | Rest


def backoff(policy: RestartPolicy, attempt: int, chance: float) -> float:
    """The delay in seconds before restart number `attempt` (from 0) since the last health."""
    if attempt == 0:
        nominal = policy.initial
    elif policy.initial == 0:
        nominal = grow(FIRST_STEP, policy, attempt - 1)
    else:
        nominal = grow(policy.initial, policy, attempt)
    return spread(nominal, policy, chance)


def slow_backoff(policy: RestartPolicy, attempt: int, chance: float) -> float:
    """The delay in seconds after an exit that asks for patience (the lock or the token is held)."""
    return spread(grow(policy.slow, policy, attempt), policy, chance)


def grow(first: float, policy: RestartPolicy, steps: int) -> float:
    """`first`, multiplied `steps` times by the factor, up to the maximum."""
    try:
        return min(policy.maximum, first * policy.factor**steps)
    except OverflowError:
        return policy.maximum


def spread(delay: float, policy: RestartPolicy, chance: float) -> float:
    """Move the delay by up to the jitter, both ways, and never above the maximum."""
    jittered = delay * (1 + policy.jitter * (2 * chance - 1))
    return min(policy.maximum, max(0.0, jittered))


def recent(failures: tuple[float, ...], policy: RestartPolicy, now: float) -> tuple[float, ...]:
    """The restarts that are still inside the crash-loop window."""
    return tuple(at for at in failures if at > now - policy.within)


def judge(program: Program, cause: Cause, exit: Exit | None, moment: Moment) -> Verdict:
    """What follows, now that the process ended for this cause."""
    policy, codes = program.policy.restart, program.policy.exit_codes
    # A process that we killed ourselves has no exit code that could mean anything.
    own = cause in (Cause.CRASH, Cause.SELF, Cause.SPAWN) or is_of_pre_start(program, cause)
    code = exit.code if exit and own else None
    if cause is Cause.REFUSED:
        return GiveUp()
    if code is not None and code in codes.fatal:
        return GiveUp(f"exit code {code} is in exit_codes.fatal")
    if policy.start_retries is not None and never_came_up(program, cause):
        return retry_start(program.start_attempt, policy.start_retries)
    if policy.when == "never":
        return Rest()
    if code is not None and code in codes.success and cause is not Cause.HOOK:
        if policy.when == "on-failure":
            return Rest()
        if policy.after_success is not None:
            return Retry(rest_of_pace(program, policy.after_success, moment), Count.NONE)
    if code is not None and code in codes.slow:
        return Retry(slow_backoff(policy, program.slow_attempt, moment.chance), Count.SLOW)
    if len(recent(program.failures, policy, moment.now)) >= policy.limit:
        return GiveUp(f"{policy.limit} restarts within {policy.within:g} s", policy.maximum)
    return Retry(backoff(policy, program.attempt, moment.chance))


def is_of_pre_start(program: Program, cause: Cause) -> bool:
    """Whether the exit is that of a hook, in whose place no process was started."""
    return cause is Cause.HOOK and program.state is State.STARTING


def never_came_up(program: Program, cause: Cause) -> bool:
    """Whether this incarnation failed before it was RUNNING."""
    return program.state is State.STARTING or cause in (Cause.STARTUP, Cause.SPAWN)


def retry_start(attempt: int, retries: int) -> Verdict:
    """One second more each time, as in supervisor; then FATAL, until somebody starts it."""
    if attempt >= retries:
        return GiveUp(f"it did not come up in {retries + 1} attempts")
    return Retry(float(attempt + 1), Count.START)


def rest_of_pace(program: Program, least: float, moment: Moment) -> float:
    """What is missing until `least` seconds have passed since the last start."""
    started = moment.now if program.started_at is None else program.started_at
    return max(0.0, least - (moment.now - started))


def exit_code_upward(exit: Exit | None, cause: Cause | None = None) -> int:
    """The exit code with which a watchdog tells its own supervisor how the program ended."""
    if cause is Cause.REFUSED:
        return REFUSED
    if exit is None:
        return 1
    if exit.signal is not None:
        return 128 + exit.signal
    return 1 if exit.code is None else exit.code
