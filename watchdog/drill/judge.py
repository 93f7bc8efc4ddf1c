"""Whether a promise was kept. Pure."""

from __future__ import annotations

from watchdog.drill.model import SLACK, Promise, Rehearsal, Seen


def judge(fault: str, promise: Promise, seen: Seen) -> Rehearsal:
    """The rehearsal with its verdict; the first promise that was broken is the reason."""
    reason = flaw(promise, seen)
    return Rehearsal(fault, "broken" if reason else "kept", reason, promise, seen)


def flaw(promise: Promise, seen: Seen) -> str:
    """What was not as promised; empty if all was."""
    if seen.detect is None:
        return f"nobody noticed it, promised within {promise.detect:g} s by {promise.by}"
    if seen.detect > promise.detect + SLACK:
        return f"noticed after {seen.detect:.1f} s, promised {within(promise.detect)}"
    if seen.recover is None:
        return f"it did not get well again, promised within {promise.recover:g} s"
    if seen.recover > promise.recover + SLACK:
        return f"well again after {seen.recover:.1f} s, promised {within(promise.recover)}"
    if seen.double:
        return f"two ran at once for {seen.double:g} s"
    return ""


def within(seconds: float) -> str:
    """A bound in words."""
    return f"within {seconds:g} s" if seconds else "at once"
