"""Measures each restart as its users see it: from nobody to somebody who is ready.

A gap begins when the old tree is proved empty and ends when the new process is ready, so that the
two are never counted double. Pure but for the clock and the callable that it is given: it is shown
each program before and after each step.

What an operator, a reload or a rolling restart wanted is planned, and so is a stop that a start
follows within `LINGER`, which is how supervisor's clients restart. One that was left down for
longer was at rest: that is no gap.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from watchdog.core.model import PLANNED, Cause, Hook, Need
from watchdog.core.program import Program
from watchdog.daemon.ledger import AT_REST
from watchdog.sockets import LINGER


class Gap(Struct, frozen=True):
    """One restart: seconds without a process that was ready."""

    program: str
    from_incarnation: int
    to_incarnation: int
    gap_seconds: float
    cause: str
    planned: bool
    held: bool = False  # its sockets were open all the time


class Empty(Struct):
    """A tree that was proved empty, and whose successor is not ready yet."""

    incarnation: int
    at: float  # on the monotonic clock
    cause: Cause | None
    rests_since: float | None = None
    held: bool = True  # its sockets were open at every step so far


class Kept(Struct, frozen=True):
    """What the version that is executed in our place goes on with."""

    open: dict[str, Empty] = {}
    last: dict[str, Gap] = {}


class Gaps:
    """Those that are open, and the last one of each program."""

    def __init__(
        self,
        tell: Callable[[Gap], None],
        now: Callable[[], float],
        is_held: Callable[[str], bool] = lambda name: False,
    ) -> None:
        self._tell = tell
        self._is_held = is_held  # whether the watchdog listens for a program
        self._now = now
        self._open: dict[str, Empty] = {}  # by program
        self.last: dict[str, Gap] = {}

    def note(self, before: Program, after: Program) -> None:
        """The fleet's observer calls this after every step."""
        name = after.policy.name
        if name not in self._open and is_emptied(before, after):
            self._open[name] = Empty(before.incarnation, self._now(), before.cause)
        if name in self._open:
            self._follow(self._open[name], after)

    def pack(self) -> Kept:
        """All of it, for the version that is executed in our place."""
        return Kept(dict(self._open), dict(self.last))

    def resume(self, given: Kept) -> None:
        """Go on with that of the version that ran before us."""
        self._open |= given.open
        self.last |= given.last

    def tell_last(self, program: str) -> str:
        """The last restart of a program in a sentence; empty if there was none."""
        gap = self.last.get(program)
        if gap is None:
            return ""
        kind = "planned" if gap.planned else gap.cause or "unplanned"
        if gap.cause in (Cause.SCHEDULE, Cause.AGE):
            kind = f"planned: {gap.cause}"
        return f"Its last restart ({kind}) left {describe(gap)}."

    def _follow(self, empty: Empty, after: Program) -> None:
        name, now = after.policy.name, self._now()
        empty.held = empty.held and self._is_held(name)
        if after.state in AT_REST:
            empty.rests_since = now if empty.rests_since is None else empty.rests_since
        elif empty.rests_since is not None and now - empty.rests_since > LINGER:
            del self._open[name]
        elif after.ready and after.incarnation > empty.incarnation:
            del self._open[name]
            self._close(empty, after, now)
        else:
            empty.rests_since = None

    def _close(self, empty: Empty, after: Program, now: float) -> None:
        gap = Gap(
            program=after.policy.name,
            from_incarnation=empty.incarnation,
            to_incarnation=after.incarnation,
            gap_seconds=round(max(0.0, now - empty.at), 6),
            cause=str(empty.cause or ""),
            planned=empty.cause in PLANNED,
            held=empty.held,
        )
        self.last[gap.program] = gap
        self._tell(gap)


def is_emptied(before: Program, after: Program) -> bool:
    """Whether a tree was proved empty in this step; the next incarnation may begin in the same."""
    if Need.TREE in before.granted or before.spawning or before.hook is Hook.PRE_START:
        return False
    emptied = after.emptied and not before.emptied  # a hook may still run
    return emptied or Need.TREE in after.granted or after.incarnation != before.incarnation


def describe(gap: Gap) -> str:
    """The gap in words."""
    text = f"{gap.gap_seconds:.2f} s from the end of incarnation {gap.from_incarnation} to the "
    text += f"readiness of {gap.to_incarnation}"
    return f"{text}; who connected waited" if gap.held else text
