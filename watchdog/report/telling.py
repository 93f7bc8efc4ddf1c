"""A report as text for a terminal, and as plain data. Pure."""

from __future__ import annotations

from typing import Any

from watchdog.report.chart import bar, legend
from watchdog.report.model import Figures, Window
from watchdog.report.words import facts, heading, latency, moment

INDENT = "  "
NARROW, WIDE = 20, 100  # columns of a bar


def tell(
    figures: list[Figures],
    window: Window,
    latencies: list[dict[str, Any]],
    width: int,
    unicode: bool,
    colour: bool,
) -> list[str]:
    """The lines."""
    columns = max(NARROW, min(WIDE, width - len(INDENT) - 1))
    lines = [heading(window), legend(unicode)]
    for one in figures:
        lines += ["", one.name, INDENT + bar(one.spans, window, columns, unicode, colour)]
        own = [probe for probe in latencies if probe["program"] == one.name]
        rows = [*facts(one), *((f"{p['role']} ({p['kind']})", latency(p)) for p in own)]
        longest = max(len(name) for name, _ in rows)
        lines += [f"{INDENT}{name:<{longest}}  {value}" for name, value in rows]
    return lines


def as_data(
    figures: list[Figures], window: Window, latencies: list[dict[str, Any]], garbled: int
) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "since": moment(window.since),
        "until": moment(window.until),
        "seconds": round(window.until - window.since, 3),
        "garbled_lines": garbled,
        "programs": [program_data(one, latencies) for one in figures],
    }


def program_data(one: Figures, latencies: list[dict[str, Any]]) -> dict[str, Any]:
    """One program."""
    costs = one.costs
    return {
        "name": one.name,
        "availability": one.availability,
        "up_seconds": one.seconds["up"],
        "down_seconds": one.seconds["down"],
        "apart_seconds": one.seconds["apart"],
        "unknown_seconds": one.seconds["unknown"],
        "downtime": one.downtime,
        "apart": one.apart,
        "failures": one.failures,
        "restarts": one.restarts,
        "mttr_seconds": one.mean_repair,
        "mtbf_seconds": one.mean_between,
        "handovers": costs.handovers,
        "gap_seconds": costs.gap,
        "gap_bound": "at most" if costs.at_most else "exact",
        "gaps_not_known": costs.unknown_gaps,
        "double_seconds": costs.double,
        "doubles_not_known": costs.unproved,
        "planned_restarts": 0 if one.planned is None else one.planned.total,
        "planned_gap_median_seconds": None if one.planned is None else one.planned.median,
        "planned_gap_longest_seconds": None if one.planned is None else one.planned.longest,
        "drills": one.drills,
        "probes": [probe for probe in latencies if probe["program"] == one.name],
        "timeline": [
            {"from": moment(s.start), "seconds": s.seconds, "kind": s.kind, "cause": s.cause}
            for s in one.spans
        ],
    }
