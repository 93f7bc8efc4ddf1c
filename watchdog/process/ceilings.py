"""What a program's tree may use, looked at only where a ceiling is configured.

Memory may have a ceiling that counts at once, or one that counts on average over a time; processor
time always has one over a time, in processors: 0.9 is 90 % of one. The judgement is a pure function
of samples. Time in which nobody looked proves nothing: then a time begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from msgspec import Struct

from watchdog.core.events import Event, Overweight
from watchdog.core.model import Cause

PERIOD = 5.0  # seconds between two looks; supervisor's memmon looks every 60 s
LOOKS = 10  # at least so many within the time over which a ceiling counts
SHORTEST = 0.2  # seconds between two looks, however short that time is
MEGABYTE = 1024 * 1024

Kind = Literal["memory", "cpu"]


class Ceiling(Struct, frozen=True):
    """What the tree may use: bytes, or processors."""

    kind: Kind
    maximum: float
    over: float = 0.0  # seconds; 0: at once


class Sample(NamedTuple):
    """One look: bytes that are used, or the seconds of processor time that were used so far."""

    at: float
    value: float


class Watched(Struct):
    """One incarnation, and what was seen of it."""

    incarnation: int
    ceilings: tuple[Ceiling, ...]
    samples: dict[Kind, list[Sample]] = {}


def add(samples: Sequence[Sample], fresh: Sample, over: float, period: float) -> list[Sample]:
    """The samples that still count after one more: those of the time, and one that begins it."""
    if samples and fresh.at - samples[-1].at > max(3 * period, over / 2):
        return [fresh]  # nobody looked meanwhile
    kept = [*samples, fresh]
    begins = [n for n, sample in enumerate(kept) if sample.at <= fresh.at - over]
    return kept[begins[-1] :] if begins else kept


def judge(ceiling: Ceiling, samples: Sequence[Sample]) -> str:
    """Why it is too much; empty if it is not, or if the time is not over yet."""
    first, last = samples[0], samples[-1]
    if last.at - first.at < ceiling.over:
        return ""
    used = average(ceiling, samples)
    if used <= ceiling.maximum:
        return ""
    time = f" over {ceiling.over:g} s" if ceiling.over else ""
    show = _mb if ceiling.kind == "memory" else _percent
    return f"{ceiling.kind}: {show(used)} used{time}, {show(ceiling.maximum)} allowed"


def average(ceiling: Ceiling, samples: Sequence[Sample]) -> float:
    """Bytes, or processors, on average over the samples."""
    if ceiling.kind == "memory":
        counted = samples[1:] or samples
        return sum(sample.value for sample in counted) / len(counted)
    # What a dead child had used is counted nowhere once somebody else has collected it: the sum
    # may fall, and that is no negative use.
    pairs = pairwise(samples)
    grown = sum(max(0.0, later.value - sooner.value) for sooner, later in pairs)
    return grown / max(samples[-1].at - samples[0].at, 1e-9)


def period_for(ceilings: Sequence[Ceiling]) -> float:
    """How often these must be looked at."""
    shortest = min((c.over / LOOKS for c in ceilings if c.over), default=PERIOD)
    return max(SHORTEST, min(PERIOD, shortest))


def _mb(size: float) -> str:
    return f"{size / MEGABYTE:.0f} MB"


def _percent(processors: float) -> str:
    return f"{processors * 100:.0f} %"


class Ceilings:
    """Posts Overweight, once an incarnation. Without ceilings there is no timer.

    `used` tells of each kind what a program's tree uses.
    """

    def __init__(
        self,
        post: Callable[[str, Event], None],
        used: dict[Kind, Callable[[str], float]],
        period: float | None = None,
    ) -> None:
        self._post, self._used, self._fixed = post, used, period
        self._watched: dict[str, Watched] = {}
        self._timer: asyncio.TimerHandle | None = None

    def watch(self, program: str, incarnation: int, ceilings: tuple[Ceiling, ...]) -> None:
        """Begin to look at this incarnation; without ceilings, look no more."""
        self._watched.pop(program, None)
        if ceilings:
            self._watched[program] = Watched(incarnation, ceilings)
        self._arm()

    def forget(self, program: str) -> None:
        """Stop looking at the program."""
        if self._watched.pop(program, None) is not None:
            self._arm()

    def _arm(self) -> None:
        """One timer for all, as quick as the quickest; none for nobody."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watched:
            self._timer = asyncio.get_running_loop().call_later(self._period(), self._look)

    def _period(self) -> float:
        every = [c for watched in self._watched.values() for c in watched.ceilings]
        return period_for(every) if self._fixed is None else self._fixed

    def _look(self) -> None:
        now, period = asyncio.get_running_loop().time(), self._period()
        for program, watched in list(self._watched.items()):
            for ceiling in watched.ceilings:
                fresh = Sample(now, self._used[ceiling.kind](program))
                known = watched.samples.get(ceiling.kind, [])
                samples = add(known, fresh, ceiling.over, period)
                watched.samples = {**watched.samples, ceiling.kind: samples}
                if reason := judge(ceiling, samples):
                    self._tell(program, watched, ceiling, reason)
                    break
        self._arm()

    def _tell(self, program: str, watched: Watched, ceiling: Ceiling, reason: str) -> None:
        self._watched.pop(program, None)
        self._post(program, Overweight(watched.incarnation, reason, Cause(ceiling.kind)))
