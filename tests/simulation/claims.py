"""The simulated adapter of locks and leases: refuses, grants later, revokes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import hooks, judge, pace
from tests.simulation.ledger import Claim, Ledger
from watchdog.core import events
from watchdog.core.effects import Acquire, Release
from watchdog.core.events import Event
from watchdog.core.model import Need

if TYPE_CHECKING:
    from tests.simulation.world import World


class Claims:
    """Who holds what. To ask again for what is held, or asked for, changes nothing."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.last_number: dict[str, int] = {}  # of the last claim of each program

    def acquire(self, effect: Acquire, ledger: Ledger, event: Event | None) -> None:
        """Decide a little later."""
        ledger.claims[effect.need].asked = effect.claim
        self.last_number[ledger.name] = effect.claim
        delay = self._world.rng.random() * 0.1
        self._world.at(self._world.now + delay, self._decide, ledger, effect.need, effect.claim)

    def release(self, effect: Release, ledger: Ledger, event: Event | None) -> None:
        """Let go at once, or stop asking."""
        claim = ledger.claims.get(effect.need)
        if claim is not None:
            judge.check_release(self._world, ledger, effect)
            claim.asked, claim.held, claim.heard = None, False, False

    def revoke(self, ledger: Ledger, need: Need) -> bool:
        """Take it away, if the core believes that it has it."""
        claim = ledger.claims[need]
        if not (claim.held and claim.heard) or claim.asked is None:
            return False
        number, claim.asked, claim.held, claim.heard = claim.asked, None, False, False
        claim.busy_until = max(claim.busy_until, self._world.now + self._world.rng.random())
        claim.final = False
        self._fence(ledger)
        self._world.deliver(ledger.name, events.Revoked(need, "lost", claim=number))
        hooks.check_fenced(ledger)
        return True

    def _fence(self, ledger: Ledger) -> None:
        """Whatever lives without it may be ended, and may have no grace."""
        pace.reset(ledger)
        process = ledger.process
        if process is not None and not process.seen_empty:
            process.may_end = process.no_grace = True

    def _decide(self, ledger: Ledger, need: Need, number: int) -> None:
        world, claim = self._world, ledger.claims[need]
        if claim.asked != number:
            return None
        if not claim.held and claim.busy_until > world.now:
            return self._refuse(ledger, claim, need, number)
        claim.held = True
        self._say(ledger, claim, events.Granted(need, claim=number))
        return None

    def _refuse(self, ledger: Ledger, claim: Claim, need: Need, number: int) -> None:
        self._say(ledger, claim, events.Refused(need, "held elsewhere", claim.final, claim=number))
        if not claim.final:
            self._world.at(claim.busy_until, self._decide, ledger, need, number)

    def _say(self, ledger: Ledger, claim: Claim, event: Event) -> None:
        late = 0.5 if self._world.rng.random() < 0.2 else 0.0
        claim.last_word = max(claim.last_word, self._world.now + late * self._world.rng.random())
        self._world.at(claim.last_word, self._world.deliver, ledger.name, event)
