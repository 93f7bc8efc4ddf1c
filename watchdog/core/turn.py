"""One turn of the machine: a draft of the program, the moment, and the effects so far.

Beside the draft stand the two things that every transition may do with it: enter a state, and
answer who asked. What leads up stands in `coming_up.py`, what leads down in `going_down.py`.
"""

from __future__ import annotations

from watchdog.core import health
from watchdog.core.effects import Answer, Effect
from watchdog.core.model import Moment, Need, Outcome, State
from watchdog.core.program import Pending, Program


class Turn:
    """The working copy that one `step` changes and then gives away."""

    __slots__ = ("effects", "moment", "program")

    def __init__(self, program: Program, moment: Moment) -> None:
        self.program = program
        self.moment = moment
        self.effects: list[Effect] = []

    def emit(self, effect: Effect) -> None:
        """Want something done."""
        self.effects.append(effect)


def enter(turn: Turn, state: State, reason: str = "") -> None:
    """Change the state; no deadline of the old one survives but the killing of an old tree."""
    program = turn.program
    program.state, program.reason, program.since = state, reason, turn.moment.now
    program.retry_at = program.up_at = program.settle_at = program.beat_by = None
    program.examine_by = program.reloading = program.age_at = None
    if Need.TREE in program.granted:
        program.kill_at = None
    if state is not State.RUNNING:
        program.checks = {}
    program.health = health.assess(program)


# --- answers ----------------------------------------------------------------------------------


def owe(turn: Turn, request: int, up: bool) -> None:
    """Remember a request until what it wants is reached, or cannot be."""
    if request:
        turn.program.pending = (*turn.program.pending, Pending(request, up))


def answer(turn: Turn, up: bool, outcome: Outcome, text: str = "") -> None:
    """Answer everybody who wants the program up, or everybody who wants it down."""
    program = turn.program
    for pending in program.pending:
        if pending.up is up:
            turn.emit(Answer(program.policy.name, pending.request, outcome, text))
    program.pending = tuple(pending for pending in program.pending if pending.up is not up)


def reply(turn: Turn, request: int, outcome: Outcome, text: str = "") -> None:
    """Answer one request at once."""
    if request:
        turn.emit(Answer(turn.program.policy.name, request, outcome, text))
