"""What a restart cost its users: from nobody to ready, by a clock that the test turns."""

from __future__ import annotations

import pytest
from msgspec import msgpack

from watchdog.core.events import (
    Event,
    Exited,
    Restart,
    RetryDue,
    Spawned,
    Start,
    StartupOver,
    Stop,
    TreeEmpty,
)
from watchdog.core.machine import step
from watchdog.core.model import Exit, Moment, Policy, RestartPolicy
from watchdog.core.program import Program
from watchdog.daemon.gaps import Gap, Gaps, Kept, describe
from watchdog.sockets import LINGER

POLICY = Policy("web", restart=RestartPolicy(initial=2.0, jitter=0.0), start_seconds=1.0)


class Life:
    """One program of the real core, and what is measured of it."""

    def __init__(self) -> None:
        self.now = 100.0
        self.program = Program(POLICY)
        self.told: list[Gap] = []
        self.held = True
        self.gaps = self.measure()

    def measure(self) -> Gaps:
        return Gaps(self.told.append, lambda: self.now, lambda name: self.held)

    def see(self, event: Event, after: float = 0.0) -> None:
        """The event happens so many seconds later."""
        self.now += after
        before = self.program
        self.program, _ = step(before, event, Moment(self.now))
        self.gaps.note(before, self.program)

    def come_up(self, after: float = 0.0) -> None:
        """The process is spawned, and RUNNING a second later."""
        self.see(Spawned(self.program.incarnation, 10 + self.program.incarnation), after)
        self.see(StartupOver(), 1.0)

    def end(self, empty_after: float = 0.0) -> None:
        """The main process ends, and its tree so much later."""
        number = self.program.incarnation
        self.see(Exited(number, Exit(signal=9)))
        self.see(TreeEmpty(number), empty_after)

    def run(self) -> None:
        """Up as incarnation 1."""
        self.see(Start(0))
        self.come_up()


def test_a_first_start_is_no_restart() -> None:
    """There was nobody before."""
    life = Life()
    life.run()
    assert life.told == []


def test_a_restart_counts_from_the_empty_tree_to_readiness() -> None:
    """The end of the main process is not the end: a worker may still serve."""
    life = Life()
    life.run()
    life.see(Restart(0), 5.0)
    life.end(empty_after=3.0)
    life.come_up(after=0.5)
    assert life.told == [Gap("web", 1, 2, 1.5, "restart", planned=True, held=True)]


def test_a_crash_is_not_planned() -> None:
    """Backoff belongs to the gap; the failures until it is up are one gap."""
    life = Life()
    life.run()
    life.end()
    life.see(RetryDue(), 2.0)
    life.see(Spawned(2, 12))
    life.end()
    life.see(RetryDue(), 10.0)
    life.come_up()
    assert life.told == [Gap("web", 1, 3, 13.0, "crash", planned=False, held=True)]


@pytest.mark.parametrize(("pause", "count"), [(LINGER - 0.1, 1), (LINGER + 0.1, 0)])
def test_a_stop_and_a_start_at_once_are_a_restart(pause: float, count: int) -> None:
    """As supervisor's clients do it; one that was left down for longer was at rest."""
    life = Life()
    life.run()
    life.see(Stop(0))
    life.end()
    life.see(Start(0), pause)
    life.come_up()
    assert len(life.told) == count


def test_an_upgrade_in_between_goes_on_counting() -> None:
    """The next version knows what is open, and what the last restart was."""
    life = Life()
    life.run()
    life.see(Restart(0))
    life.end()
    kept = msgpack.decode(msgpack.encode(life.gaps.pack()), type=Kept)
    life.gaps = life.measure()
    life.gaps.resume(kept)
    life.come_up(after=2.0)
    (gap,) = life.told
    assert gap.gap_seconds == 3.0
    assert describe(gap) in life.gaps.tell_last("web")
    assert "who connected waited" in life.gaps.tell_last("web")


def test_sockets_that_were_closed_meanwhile_held_nobody() -> None:
    """As those of a program that was FATAL: who connected then did not wait."""
    life = Life()
    life.run()
    life.held = False
    life.end()
    life.held = True
    life.see(RetryDue(), 2.0)
    life.come_up()
    assert [gap.held for gap in life.told] == [False]
