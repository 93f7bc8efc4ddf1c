"""What a fleet still has to do with its programs, beside what stands in each program itself."""

from __future__ import annotations

from collections import deque

from msgspec import Struct, field

from watchdog.core.model import Policy


class Drain(Struct):
    """Programs that are stopped in order: the stages to come, and the requests to pass on."""

    stages: list[list[str]]
    requests: dict[str, int]
    current: deque[str] = field(default_factory=deque)


class Successor(Struct):
    """What takes the place of a program that a reload changed or took away, once that is down."""

    policy: Policy
    wanted: bool


class Plans(Struct, frozen=True):
    """All of it as plain values, for a fleet that goes on where this one ends."""

    drains: list[tuple[list[str], list[list[str]]]] = []  # who is waited for, and who comes then
    leaving: list[str] = []
    successors: dict[str, Successor] = {}
    numbers: dict[str, tuple[int, int]] = {}  # of who was forgotten: last incarnation and claim


def pack(
    drains: list[Drain],
    leaving: set[str],
    successors: dict[str, Successor],
    numbers: dict[str, tuple[int, int]],
) -> Plans:
    """As plain values. Requests are left out: whoever asked is answered before."""
    stopping = [(list(drain.current), drain.stages) for drain in drains]
    return Plans(stopping, sorted(leaving), successors, numbers)


def drain_again(current: list[str], stages: list[list[str]]) -> Drain:
    """A stop in order that goes on, with nobody waiting for its answer any more."""
    names = [*current, *(name for stage in stages for name in stage)]
    return Drain(stages, dict.fromkeys(names, 0), deque(current))
