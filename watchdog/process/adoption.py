"""Linux: how an adopted tree comes to be: by a birth on record, by a mark, or by its rests."""

from __future__ import annotations

import sys
from collections.abc import Callable

from watchdog.core.events import Event
from watchdog.process import evidence
from watchdog.process.adopted import AdoptedTree
from watchdog.process.birth import Birth
from watchdog.process.leader import take
from watchdog.process.spec import Mark
from watchdog.process.sweep import Kin, sweep

assert sys.platform == "linux"


def find(mark: Mark) -> Birth | None:
    """The leader that carries the mark, where nobody has written down its pid; or None.

    A leader began before all that it has started, leads its session, and was executed. So if the
    first of those that live does not lead one, or was only forked, the leader is dead. What cannot
    be told from it is a stray that outlived everybody else, opened a session and was executed.
    """
    alive = sweep(Kin(mark)).alive
    births = [birth for pid in alive if (birth := evidence.birth_of(pid, mark)) is not None]
    first = min(births, key=lambda birth: (birth.start, birth.pid), default=None)
    return first if first is not None and evidence.may_lead(first.pid) else None


def has_remains(mark: Mark) -> bool:
    """Whether anything that carries the mark lives."""
    return bool(sweep(Kin(mark)).alive)


def adopt(
    birth: Birth, post: Callable[[Event], None], over: Callable[[], None], cgroup: str = ""
) -> AdoptedTree | None:
    """The tree of a leader that lives and is proved to be the one, else None."""
    leader = take(birth)
    if leader is None:
        return None
    return AdoptedTree(Kin(birth.mark, birth, cgroup), leader, post, over)


def strays_of(
    mark: Mark, post: Callable[[Event], None], over: Callable[[], None], cgroup: str = ""
) -> AdoptedTree:
    """What a dead leader has left behind; to be killed."""
    return AdoptedTree(Kin(mark, cgroup=cgroup), None, post, over)
