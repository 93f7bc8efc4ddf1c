"""Counts what a hand-over cost: seconds without the program, and seconds with two of it.

A hand-over is from one process of a program to the next, or from one watchdog to the next while
the process lives on. Pure but for the two callables that it is given: it is shown each program
before and after each step, and tells when a hand-over is complete.

What it takes for known: a process ended when the kernel told us, and began when the spawn returned.
One that ended while no watchdog ran ended at the latest sign of life at the earliest, so that its
gap is a bound from above. Nothing ran double, since no spawn passes the start gate before the old
tree is empty; where this machine cannot prove emptiness, nobody knows, and it is not called zero.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from msgspec import Raw, Struct
from msgspec.structs import asdict

from watchdog.core.model import State
from watchdog.core.program import Program

AT_REST = (State.STOPPED, State.EXITED)  # it is down because it should be: that is no gap


class Handover(Struct, frozen=True):
    """One hand-over. None is what nobody can know."""

    program: str
    from_incarnation: int
    to_incarnation: int
    gap_seconds: float | None
    double_seconds: float | None
    how: Literal["spawned", "adopted"]
    bound: Literal["exact", "at most"] = "exact"  # what gap_seconds is


NULL = Raw(b"null")  # the journal leaves None out; here it says that nobody can know


def fields_of(handover: Handover) -> dict[str, Any]:
    """A hand-over as the journal's fields."""
    return {key: NULL if value is None else value for key, value in asdict(handover).items()}


class Account(Struct, frozen=True):
    """An incarnation that has ended, and whose successor is awaited."""

    incarnation: int
    ended_at: float | None  # on the monotonic clock
    bound: Literal["exact", "at most"] = "exact"


class Ledger:
    """The open accounts of all programs."""

    def __init__(
        self,
        tell: Callable[[Handover], None],
        now: Callable[[], float],
        last_sign: Callable[[str], float | None],
        *,
        proves: bool,
    ) -> None:
        self._tell = tell
        self._now = now
        self._last_sign = last_sign  # when a program was surely alive, before this watchdog
        self._proves = proves  # whether this machine can prove a whole tree empty
        self._born = now()
        self._open: dict[str, Account] = {}

    def accounts(self) -> dict[str, Account]:
        """The open ones, for the version that is executed in our place."""
        return dict(self._open)

    def resume(self, accounts: dict[str, Account]) -> None:
        """Go on with those of the version that ran before us."""
        self._open |= accounts

    def note(self, before: Program, after: Program) -> None:
        """The fleet's observer calls this after every step."""
        name = after.policy.name
        if has_ended(before, after):
            self._open[name] = Account(before.incarnation, self._now())
        elif is_bereaved(before, after):
            self._open[name] = Account(after.incarnation, self._last_sign(name), "at most")
        if has_begun(before, after):
            self._begin(before, after)
        elif before.state is not after.state and after.state in AT_REST:
            self._open.pop(name, None)

    def _begin(self, before: Program, after: Program) -> None:
        account = self._open.pop(after.policy.name, None)
        if not before.spawning:
            self._tell(adoption(after, self._born))
        elif account is not None:
            self._tell(succession(account, after, self._now(), proves=self._proves))


def has_ended(before: Program, after: Program) -> bool:
    """Whether the main process ended in this step."""
    return before.pid is not None and after.pid is None


def is_bereaved(before: Program, after: Program) -> bool:
    """Whether it was learned that a process of an earlier watchdog had ended unseen."""
    told = after.last_exit is not before.last_exit and after.incarnation != before.incarnation
    return told and before.pid is None and not after.spawning


def has_begun(before: Program, after: Program) -> bool:
    """Whether there is a process now that was not there before."""
    return after.pid is not None and before.pid != after.pid


def succession(account: Account, after: Program, now: float, *, proves: bool) -> Handover:
    """From a process that ended to the one that was spawned now."""
    gap = None if account.ended_at is None else max(0.0, now - account.ended_at)
    return Handover(
        program=after.policy.name,
        from_incarnation=account.incarnation,
        to_incarnation=after.incarnation,
        gap_seconds=None if gap is None else round(gap, 6),
        double_seconds=0.0 if proves else None,
        how="spawned",
        bound=account.bound,
    )


def adoption(after: Program, born: float) -> Handover:
    """From one watchdog to the next: the process was there all the time.

    Unless the earlier watchdog had spawned it, proving its predecessor's tree empty, and was killed
    before it could note that: then its start is not known, and neither is the gap.
    """
    noted = after.started_at is not None and after.started_at < born
    return Handover(
        program=after.policy.name,
        from_incarnation=after.incarnation if noted else after.incarnation - 1,
        to_incarnation=after.incarnation,
        gap_seconds=0.0 if noted else None,
        double_seconds=0.0,
        how="adopted",
    )
