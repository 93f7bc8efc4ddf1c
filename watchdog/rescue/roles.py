"""What a keeper is to its lock: the program, a helper of it, its watchdog, or a stray. Pure."""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct

from watchdog.cli.ports import KeeperRole
from watchdog.locks import Holder


class Kin(Struct, frozen=True):
    """Where a process comes from."""

    ancestors: Collection[int] = ()  # nearest first
    mark: str = ""  # what every process of one incarnation carries; empty if it carries none


def role_of(pid: int, record: Holder, kin: dict[int, Kin]) -> KeeperRole:
    """The part of one keeper. `kin` has all keepers; `record` is what the lock says of itself."""
    if pid == record.watchdog_pid:
        return "watchdog"
    if pid == record.pid:
        return "program"
    if record.pid in kin and is_part_of(kin[pid], record.pid, kin[record.pid]):
        return "helper"
    return "stray"


def is_part_of(one: Kin, program: int, its: Kin) -> bool:
    """Whether it descends from the program, or carries the mark of its incarnation."""
    return program in one.ancestors or (one.mark != "" and one.mark == its.mark)
