"""No hot loop: the least delay before each automatic restart, and the most spawns in a window.

An oracle of its own, which shares no code with the core. Where the books cannot know (why the core
ended a process, say) it demands the lesser delay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.ledger import Broken, Ledger, Process
from watchdog.core.model import Exit, RestartPolicy

if TYPE_CHECKING:
    from tests.simulation.world import World

SLACK = 1e-6


def reset(ledger: Ledger) -> None:
    """Somebody asked: the next spawn may be at once, and the count begins anew."""
    ledger.asked = True


def note_failure(ledger: Ledger, process: Process, exit: Exit, now: float) -> None:
    """One incarnation ended: how long must the next one wait at least?"""
    policy, codes = ledger.policy.restart, ledger.policy.exit_codes
    begun = process.seen_begun
    if begun is not None and now - begun >= policy.reset_after:
        ledger.attempt = ledger.slow_attempt = 0
    floor = least(policy, ledger.attempt)
    if exit.code in codes.slow:
        slow = scale(policy, policy.slow * policy.factor**ledger.slow_attempt)
        floor = min(floor, slow)
        ledger.was_slow = True
        if process.stopped_at is None and process.killed_at is None and not process.is_going:
            ledger.slow_attempt += 1  # else the code may mean nothing: the core ended it itself
    else:
        ledger.attempt += 1
        ledger.was_slow = False
    ledger.failed_at, ledger.delay_floor = now, floor
    note_rest(ledger, exit)


def note_rest(ledger: Ledger, exit: Exit) -> None:
    """Whether the policy, as it is now, lets it lie after this end."""
    policy, codes = ledger.policy.restart, ledger.policy.exit_codes
    ended_well = exit.code in codes.success and policy.when == "on-failure"
    if policy.when == "never" or exit.code in codes.fatal or ended_well:
        ledger.may_rest = True


def least(policy: RestartPolicy, attempt: int) -> float:
    """The shortest delay that the policy allows before restart number `attempt`."""
    if attempt == 0:
        return scale(policy, policy.initial)
    if policy.initial:
        return scale(policy, policy.initial * policy.factor**attempt)
    return scale(policy, 1.0 * policy.factor ** (attempt - 1))


def scale(policy: RestartPolicy, delay: float) -> float:
    """Cut at the maximum, then shortened by the whole jitter."""
    return min(policy.maximum, delay) * (1 - policy.jitter)


def check(world: World, ledger: Ledger) -> None:
    """A spawn that nobody asked for comes neither too early nor too often."""
    policy, now = ledger.policy.restart, world.now
    if ledger.asked or ledger.open_restarts or ledger.failed_at is None:
        ledger.asked, ledger.attempt, ledger.slow_attempt = False, 0, 0
        ledger.spawns = []
        return
    if now < ledger.failed_at + ledger.delay_floor - SLACK:
        early = f"{now - ledger.failed_at:.3f} s after its failure, not {ledger.delay_floor:.3f}"
        raise Broken("backoff", f"{ledger.name} is spawned {early}")
    if now >= ledger.failed_at + policy.maximum - SLACK:
        ledger.attempt = max(0, ledger.attempt - 1)  # it may have been held, which is no attempt
    ledger.spawns = [at for at in ledger.spawns if at > now - policy.within]
    ledger.spawns += [] if ledger.was_slow else [now]
    if len(ledger.spawns) > most(policy):
        raise Broken("crash loop", f"{ledger.name}: {len(ledger.spawns)} spawns in the window")


def most(policy: RestartPolicy) -> float:
    """Spawns within the window: up to the limit, then one each maximum; slow ones do not count."""
    return policy.limit + policy.within / policy.maximum + 2
