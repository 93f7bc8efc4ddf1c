"""`python -m tests.chaos --faults 10000 --seed 7`: faults on real processes, judged from outside.

They come in episodes, each a process of its own with the seed `seed + number`; an episode that
failed is played again by that seed alone: `python -m tests.chaos --seed 12`. Exit code 1 after a
broken promise.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from tests.chaos.enclosure import enclose
from tests.chaos.episode import Episode, Report

ROOT = Path(__file__).parents[2]
EACH = 30  # faults of an episode


def read_words() -> argparse.Namespace:
    """What is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=EACH, help=f"how many in all ({EACH})")
    parser.add_argument("--seed", type=int, help="of the first episode (by chance)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="episodes at a time")
    parser.add_argument("--trace", action="store_true", help="show every episode's faults")
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)  # one episode, in here
    given = parser.parse_args()
    if given.seed is None:
        given.seed = random.SystemRandom().randrange(10**6)
    return given


def play_here(seed: int, faults: int, report: Path) -> int:
    """One episode, in an enclosure of its own."""

    def work() -> int:
        episode = Episode(seed, faults)
        result = episode.run()
        if not result.violation:
            print("\n".join(episode.trace))
        report.write_bytes(msgspec.json.encode(result))
        return 1 if result.violation else 0

    return enclose(work)


def play(seed: int, faults: int) -> tuple[Report, str]:
    """One episode in a process of its own; its report, and what it printed."""
    report = Path(f"/tmp/chaos-{os.getpid()}-{seed}.json")
    words = ["--faults", str(faults), "--seed", str(seed), "--report", str(report)]
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.chaos", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60 + 20 * faults,
        )
        if not report.exists():
            return Report(seed, violation=f"ended with {done.returncode}"), done.stdout
        return msgspec.json.decode(report.read_bytes(), type=Report), done.stdout
    finally:
        report.unlink(missing_ok=True)


def play_all(seed: int, faults: int, jobs: int, trace: bool) -> Iterator[Report]:
    """Episode after episode; what is worth seeing is printed."""
    sizes = [EACH] * (faults // EACH) + ([faults % EACH] if faults % EACH else [])
    with ThreadPoolExecutor(jobs) as pool:
        seeds = range(seed, seed + len(sizes))
        for report, text in pool.map(play, seeds, sizes):
            print(describe(report), flush=True)
            if report.violation or trace:
                print(text, flush=True)
            yield report


def describe(report: Report) -> str:
    """An episode in a line."""
    return (
        f"seed {report.seed}: {report.faults} faults, {report.lives} processes in {report.trees} "
        f"lives, overlap {report.overlap:.1f} ms, peace within {report.slowest:.2f} s"
        f"{f', {report.rescues} rescued by hand' if report.rescues else ''}"
        f"{f'; BROKEN: {report.violation}' if report.violation else ''}"
    )


def main() -> int:
    """Play them, and sum up."""
    given = read_words()
    if given.report is not None:
        return play_here(given.seed, given.faults, given.report)
    began = time.monotonic()
    reports = list(play_all(given.seed, given.faults, given.jobs, given.trace))
    broken = [report for report in reports if report.violation]
    print(
        f"{sum(report.faults for report in reports)} faults in {time.monotonic() - began:.0f} s, "
        f"{sum(report.trees for report in reports)} lives, longest overlap "
        f"{max((report.overlap for report in reports), default=0.0):.1f} ms; "
        f"{len(broken)} of {len(reports)} episodes broke a promise"
    )
    for report in broken:
        size = min(EACH, given.faults)
        print(f"again: python -m tests.chaos --faults {size} --seed {report.seed}")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
