"""Judges from outside: did two trees of the singleton ever live at one moment?

Two witnesses that know nothing of the watchdog. The stamps say from when until when (at least) each
process lived, on one clock, so an overlap is measured; the gate is a lock that a tree holds by its
descriptors, so it also notices an overlap that is too short for a stamp, and one with a process
that is stopped. Pure but for the reading of the files.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct

STAMP = struct.Struct("=5q")
FRESH = 0.5  # seconds: a process that has not stamped for so long is stopped, or dead


class Life(Struct, frozen=True):
    """What one process of the singleton left: nanoseconds on CLOCK_MONOTONIC."""

    begun: int
    last: int
    pid: int
    tree: int
    role: int  # 0 is the main process

    @property
    def is_main(self) -> bool:
        """Whether the watchdog itself has started it."""
        return self.role == 0


class Overlap(Struct, frozen=True):
    """Two processes of different trees that lived together."""

    one: Life
    other: Life

    @property
    def milliseconds(self) -> float:
        """For how long, at least."""
        return (min(self.one.last, self.other.last) - max(self.one.begun, self.other.begun)) / 1e6


class Verdict(Struct, frozen=True):
    """All that the witnesses say."""

    lives: int
    trees: int
    overlaps: list[Overlap]
    doubles: list[str]  # of the gate

    @property
    def worst(self) -> float:
        """Milliseconds of the longest overlap."""
        return max((overlap.milliseconds for overlap in self.overlaps), default=0.0)

    @property
    def never_two(self) -> bool:
        """The promise."""
        return not self.overlaps and not self.doubles


def read_lives(place: Path) -> list[Life]:
    """Every process of the singleton that ever was."""
    paths = [path for path in (place / "lives").iterdir() if path.suffix != ".new"]
    return [Life(*STAMP.unpack(path.read_bytes())) for path in paths]


def find_overlaps(lives: Iterable[Life]) -> list[Overlap]:
    """Every pair of different trees that shares a moment; lives are swept in order of begin."""
    found: list[Overlap] = []
    current: list[Life] = []
    for life in sorted(lives, key=lambda life: life.begun):
        current = [other for other in current if other.last > life.begun]
        found += [Overlap(other, life) for other in current if other.tree != life.tree]
        current.append(life)
    return found


def judge(place: Path) -> Verdict:
    """The verdict on everything that lived in this place."""
    lives = read_lives(place)
    doubles = place / "doubles"
    said = doubles.read_text().splitlines() if doubles.exists() else []
    return Verdict(len(lives), len({life.tree for life in lives}), find_overlaps(lives), said)


def fresh(lives: Iterable[Life], now: int) -> list[Life]:
    """Those who have stamped just now."""
    return [life for life in lives if now - life.last < FRESH * 1e9]
