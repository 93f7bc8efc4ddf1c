"""What people do to the fleet: requests, reloads, shutdown. Each tells whether it did anything."""

from __future__ import annotations

from tests.simulation import bounds, judge, pace, readiness
from tests.simulation.ledger import Ledger
from tests.simulation.policies import redraw_policy, retuned_policy
from tests.simulation.processes import OPERATORS_SIGNAL
from tests.simulation.world import World
from watchdog.core import events
from watchdog.core.model import Hook


def start(world: World, ledger: Ledger, x: float) -> bool:
    """Start, or restart: both want it up."""
    kind = events.Start if x < 0.6 else events.Restart
    number = world.ask(ledger.name, kind)
    if ledger.configured and not ledger.leaving and not world.is_leaving():
        ledger.want, ledger.want_order, ledger.last_up = True, number, number
        ledger.either = ledger.may_rest = False
        pace.reset(ledger)
        if kind is events.Restart:
            excuse(ledger)
    world.deliver(ledger.name, world.requests[number].event)
    return True


def restart(world: World, ledger: Ledger, x: float) -> bool:
    """A new incarnation, please."""
    return start(world, ledger, 1.0)


def stop(world: World, ledger: Ledger, x: float) -> bool:
    """One program down, at once."""
    number = world.ask(ledger.name, events.Stop)
    ledger.want, ledger.want_order, ledger.last_down = False, number, number
    ledger.want_after = ledger.either = False
    excuse(ledger)
    world.deliver(ledger.name, world.requests[number].event)
    return True


def stop_many(world: World, ledger: Ledger, x: float) -> bool:
    """Several programs down, in order; one of them may not exist any more."""
    names = sorted(world.ledgers)
    chosen = names if x < 0.5 else [name for name in names if world.rng.random() < 0.6]
    requests = {name: world.ask(name, events.Stop) for name in chosen}
    for name, number in requests.items():
        other = world.ledgers[name]
        readiness.stamp(world, other)
        other.open_stops.add(number)
        other.last_down = number
        excuse(other)
    world.note("asked  ", "", f"stop {requests}")
    world.perform(world.fleet.stop(requests, world.moment()), None)
    return bool(requests)


def restart_many(world: World, ledger: Ledger, x: float) -> bool:
    """Several programs down and up again, in order where one depends on another."""
    chosen = [name for name in sorted(world.ledgers) if x < 0.5 or world.rng.random() < 0.6]
    requests = {name: world.ask(name, events.Restart) for name in chosen}
    for name, number in requests.items():
        other = world.ledgers[name]
        readiness.stamp(world, other)
        if other.configured and not other.leaving and not world.is_leaving():
            other.want, other.want_order = True, number
            other.last_up = other.last_down = number  # in order it is a stop, and a start
            other.either = other.may_rest = False
            pace.reset(other)
        other.open_restarts.add(number)
        excuse(other)
    world.note("asked  ", "", f"restart {requests}")
    world.perform(world.fleet.restart(requests, world.moment()), None)
    return bool(requests)


def send_signal(world: World, ledger: Ledger, x: float) -> bool:
    """A signal by hand."""
    number = world.ask(ledger.name, lambda n: events.SendSignal(n, OPERATORS_SIGNAL))
    world.deliver(ledger.name, world.requests[number].event)
    return True


def reload(world: World, ledger: Ledger, x: float) -> bool:
    """Its own configuration, again."""
    number = world.ask(ledger.name, events.Reload)
    world.deliver(ledger.name, world.requests[number].event)
    bounds.expect_answer_to_reload(world, ledger, number)
    return True


def excuse(ledger: Ledger) -> None:
    """Whatever lives now may be ended, for somebody asked for it."""
    if ledger.process is not None:
        ledger.process.may_end = True


# --- leaving ----------------------------------------------------------------------------------


def shut_down(world: World, ledger: Ledger, x: float) -> bool:
    """The watchdog gets SIGTERM."""
    if world.is_leaving():
        return False
    world.leaving = True
    world.note("asked  ", "", "shut down")
    world.perform(world.fleet.shut_down(0, world.moment()), None)
    return True


