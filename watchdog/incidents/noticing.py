"""What of a step is a failure, and what is a recovery. Pure: a program before and after it."""

from __future__ import annotations

from watchdog.core.model import EXAMINED, Cause, Health, Hook, Need, State
from watchdog.core.program import Program

UP = (State.STARTING, State.RUNNING)
CONDEMNED = (*EXAMINED, Cause.REFUSED, Cause.HOOK)
UNSEEN = "unseen"  # it ended while no watchdog ran


def failure_in(before: Program, after: Program) -> str:
    """The cause of the failure that this step is; empty if it is none."""
    if before.state in UP and after.state is State.STOPPING and after.cause in CONDEMNED:
        return str(after.cause)
    if before.state in UP and after.state not in (*UP, State.STOPPING):
        return str(after.cause) if is_failure(before, after) else ""
    if before.state is after.state is State.STOPPED and was_bereaved(before, after):
        return UNSEEN
    if before.hook is Hook.PRE_START and before.state is State.STARTING is after.state:
        return str(Cause.HOOK) if after.incarnation > before.incarnation else ""
    # A spawn that failed and is tried again at once goes from STARTING to STARTING.
    if before.spawning and after.cause is None and after.incarnation > before.incarnation:
        return str(Cause.SPAWN)
    return ""


def is_failure(before: Program, after: Program) -> bool:
    """Whether the end of a process was one: a job that is done has not failed."""
    if after.state is not State.EXITED or after.last_exit is None:
        return True
    return after.last_exit.code not in after.policy.exit_codes.success


def was_bereaved(before: Program, after: Program) -> bool:
    """Whether it was learnt that a process of another watchdog's time is gone."""
    return after.last_exit is not before.last_exit and after.incarnation > before.incarnation


def is_well(program: Program) -> bool:
    """Up, and healthy as far as anybody looks."""
    return program.state is State.RUNNING and program.health in (Health.HEALTHY, Health.UNKNOWN)


def is_gone(before: Program, after: Program) -> bool:
    """Whether this step is the proof that nothing of an incarnation lives."""
    proved = Need.TREE in after.granted and Need.TREE not in before.granted
    # Where nothing else bars it, the next incarnation begins with the very same step.
    return proved or (after.incarnation > before.incarnation and before.incarnation > 0)


def moved(before: Program, after: Program) -> bool:
    """Whether there is a new moment to tell of."""
    return (
        before.state is not after.state
        or before.pid != after.pid
        or before.health is not after.health
        or before.incarnation != after.incarnation
    )


def in_a_row(failures: int) -> str:
    """So many of them, in words."""
    return "1 failure" if failures == 1 else f"{failures} failures in a row"


def promise_of(program: Program, cause: str) -> str:
    """What the configuration says of this kind of failure, in words."""
    policy = program.policy
    if cause == Cause.HANG:
        looks = [
            f"{role} probe every {probe.period:g} s, timeout {probe.timeout:g} s, "
            f"{in_a_row(probe.failure_threshold)}: seen within "
            f"{probe.period * probe.failure_threshold + probe.timeout:g} s"
            for role, probe in policy.probes.items()
            if role in ("liveness", "outside")
        ]
        beat = [f"a heartbeat every {policy.heartbeat:g} s"] if policy.heartbeat else []
        return "; ".join(looks + beat)
    if cause == Cause.STARTUP and policy.ready_within is not None:
        return f"READY=1 within {policy.ready_within:g} s"
    restart = policy.restart
    return (
        f"restart {restart.when}, first after {restart.initial:g} s, at most after "
        f"{restart.maximum:g} s, {restart.limit} times within {restart.within:g} s"
    )
