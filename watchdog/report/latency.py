"""Percentiles of a histogram, as the watchdog keeps one for each probe. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SHARES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def percentiles(bounds: Sequence[float], counts: Sequence[int]) -> dict[str, float | None]:
    """Each percentile in seconds, interpolated within its bucket; None: slower than every bound."""
    return {name: percentile(bounds, counts, share) for name, share in SHARES.items()}


def percentile(bounds: Sequence[float], counts: Sequence[int], share: float) -> float | None:
    """The time within which this share of the probes had come back."""
    wanted, seen, low = share * sum(counts), 0, 0.0
    for bound, count in zip(bounds, counts, strict=False):
        if count and seen + count >= wanted:
            return low + (bound - low) * (wanted - seen) / count
        seen, low = seen + count, bound
    return None


def tell(probes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """As `watchdog.latencies` has them, with percentiles in place of buckets."""
    return [
        {
            **{key: probe[key] for key in ("program", "role", "kind", "failures")},
            "probes": sum(probe["counts"]),
            **percentiles(probe["bounds"], probe["counts"]),
        }
        for probe in probes
        if sum(probe["counts"])
    ]