def hurry(world: World, ledger: Ledger, x: float) -> bool:
    """The watchdog gets a second SIGTERM, or somebody is impatient."""
    world.hurried = world.hurried or world.leaving
    for other in world.ledgers.values():
        unborn = other.process is not None and other.process.seen_begun is None
        if other.process is not None and (unborn or other.open_restarts):
            other.process.grace_doubtful = True
    hurried = [other for other in world.ledgers.values() if is_going(world, other)]
    for other in hurried:
        if other.process is not None:
            other.process.no_grace = True
    world.note("asked  ", "", "hurry")
    world.perform(world.fleet.hurry(world.moment()), None)
    for other in hurried:
        process = other.process
        if process is not None and process.seen_begun is not None and not process.seen_empty:
            judge.check_hurried(other, process)
    return bool(hurried)


def is_going(world: World, ledger: Ledger) -> bool:
    """Whether its process is being ended, or is to be ended by a stop in order."""
    process = ledger.process
    if process is None or process.seen_empty:
        return False
    begun = (process.stopped_at, process.examined_at, process.farewell_at)
    ending = any(at is not None for at in begun)
    return world.is_leaving() or ledger.leaving or bool(ledger.open_stops) or ending


# --- reloads ----------------------------------------------------------------------------------


def retune(world: World, ledger: Ledger, x: float) -> bool:
    """A reload changed the policy."""
    if not ledger.configured or ledger.leaving:
        return False
    policy = retuned_policy(world.rng, ledger.policy)
    readiness.stamp(world, ledger)
    world.note("asked  ", ledger.name, f"retune {policy}")
    beat_anew = policy.heartbeat != ledger.policy.heartbeat
    ledger.policy = policy
    ledger.exit_due = ledger.exit_due and Hook.POST_EXIT in policy.hooks
    pace.reset(ledger)
    if ledger.process is not None:
        ledger.process.retuned = True
        if beat_anew:
            ledger.process.beat_until = world.now + (policy.heartbeat or 0.0)
    world.perform(world.fleet.retune(policy, world.moment()), None)
    return True


def remove(world: World, ledger: Ledger, x: float) -> bool:
    """A reload took it away; now and then it had done so before."""
    if not ledger.configured:
        return False
    readiness.stamp(world, ledger)
    ledger.leaving, ledger.successor, ledger.want = True, None, False
    ledger.last_down = len(world.requests) + 1
    excuse(ledger)
    number = world.ask(ledger.name, events.Stop) if x > 0.5 else 0  # scaled down, or reloaded
    world.note("asked  ", ledger.name, f"remove {number}")
    world.perform(world.fleet.remove({ledger.name: number}, world.moment()), None)
    return True


def add(world: World, ledger: Ledger, x: float) -> bool:
    """A reload brought it (back), perhaps before the old one was gone."""
    if ledger.configured and not ledger.leaving:
        return False
    policy = redraw_policy(world.rng, ledger.policy)
    number = world.ask(ledger.name, events.Start) if x > 0.5 else 0  # scaled up, or reloaded
    world.note("asked  ", ledger.name, f"add {number} {policy}")
    wanted = policy.autostart or number > 0
    ledger.last_up = number or ledger.last_up
    if ledger.leaving:
        ledger.successor, ledger.want_after = policy, wanted
    else:
        world.join(ledger, policy, wanted)
    decide_anew(world, ledger)
    world.perform(world.fleet.add(policy, world.moment(), number), None)
    return True


def decide_anew(world: World, ledger: Ledger) -> None:
    """The configuration says now whether it is to be up; but a stop may be on its way."""
    ledger.want_order = len(world.requests)
    ledger.either = bool(ledger.open_stops)


def replace(world: World, ledger: Ledger, x: float) -> bool:
    """A reload changed what the process itself can see: out with the old, in with the new."""
    if not ledger.configured or (ledger.leaving and ledger.successor is None):
        return False
    policy = redraw_policy(world.rng, ledger.successor or ledger.policy)
    readiness.stamp(world, ledger)
    if not ledger.leaving:
        ledger.want_after = ledger.want
    ledger.leaving, ledger.successor, ledger.want = True, policy, False
    ledger.last_down = len(world.requests) + 1
    excuse(ledger)
    doubtful = ledger.either  # the successor is up if the old one was wanted up
    decide_anew(world, ledger)
    ledger.either = ledger.either or doubtful
    world.note("asked  ", ledger.name, f"replace {policy}")
    world.perform(world.fleet.replace(policy, world.moment()), None)
    return True
