"""Rolling restarts: they are asked for, and what they promise is judged.

The books know which requests belong to one rolling restart, and which of its programs it has ended
and not yet answered for: never more than may be down at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import readiness
from tests.simulation.ledger import Broken, Ledger
from watchdog.core import events
from watchdog.core.effects import Answer, RollOver
from watchdog.core.model import Outcome
from watchdog.core.rolling import Roll

if TYPE_CHECKING:
    from tests.simulation.world import World


class Rolling:
    """One rolling restart."""

    def __init__(self, width: int, requests: dict[str, int]) -> None:
        self.width = width
        self.requests = requests
        self.down: set[str] = set()  # ended for it, and not answered for
        self.is_over = False


def roll(world: World, ledger: Ledger, x: float) -> bool:
    """Several programs, one after the other."""
    chosen = [name for name in sorted(world.ledgers) if x < 0.5 or world.rng.random() < 0.6]
    chosen = [name for name in chosen if world.ledgers[name].configured]
    requests = {name: world.ask(name, events.Restart) for name in chosen}
    rolling = Rolling(1 + int(x * 10) % 2, requests)
    for name, number in requests.items():
        world.ledgers[name].open_restarts.add(number)
        world.rolls[number] = rolling
    within = world.rng.choice((None, 5.0, 20.0))
    world.note("asked  ", "", f"roll {requests}, {rolling.width} at a time, {within}")
    plan = Roll(chosen, dict(requests), rolling.width, within)
    world.perform(world.fleet.roll(plan, world.moment()), None)
    return bool(chosen)


def note_end(world: World, ledger: Ledger) -> None:
    """A process that was well is ended, and only a rolling restart can be the reason."""
    open_rolls = [world.rolls[n] for n in ledger.open_restarts if n in world.rolls]
    if ledger.open_restarts - world.rolls.keys() or not open_rolls:
        return
    if all(len(one.down - {ledger.name}) >= one.width for one in open_rolls):
        raise Broken("rolling", f"{ledger.name} is ended while {open_rolls[0].down} are down")
    for one in open_rolls:
        one.down.add(ledger.name)


def check_answer(world: World, ledger: Ledger, answer: Answer) -> None:
    """Done is who is ready."""
    rolling = world.rolls.get(answer.request)
    if rolling is None:
        return
    rolling.down.discard(ledger.name)
    if answer.outcome is Outcome.DONE and not readiness.may_be_ready(ledger, world.now):
        raise Broken("rolling", f"{answer}, but it is not ready")
    if answer.outcome is Outcome.WAITING and ledger.process is not None:
        ledger.process.may_end = True  # its end was under way when the others were given up
    ledger.asked = ledger.asked or answer.outcome is Outcome.FAILED  # it may still come up


def check_over(world: World, over: RollOver) -> None:
    """Whoever is told to have been left alone was."""
    for name in over.left:
        asked = [n for n in world.ledgers[name].open_restarts if n in world.rolls]
        if any(name in world.rolls[number].down for number in asked):
            raise Broken("rolling", f"{over}, but {name} was ended")
