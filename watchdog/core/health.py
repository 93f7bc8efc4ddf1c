"""Verdicts from probe results: how often in a row counts, and what all probes together say."""

from __future__ import annotations

from msgspec.structs import replace

from watchdog.core.events import Probed
from watchdog.core.model import Health, ProbePolicy, Role, State
from watchdog.core.program import Check, Program


def count(check: Check, policy: ProbePolicy, result: Probed) -> Check:
    """The check after one more result; the verdict changes only at a threshold.

    A failure leaves the note as it is: only a pass can tell that nothing is amiss any more.
    """
    if result.ok:
        successes = check.successes + 1
        verdict = True if successes >= policy.success_threshold else check.verdict
        check = replace(check, successes=successes, failures=0, verdict=verdict)
        return replace(check, reason="", note=result.note)
    failures = check.failures + 1
    verdict = False if failures >= policy.failure_threshold else check.verdict
    return replace(check, successes=0, failures=failures, verdict=verdict, reason=result.reason)


def reschedule(check: Check, policy: ProbePolicy, now: float) -> Check:
    """The check with its next time: the period is kept, but after a pause nothing is caught up."""
    following = check.due + policy.period
    return replace(check, due=following if following > now else now + policy.period)


def resume(check: Check | None, policy: ProbePolicy, now: float) -> Check:
    """The check under a new policy: what was counted stays, and a shorter period counts at once."""
    if check is None:
        return Check(now + policy.delay)
    return replace(check, due=min(check.due, now + policy.period))


def is_watched(program: Program) -> bool:
    """Whether anything at all looks at the health of this program."""
    policy = program.policy
    return bool(policy.probes) or policy.heartbeat is not None or policy.ready_within is not None


def assess(program: Program) -> Health:
    """The health that stands beside the state."""
    if not is_watched(program):
        return Health.UNKNOWN
    if program.state is State.STARTING:
        return Health.STARTING
    if program.state is not State.RUNNING:
        return Health.UNKNOWN
    verdicts = [check.verdict for role, check in program.checks.items() if role is not Role.STARTUP]
    if False in verdicts:
        return Health.UNHEALTHY
    # Whatever passed a startup probe, or said READY=1, starts out healthy.
    passed = Role.STARTUP in program.policy.probes or program.policy.ready_within is not None
    return Health.STARTING if None in verdicts and not passed else Health.HEALTHY


def describe(check: Check, policy: ProbePolicy) -> str:
    """A failing check in words; empty if it does not fail."""
    if not check.failures:
        return ""
    return f"{check.failures} of {policy.failure_threshold} probes failed: {check.reason}"


def notes(program: Program) -> str:
    """What the probes that pass have to say all the same; empty if all is well."""
    told = dict.fromkeys(check.note for check in program.checks.values() if check.note)
    return "; ".join(told)
