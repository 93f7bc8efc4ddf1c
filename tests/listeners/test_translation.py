"""Our steps in supervisor's words."""

from __future__ import annotations

from itertools import pairwise

import pytest
from msgspec.structs import replace

from watchdog.core.model import Exit, Policy, State
from watchdog.core.program import Program
from watchdog.listeners.translation import Told, first_told, translate

GOOD, BAD = Exit(code=0), Exit(code=3)
S = State


def program(state: State, pid: int | None = None, last: Exit | None = None) -> Program:
    """A program in that state."""
    return Program(Policy("p"), state=state, pid=pid, last_exit=last)


LIFE = [
    program(S.STOPPED),
    program(S.STARTING),
    program(S.STARTING, 7),
    program(S.RUNNING, 7),
]


def tell(*lives: Program, told: Told | None = None) -> list[str]:
    """All that is told of this life."""
    told = told or first_told(lives[0])
    steps = [s for a, b in pairwise(lives) for s in translate(told, a, b)]
    return [f"{step.since}>{step.state}{step.extra}" for step in steps]


UP = ["STOPPED>STARTING tries:0", "STARTING>RUNNING pid:7"]


@pytest.mark.parametrize(
    ("further", "expected"),
    [
        (
            [program(S.WAITING, None, BAD), program(S.STARTING, None, BAD)],
            ["RUNNING>EXITED expected:0 pid:7", "EXITED>STARTING tries:0"],
        ),
        ([program(S.EXITED, None, GOOD)], ["RUNNING>EXITED expected:1 pid:7"]),
        (
            [program(S.BACKOFF, None, BAD), program(S.STOPPED, None, BAD)],
            [
                "RUNNING>EXITED expected:0 pid:7",
                "EXITED>BACKOFF tries:1",
                "BACKOFF>STOPPED pid:0",
            ],
        ),
        (
            [program(S.FATAL, None, BAD)],
            ["RUNNING>EXITED expected:0 pid:7", "EXITED>FATAL"],
        ),
        (
            [
                program(S.STOPPING, 7),
                program(S.STOPPING, None, GOOD),
                program(S.STOPPED, None, GOOD),
            ],
            ["RUNNING>STOPPING pid:7", "STOPPING>STOPPED pid:7"],
        ),
        (
            [
                program(S.STOPPING, 7),
                program(S.STOPPING, None, BAD),
                program(S.STARTING, None, BAD),
            ],
            [
                "RUNNING>STOPPING pid:7",
                "STOPPING>STOPPED pid:7",
                "STOPPED>STARTING tries:0",
            ],
        ),
    ],
)
def test_what_follows_running(further: list[Program], expected: list[str]) -> None:
    """A crash is EXITED, an end by the watchdog STOPPING and STOPPED, wherever we go from there."""
    assert tell(*LIFE, *further) == UP + expected


def test_starts_that_fail_are_counted() -> None:
    """Each is a BACKOFF, also one that is answered at once; the last one leads to FATAL."""
    fails = [replace(BAD) for _ in range(3)]
    life = [
        program(S.STOPPED),
        program(S.STARTING, 7),
        program(S.WAITING, None, fails[0]),  # to be started again at once
        program(S.STARTING, None, fails[0]),
        program(S.STARTING, None, fails[1]),  # no process came to be, and at once again
        program(S.FATAL, None, fails[2]),
    ]
    assert tell(*life) == [
        "STOPPED>STARTING tries:0",
        "STARTING>BACKOFF tries:1",
        "BACKOFF>STARTING tries:1",
        "STARTING>BACKOFF tries:2",
        "BACKOFF>STARTING tries:2",
        "STARTING>BACKOFF tries:3",
        "BACKOFF>FATAL",
    ]


def test_waiting_is_starting() -> None:
    """Listeners know no WAITING; what was refused for good never ran, and so never failed."""
    refused = program(S.FATAL, None, Exit(code=69))
    assert tell(program(S.STOPPED), program(S.WAITING), refused) == [
        "STOPPED>STARTING tries:0",
        "STARTING>FATAL",
    ]


def test_an_adopted_process_is_told_as_it_is() -> None:
    """It was RUNNING when we came."""
    assert tell(program(S.STOPPED), program(S.RUNNING, 9)) == ["STOPPED>RUNNING pid:9"]
