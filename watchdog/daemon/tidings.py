"""What a step of a program means to people who are not looking. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from watchdog.alerts.desk import Failure
from watchdog.core import coming_up
from watchdog.core.model import Health, Need, State
from watchdog.core.program import Program
from watchdog.incidents import noticing
from watchdog.incidents.recorder import reason_of

BARRED_ELSEWHERE = frozenset({Need.LOCK, Need.LEASE})
GONE_FOR_GOOD = (State.FATAL, State.EXITED)


def failure_in(before: Program, after: Program) -> Failure | None:
    """The failure that this step is, as far as anybody is to be told."""
    cause = noticing.failure_in(before, after)
    parked = after.state is State.FATAL is not before.state
    if not (cause or parked or fell_ill(before, after)):
        return None
    over = after.state in GONE_FOR_GOOD
    looping = parked and is_loop(after)
    return Failure(
        reason=after.reason if parked else reason_of(before, after),
        urgent=over,
        stays=over and after.retry_at is None,
        looping=looping,
        settle=after.policy.restart.reset_after if looping else 0.0,
        counted=1 if cause or fell_ill(before, after) else 0,
    )


def fell_ill(before: Program, after: Program) -> bool:
    """Whether it runs on, and a probe that restarts nothing says that it is not well."""
    was_ill = before.health is Health.UNHEALTHY
    return after.state is State.RUNNING and after.health is Health.UNHEALTHY and not was_ill


def is_loop(program: Program) -> bool:
    """Whether it was given up because it had failed too often, and not for what it said."""
    policy = program.policy.restart
    tried = policy.start_retries is not None and program.start_attempt >= policy.start_retries
    return tried or len(program.failures) >= policy.limit


def was_adopted(before: Program, after: Program) -> bool:
    """Whether this is a process that another watchdog had started."""
    up = after.state in (State.STARTING, State.RUNNING)
    return before.state is State.STOPPED and up and after.pid is not None


def took_over(before: Program, after: Program) -> bool:
    """Whether it had been standing by for a lock or a lease, and has it now."""
    if before.state is not State.WAITING or after.state is not State.STARTING:
        return False
    barred = before.barred_by
    held = bool(barred) and BARRED_ELSEWHERE.issuperset(barred)
    return held and before.reason != coming_up.waiting_for(before)


def is_left(program: Program) -> bool:
    """Whether nobody wants it up, or it has done its work."""
    done = program.state is State.EXITED and not noticing.is_failure(program, program)
    return not program.wanted or done


def tell_drill(fields: Mapping[str, Any]) -> str:
    """What came of a drill, from its line in the journal."""
    result, reason = fields.get("result", ""), fields.get("reason", "")
    faults = [fault for fault in fields.get("faults", ()) if fault["verdict"] == result]
    named = ", ".join(fault["fault"] for fault in faults)
    whys = [f"{fault['fault']}: {fault['reason']}" for fault in faults if fault["reason"]]
    told = {
        "kept": f"every promise was kept ({named})",
        "broken": f"a promise was broken: {'; '.join(whys) or named}",
        "skipped": "nothing could be rehearsed",
    }.get(result, f"{result}: {reason}" if reason else result)
    return f"A drill of {fields['program']}: {told}."
