"""Captured output, end to end: a program that writes as fast as it can, 64 KiB at a time.

The floor is `cat` between a FIFO and a file (see `capture.py`, which has more of them).
"""

from __future__ import annotations

from statistics import median

from benchmarks.capture import MEGABYTE, Bench, by_cat
from benchmarks.rows import Row, at_least
from benchmarks.subjects import Stage

BLOCK = 64 * 1024


def rows(stage: Stage, runs: int, megabytes: int) -> list[Row]:
    """Raw and timestamped lines, both with redaction, which is always on."""
    place = stage.place / "flow"
    place.mkdir()
    bench = Bench(place, megabytes)
    found: dict[str, list[float]] = {"floor": [], "supervisord": [], "raw": [], "text": []}
    for _ in range(runs):
        found["floor"].append(bench.floor(by_cat))
        found["supervisord"].append(flood(stage, "supervisord", megabytes))
        found["raw"].append(bench.capture("raw"))
        found["text"].append(bench.capture("text"))
    medians = {name: median(rates) for name, rates in found.items()}
    return [_row(medians, "raw"), _row(medians, "text")]


def flood(stage: Stage, name: str, megabytes: int) -> float:
    """Megabytes a second through a whole supervisor, from the program's point of view."""
    count = megabytes * MEGABYTE // BLOCK
    with stage.run(name, ["flood", str(count)]) as subject:
        began = subject.children.expect("S")[0].at
        done = subject.children.expect("D", within=120.0)[0].at
    return count * BLOCK / (done - began) / MEGABYTE


def _row(medians: dict[str, float], form: str) -> Row:
    figures = {**medians, "watchdog": medians[form]}
    # Of the floor that was measured when the goal of 400 MB/s was set: 1249 MB/s.
    bound = medians["floor"] * 400 / 1249
    what = f"captured output, {form}, redacted (floor: cat)"
    return at_least(what, "MB/s", figures, bound, ">= 0.32x floor")
