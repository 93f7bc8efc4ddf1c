"""Figures in words, for the text and for the page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from watchdog.report.model import Costs, Figures, Restarts, Window


def duration(seconds: float) -> str:
    """As exact as a person wants it: 0.25 s, 42 s, 12 min, 3.5 h, 2.1 days."""
    for limit, size, unit in ((120.0, 1.0, "s"), (7200.0, 60.0, "min"), (172800.0, 3600.0, "h")):
        if seconds < limit:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 86400:.3g} days"


def percent(share: float | None) -> str:
    """An availability: never rounded up to 100 %."""
    if share is None:
        return "not known"
    text = f"{share * 100:.3f}".rstrip("0").rstrip(".")
    return f"{'99.999' if text == '100' and share < 1 else text} %"


def moment(at: float) -> str:
    """A time, here, with its offset: the clocks may have been changed in between."""
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S %z")


def heading(window: Window) -> str:
    """Which time is reported on."""
    length = duration(window.until - window.since)
    return f"{moment(window.since)} to {moment(window.until)} ({length})"


def facts(figures: Figures) -> Iterator[tuple[str, str]]:
    """Each figure with its name."""
    known = figures.seconds["up"] + figures.seconds["down"]
    yield "availability", f"{percent(figures.availability)} of {duration(known)}"
    yield "down", total(figures.seconds["down"], figures.downtime)
    if figures.seconds["apart"]:
        yield "down as it should be", total(figures.seconds["apart"], figures.apart)
    if figures.seconds["unknown"]:
        yield "not known", f"{duration(figures.seconds['unknown'])}: no watchdog looked"
    yield "failures", f"{figures.failures}, restarts {figures.restarts}"
    yield "mean time to repair", mean(figures.mean_repair)
    yield "mean time between failures", mean(figures.mean_between)
    yield "hand-overs", tell_costs(figures.costs)
    if figures.planned is not None:
        yield "planned restarts", tell_planned(figures.planned)
    if figures.drills:
        yield "drills", ", ".join(f"{count} {result}" for result, count in figures.drills.items())


def total(seconds: float, causes: dict[str, float]) -> str:
    """A sum with its parts."""
    if not seconds:
        return "0 s"
    parts = ", ".join(f"{cause} {duration(part)}" for cause, part in causes.items())
    return f"{duration(seconds)}: {parts}"


def mean(seconds: float | None) -> str:
    """A mean, where there was anything to take it of."""
    return "none in this time" if seconds is None else duration(seconds)


def tell_costs(costs: Costs) -> str:
    """What the ledger has: seconds of nobody, and seconds of two."""
    if not costs.handovers:
        return "none"
    bound = "at most " if costs.at_most else ""
    gap = f"{bound}{duration(costs.gap)} of gap"
    if costs.unknown_gaps:
        gap += f" ({costs.unknown_gaps} not known)"
    double = f"{duration(costs.double)} of double running"
    if costs.unproved:
        double += f" ({costs.unproved} not known)"
    return f"{costs.handovers}, {gap}, {double}"


def tell_planned(restarts: Restarts) -> str:
    """How long the program was away."""
    gaps = f"{duration(restarts.median)} (median), {duration(restarts.longest)} (longest)"
    return f"{restarts.total}, from nobody to ready {gaps}"


def latency(probe: dict[str, Any]) -> str:
    """The percentiles of one probe, and what they are made of."""
    shares = ", ".join(f"{name} {slow(probe[name])}" for name in ("p50", "p95", "p99"))
    failed = f", {probe['failures']} failed" if probe["failures"] else ""
    return f"{shares} ({probe['probes']} probes{failed})"


def slow(seconds: float | None) -> str:
    """A percentile."""
    if seconds is None:
        return "over 30 s"
    return f"{seconds * 1000:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"
