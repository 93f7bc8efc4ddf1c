"""What is news. Pure: a case is opened by a failure, and closed once all has been well for a while.

One case is one program's trouble, however often it fails meanwhile. So a restart that takes
milliseconds wakes nobody, a crash loop is told once, and whoever was told that something is down
is told when it is over.
"""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from watchdog.alerts.model import News, Phase, Rules, Topic


class Case(Struct, frozen=True):
    """One trouble of one program. Times are on the monotonic clock."""

    program: str
    topic: Topic
    since: float
    reason: str = ""
    failures: int = 1
    urgent: bool = False  # no reason to wait for whether it comes back
    stays: bool = False  # it will not come back by itself
    looping: bool = False  # too many restarts
    settle: float = 0.0  # it must be well for at least so long to be over
    well_since: float | None = None
    left: bool = False  # stopped, or gone from the configuration
    told: str = ""  # the kind that was told of it last; empty: nobody knows
    told_at: float = 0.0
    alert: str = ""  # the id of the alert that opened it


class Failure(NamedTuple):
    """What happened to a program."""

    reason: str
    urgent: bool = False
    stays: bool = False
    looping: bool = False
    settle: float = 0.0
    counted: int = 1  # 0: it is the consequence of one that was counted


def fail(case: Case | None, program: str, topic: Topic, failure: Failure, now: float) -> Case:
    """It failed, perhaps once more."""
    case = case or Case(program, topic, now, failures=0)
    return replace(
        case,
        left=False,
        reason=failure.reason or case.reason,
        failures=case.failures + failure.counted,
        urgent=failure.urgent,
        stays=failure.stays,
        looping=case.looping or failure.looping,
        settle=max(case.settle, failure.settle),
        well_since=None,
    )


def recover(case: Case, now: float) -> Case:
    """It is well."""
    return replace(
        case, well_since=now if case.well_since is None else case.well_since, stays=False
    )


def leave(case: Case) -> Case:
    """Nobody wants it up any more."""
    return replace(case, left=True)


def due(case: Case, rules: Rules) -> float | None:
    """When there is something to decide; None: not before something happens."""
    if case.left:
        return case.since
    if case.well_since is not None:
        return case.well_since + max(rules.after, case.settle)
    kind = opening_kind(case, rules)
    if kind and case.told in ("", "down") and kind != case.told:
        at_once = case.urgent or case.looping or case.told
        return case.since if at_once else case.since + rules.after
    if case.told and rules.repeat is not None:
        return case.told_at + rules.repeat
    return None


def decide(case: Case, rules: Rules, now: float) -> tuple[Case | None, News | None]:
    """What becomes of a case whose time has come, and what is told of it."""
    if case.left:
        return None, close(case, rules, "left")
    if case.well_since is not None:
        return None, close(case, rules, "over")
    kind = opening_kind(case, rules)
    phase: Phase = "lasts" if kind == case.told else "begins"
    return replace(case, told=kind, told_at=now), make_news(case, kind, phase)


def opening_kind(case: Case, rules: Rules) -> str:
    """What a case that is not over is told as; empty if nobody wants to know."""
    if case.topic == "conflict":
        return "conflict" if "conflict" in rules.on else ""
    if case.looping and "crash-loop" in rules.on:
        return "crash-loop"
    return "down" if "down" in rules.on else ""


def close(case: Case, rules: Rules, phase: Phase) -> News | None:
    """The end is told to whoever was told of the beginning."""
    kind = "conflict" if case.topic == "conflict" else "recovered"
    return make_news(case, kind, phase) if case.told and kind in rules.on else None


def make_news(case: Case, kind: str, phase: Phase) -> News:
    """What the case is, as news."""
    return News(kind, phase, case.program, case.since, case.reason, case.failures, case.stays)
