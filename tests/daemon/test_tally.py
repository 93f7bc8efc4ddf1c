"""What is counted of each step."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import Raw
from msgspec.structs import replace

from watchdog.core.events import Event, Exited, Probed, RetryDue, SpawnFailed, TreeEmpty
from watchdog.core.model import Cause, Exit, Policy, Role, State
from watchdog.core.program import Program
from watchdog.daemon.ledger import Handover
from watchdog.daemon.remarks import BY_KERNEL
from watchdog.daemon.tally import Tally, cause_of_restart

UP = Program(Policy("a"), State.RUNNING, incarnation=3, pid=7)


def tally() -> Tally:
    return Tally(lambda name: None)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize(
    ("before", "event", "after", "cause"),
    [
        # a crash that is answered at once
        ({}, Exited(3, Exit(1)), {"cause": Cause.CRASH, "restarts": 1, "pid": None}, "crash"),
        # the end of a backoff
        ({"state": State.BACKOFF, "cause": Cause.MEMORY}, RetryDue(), {"restarts": 1}, "memory"),
        # a spawn that failed, and is tried again at once
        ({"state": State.STARTING}, SpawnFailed(3, Exit()), {"restarts": 1}, "spawn"),
        # the operator wanted it
        (
            {"state": State.STOPPING, "cause": Cause.RESTART},
            TreeEmpty(3),
            {"incarnation": 4, "spawning": True, "cause": None},
            "restart",
        ),
        # a first start, and a mere wait
        ({"state": State.STOPPED}, RetryDue(), {"incarnation": 4, "spawning": True}, None),
        ({"cause": Cause.RESTART}, TreeEmpty(3), {"state": State.WAITING}, None),
    ],
)
def test_each_restart_has_its_cause(
    before: dict[str, Any], event: Event, after: dict[str, Any], cause: str | None
) -> None:
    """Automatic ones and those that were asked for are told apart; nothing else is a restart."""
    first = replace(UP, **before)
    assert cause_of_restart(first, event, replace(first, **after)) == cause


@pytest.mark.parametrize(
    ("exit", "crashes", "kills"),
    [
        (Exit(0), 0, 0),
        (Exit(1), 1, 0),
        (Exit(signal=9, detail="killed by SIGKILL (9)"), 1, 0),
        (Exit(signal=9, detail=f"killed by SIGKILL (9){BY_KERNEL}"), 1, 1),
    ],
)
def test_an_end_by_itself_is_a_crash_if_it_was_unwell(exit: Exit, crashes: int, kills: int) -> None:
    """A success is none; a kill by the kernel is one of both; an end that was asked for neither."""
    counted = tally()
    counted.observe(UP, Exited(3, exit), replace(UP, pid=None, state=State.BACKOFF))
    stopping = replace(UP, state=State.STOPPING)
    counted.observe(stopping, Exited(3, exit), replace(stopping, pid=None))
    assert (counted.of("a").crashes, counted.of("a").oom_kills) == (crashes, kills)


def test_a_hang_counts_once() -> None:
    """When it is condemned, and not again while it goes."""
    counted = tally()
    condemned = replace(UP, state=State.STOPPING, cause=Cause.HANG)
    counted._config_of = lambda name: type("Config", (), {"probes": {}})  # type: ignore[assignment, return-value]
    counted.observe(UP, Probed(3, Role.LIVENESS, False, latency=0.5), condemned)
    counted.observe(condemned, Exited(3, Exit(signal=9)), replace(condemned, pid=None))
    assert counted.of("a").hangs == 1
    assert counted.of("a").crashes == 0


def test_hand_overs_add_up() -> None:
    """What nobody knows is no time, but is counted."""
    counted = tally()
    counted.note_handover(Handover("a", 1, 2, 0.5, 0.0, "spawned"))
    counted.note_handover(Handover("a", 2, 3, None, None, "spawned"))
    found = counted.of("a")
    assert (found.handovers, found.gap_seconds, found.unproved) == (2, 0.5, 1)


def test_counts_are_handed_over() -> None:
    """Another version reads what it can, and goes on from there."""
    old, new = tally(), tally()
    old.of("a").note_restart("crash")
    old.of("a").note_probe("liveness", "http", 0.2, ok=True)
    new.unpack({**old.pack(), "b": Raw(b"\xc1")})
    assert new.counts == old.counts


def test_who_left_is_forgotten() -> None:
    """Programs that come and go do not fill the memory."""
    counted = tally()
    for number in range(100):
        counted.of(f"p{number}").crashes += 1
        counted.keep_only(frozenset({f"p{number}"}))
    assert len(counted.counts) == 1
