"""The ledger: what each hand-over cost, by a clock that the test turns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec import json
from msgspec.structs import replace

from watchdog.core.events import (
    Adopted,
    Bereaved,
    Event,
    Exited,
    RetryDue,
    Spawned,
    SpawnFailed,
    Start,
    Stop,
    TreeEmpty,
)
from watchdog.core.machine import step
from watchdog.core.model import Exit, Moment, Policy, RestartPolicy, State
from watchdog.core.program import Program
from watchdog.daemon.ledger import Handover, Ledger, fields_of

POLICY = Policy("bot", restart=RestartPolicy(initial=2.0, jitter=0.0), start_seconds=0.0)
DEAD = Exit(signal=9)


class Life:
    """One program of the real core, and a ledger that watches it."""

    def __init__(
        self,
        *,
        policy: Policy = POLICY,
        proves: bool = True,
        last_sign: Callable[[str], float | None] = lambda name: None,
    ) -> None:
        self.now = 100.0
        self.program = Program(policy)
        self.told: list[Handover] = []
        self.ledger = Ledger(self.told.append, lambda: self.now, last_sign, proves=proves)

    def see(self, event: Event, after: float = 0.0) -> None:
        """The event happens so many seconds later."""
        self.now += after
        before = self.program
        self.program, _ = step(before, event, Moment(self.now))
        self.ledger.note(before, self.program)

    def run(self) -> None:
        """Up as incarnation 1."""
        self.see(Start(0))
        self.see(Spawned(1, 11))

    def end(self, incarnation: int, empty_after: float = 0.0) -> None:
        """The process ends, and its tree so much later."""
        self.see(Exited(incarnation, DEAD))
        self.see(TreeEmpty(incarnation), empty_after)


def test_a_first_start_is_no_hand_over() -> None:
    """There was nobody to take over from."""
    life = Life()
    life.run()
    assert life.told == []


def test_a_crash_counts_from_the_end_to_the_spawn() -> None:
    """Backoff, the emptying of the tree and the spawn itself are the gap; nothing ran double."""
    life = Life()
    life.run()
    life.end(1, empty_after=0.25)
    life.see(RetryDue(), 2.0)
    life.see(Spawned(2, 12), 0.5)
    assert life.told == [Handover("bot", 1, 2, 2.75, 0.0, "spawned")]


def test_an_immediate_restart_is_measured_too() -> None:
    """Where the empty tree and the launch are one step."""
    life = Life(policy=replace(POLICY, restart=RestartPolicy()))
    life.run()
    life.end(1, empty_after=0.25)
    life.see(Spawned(2, 12), 0.5)
    assert life.told == [Handover("bot", 1, 2, 0.75, 0.0, "spawned")]


def test_every_restart_is_counted_once() -> None:
    """The second one from the second process."""
    life = Life()
    life.run()
    for incarnation in (1, 2):
        life.end(incarnation)
        life.see(RetryDue(), life.program.retry_at - life.now if life.program.retry_at else 0)
        life.see(Spawned(incarnation + 1, 20 + incarnation))
    assert [(h.from_incarnation, h.to_incarnation) for h in life.told] == [(1, 2), (2, 3)]


def test_a_start_that_failed_is_part_of_the_gap() -> None:
    """It goes from the process that last ran to the next that runs."""
    life = Life()
    life.run()
    life.end(1)
    life.see(RetryDue(), 2.0)
    life.see(SpawnFailed(2, Exit(code=1)))
    assert life.program.state is State.BACKOFF
    assert life.program.retry_at is not None
    life.see(RetryDue(), life.program.retry_at - life.now)
    life.see(Spawned(3, 13))
    (handover,) = life.told
    assert (handover.from_incarnation, handover.to_incarnation) == (1, 3)
    assert handover.gap_seconds == pytest.approx(2.0 + 4.0)


def test_what_an_operator_stopped_is_no_gap() -> None:
    """It was down because it should be."""
    life = Life()
    life.run()
    life.see(Stop(1))
    life.end(1)
    life.see(Start(2), 1000.0)
    life.see(Spawned(2, 12))
    assert life.told == []


def test_an_adopted_process_has_no_gap() -> None:
    """It was there all the time, and it is the same one."""
    life = Life()
    life.see(Adopted(7, 11, started_at=50.0, up=True))
    assert life.told == [Handover("bot", 7, 7, 0.0, 0.0, "adopted")]
    life.end(7)
    life.see(RetryDue(), 2.0)
    life.see(Spawned(8, 12))
    assert life.told[1:] == [Handover("bot", 7, 8, 2.0, 0.0, "spawned")]


def test_an_adopted_process_that_nobody_noted_has_an_unknown_gap() -> None:
    """The earlier watchdog was killed between the spawn and its record."""
    life = Life()
    life.see(Adopted(8, 11, started_at=100.5, up=False), 1.0)
    assert life.told == [Handover("bot", 7, 8, None, 0.0, "adopted")]


@pytest.mark.parametrize(("sign", "gap"), [(40.0, 61.0), (-10.0, 111.0), (None, None)])
def test_an_unseen_end_is_bounded_by_the_last_sign_of_life(
    sign: float | None, gap: float | None
) -> None:
    """At most so long; without any sign nobody knows."""
    life = Life(last_sign=lambda name: sign)
    life.see(Bereaved(3, Exit()))
    life.see(TreeEmpty(3), 0.5)
    life.see(Start(0))
    life.see(Spawned(4, 14), 0.5)
    assert life.told == [Handover("bot", 3, 4, gap, 0.0, "spawned", "at most")]


def test_double_running_is_unknown_where_emptiness_cannot_be_proved() -> None:
    """It is not called zero."""
    life = Life(proves=False)
    life.run()
    life.end(1)
    life.see(RetryDue(), 2.0)
    life.see(Spawned(2, 12))
    assert life.told[0].double_seconds is None


def test_what_nobody_can_know_is_null_in_the_journal() -> None:
    """Neither left out nor zero."""
    handover = Handover("bot", 1, 2, None, None, "spawned")
    line = json.decode(json.encode(fields_of(handover)))
    assert (line["gap_seconds"], line["double_seconds"]) == (None, None)
    assert json.decode(json.encode(fields_of(replace(handover, gap_seconds=0.0))))["how"]
