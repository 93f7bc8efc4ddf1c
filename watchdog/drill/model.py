"""What a drill is made of. Named tuples: a client command has no time to load more."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Verdict = Literal["kept", "broken", "skipped"]
Facts = dict[str, Any]  # as `watchdog.drillFacts` tells them

SLACK = 1.0
"""Seconds by which a promise may be missed: what a busy machine takes to run us at all."""


class Promise(NamedTuple):
    """What the configuration says of one fault. Seconds since the fault."""

    detect: float
    recover: float
    by: str  # who notices, in words


class Seen(NamedTuple):
    """What was seen of one fault; None is what was not. Seconds since the fault."""

    detect: float | None = None
    recover: float | None = None
    incident: str = ""  # the evidence
    cause: str = ""
    examined: bool = False  # whether the living process was looked into before its end
    double: float | None = None  # seconds with two at once; None: nobody knows
    conflicts: int | None = None  # that Telegram's sandbox saw; None: nobody was asked
    remark: str = ""  # what the program's health says all the same


class Rehearsal(NamedTuple):
    """One fault, and what came of it."""

    fault: str
    verdict: Verdict
    reason: str = ""
    promise: Promise | None = None
    seen: Seen = Seen()


def result_of(rehearsals: list[Rehearsal]) -> Verdict:
    """The whole drill: broken if any promise was, skipped if nothing was rehearsed."""
    verdicts = {rehearsal.verdict for rehearsal in rehearsals}
    if "broken" in verdicts:
        return "broken"
    return "kept" if "kept" in verdicts else "skipped"


def as_data(rehearsal: Rehearsal) -> dict[str, Any]:
    """A rehearsal as plain data for JSON and for the journal."""
    promise, seen = rehearsal.promise, rehearsal.seen
    return {
        "fault": rehearsal.fault,
        "verdict": rehearsal.verdict,
        "reason": rehearsal.reason,
        "promised": {"detect": promise.detect, "recover": promise.recover, "by": promise.by}
        if promise
        else None,
        "seen": rounded(seen._asdict()),
    }


def rounded(fields: dict[str, Any]) -> dict[str, Any]:
    """The same with times to the millisecond."""
    return {key: round(v, 3) if isinstance(v, float) else v for key, v in fields.items()}
