"""`python -m benchmarks`: every figure that is promised, beside a floor and supervisord.

One run, side by side, medians of ten, so that the machine and its mood are the same for all; what
is promised are ratios. Exit code 1 if a goal was missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec

from benchmarks import flow, hang, ownership, restart, standing, status
from benchmarks.rows import Row, render
from benchmarks.subjects import Stage

Measure = Callable[[Stage, argparse.Namespace], list[Row]]

FIGURES: dict[str, Measure] = {
    "restart": lambda stage, given: restart.rows(stage, given.runs),
    "status": lambda stage, given: status.rows(stage, given.runs),
    "hang": lambda stage, given: hang.rows(stage, given.runs),
    "output": lambda stage, given: flow.rows(stage, given.runs, 64 if given.quick else 256),
    "ownership": lambda stage, given: ownership.rows(
        stage.place, ownership.QUICK if given.quick else ownership.USUAL
    ),
    "standing": lambda stage, given: standing.rows(stage, given.runs, 2 if given.quick else 5),
}


def find_place() -> Path | None:
    """Memory, if this machine has such a directory: supervisors are compared, not disks."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() and os.access(memory, os.W_OK) else None


def read_words() -> argparse.Namespace:
    """What is to be measured, and how often."""
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m benchmarks")
    parser.add_argument("figures", nargs="*", metavar="FIGURE", help=", ".join(FIGURES))
    parser.add_argument("--runs", type=int, help="runs of each (10, or 1 with --quick)")
    parser.add_argument("--quick", action="store_true", help="one short run of each")
    parser.add_argument("--place", type=Path, default=find_place(), help="for state and logs")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the table as JSON too")
    given = parser.parse_args()
    if unknown := set(given.figures) - set(FIGURES):
        parser.error(f"there is no figure {min(unknown)}; there are: {', '.join(FIGURES)}")
    given.runs = given.runs or (1 if given.quick else 10)
    return given


def measure(given: argparse.Namespace) -> list[Row]:
    """All rows, in a directory that does not outlive them."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="watchdog-bench-", dir=given.place) as place:
        stage = Stage(Path(place))
        for name in given.figures or FIGURES:
            print(f"measuring: {name}", file=sys.stderr, flush=True)
            rows += FIGURES[name](stage, given)
    return rows


def main() -> int:
    """Measure, print, and say whether all goals were met."""
    given = read_words()
    rows = measure(given)
    print(render(rows))
    if given.json:
        given.json.write_bytes(msgspec.json.format(msgspec.json.encode(rows)) + b"\n")
    return 0 if all(row.held for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
