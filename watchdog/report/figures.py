"""What a time amounts to: availability, downtime by cause, repairs. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from statistics import median

from watchdog.report.model import KINDS, Costs, Figures, Line, Restarts, Span, Window
from watchdog.report.timeline import trace

FAILURES = (
    "crash",
    "hang",
    "startup",
    "memory",
    "cpu",
    "spawn",
    "refused",
    "hook",
)  # of a first start, too


def report_on(lines: Sequence[Line], window: Window) -> list[Figures]:
    """The figures of every program of which the window tells anything, by name."""
    ordered = sorted(lines, key=lambda line: line.at)  # the clock may have been moved
    own: dict[str, list[Line]] = {}
    for line in ordered:
        if line.program:
            own.setdefault(line.program, []).append(line)
    return [
        figures_of(name, spans, own[name], window)
        for name, spans in sorted(trace(ordered, window).items())
    ]


def figures_of(name: str, spans: list[Span], lines: list[Line], window: Window) -> Figures:
    """One program."""
    seconds = {str(kind): sum((s.seconds for s in spans if s.kind == kind), 0.0) for kind in KINDS}
    judged = seconds["up"] + seconds["down"]
    repairs = [span.seconds for span in episodes(spans)]
    failures = failures_in(spans)
    within = [line for line in lines if window.since <= line.at.timestamp() <= window.until]
    return Figures(
        name=name,
        spans=tuple(spans),
        seconds=seconds,
        downtime=by_cause(spans, "down"),
        apart=by_cause(spans, "apart"),
        availability=min(1.0, seconds["up"] / judged) if judged else None,
        failures=failures,
        restarts=restarts_in(lines, window),
        mean_repair=sum(repairs) / len(repairs) if repairs else None,
        mean_between=seconds["up"] / failures if failures else None,
        costs=costs_of(line for line in within if line.event == "handover"),
        drills=dict(Counter(one.result for one in within if one.event == "drill" and one.result)),
        planned=planned_in(line for line in within if line.event == "restart"),
    )


def by_cause(spans: Iterable[Span], kind: str) -> dict[str, float]:
    """The seconds of a kind for each cause, the longest first."""
    total: dict[str, float] = {}
    for span in spans:
        if span.kind == kind:
            total[span.cause] = total.get(span.cause, 0.0) + span.seconds
    return dict(sorted(total.items(), key=lambda item: -item[1]))


def episodes(spans: Iterable[Span]) -> list[Span]:
    """Times down that were followed by an up: whatever the causes in between, one repair each."""
    found: list[Span] = []
    current: Span | None = None
    for span in spans:
        if span.kind == "down":
            current = span if current is None else current._replace(end=span.end)
        else:
            if span.kind == "up" and current is not None:
                found.append(current)
            current = None
    return found


def failures_in(spans: Sequence[Span]) -> int:
    """How often it went down from up, or failed while it was started."""
    return sum(b.kind == "down" and is_new_failure(a, b) for a, b in pairwise(spans))


def is_new_failure(before: Span, after: Span) -> bool:
    """Whether a time down begins here: from up, or with what became of a start that was wanted."""
    return before.kind == "up" or (before.cause == "start" and after.cause in FAILURES)


def restarts_in(lines: Iterable[Line], window: Window) -> int:
    """Automatic restarts: each line tells how many there were since its watchdog began."""
    count, known = 0, None
    for line in lines:
        if line.event == "state":
            if known is not None and line.restarts > known:
                inside = window.since <= line.at.timestamp() <= window.until
                count += (line.restarts - known) if inside else 0
            known = line.restarts
    return count


def costs_of(handovers: Iterable[Line]) -> Costs:
    """What the hand-overs of the window cost."""
    costs = Costs()
    for line in handovers:
        gap, double = line.gap_seconds, line.double_seconds
        costs = Costs(
            costs.handovers + 1,
            costs.gap + (gap or 0.0),
            costs.at_most or line.bound == "at most",
            costs.unknown_gaps + (gap is None),
            costs.double + (double or 0.0),
            costs.unproved + (double is None),
        )
    return costs


def planned_in(restarts: Iterable[Line]) -> Restarts | None:
    """How long those that were wanted left nobody ready."""
    gaps = [one.gap_seconds for one in restarts if one.planned and one.gap_seconds is not None]
    return Restarts(len(gaps), median(gaps), max(gaps)) if gaps else None
