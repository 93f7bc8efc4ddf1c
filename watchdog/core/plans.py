"""What a fleet still has to do with its programs, beside what stands in each program itself."""

from __future__ import annotations

from msgspec import Struct

from watchdog.core.drains import Packed
from watchdog.core.model import Policy
from watchdog.core.rolling import Roll


class Successor(Struct):
    """What takes the place of a program that a reload changed or took away, once that is down."""

    policy: Policy
    wanted: bool


class Plans(Struct, frozen=True):
    """All of it as plain values, for a fleet that goes on where this one ends."""

    drains: list[Packed] = []
    leaving: list[str] = []
    successors: dict[str, Successor] = {}
    numbers: dict[str, tuple[int, int]] = {}  # of who was forgotten: last incarnation and claim
    rolls: list[Roll] = []
