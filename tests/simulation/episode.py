"""One episode: a few programs, a script of faults, then calm, then shutdown.

After the last fault the world becomes calm, and what the operators want must be reached within a
bound of virtual time that is computed from the policies. Then everything is shut down.
"""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from msgspec import Struct

from tests.simulation import operators
from tests.simulation.faults import Fault, draw_script, strike
from tests.simulation.ledger import Broken, Ledger
from tests.simulation.policies import draw_policies
from tests.simulation.world import World
from watchdog.core.model import Need, Policy, Role, State

LENGTH = 200  # faults in a script
LOOK = 2.0  # seconds between two looks whether everything is as it should be


class Failure(Struct, frozen=True):
    """A broken promise, and the faults that broke it."""

    seed: int
    rule: str
    text: str
    faults: tuple[int, ...]


class Result(Struct, frozen=True):
    """What an episode came to."""

    faults: int
    steps: int
    failure: Failure | None = None
    trace: list[str] = []


def run(seed: int, only: Collection[int] | None = None, trace: bool = False) -> Result:
    """Run the episode of a seed, or what is left of it with only these faults of its script."""
    rng = Random(seed)
    policies = draw_policies(rng)
    script = draw_script(rng, LENGTH)
    chosen = tuple(range(len(script))) if only is None else tuple(sorted(only))
    world = World(policies, seed, trace)
    try:
        play(world, [script[index] for index in chosen])
    except Broken as broken:
        failure = Failure(seed, broken.rule, str(broken), chosen)
    except Exception as error:  # a fault of the core, and to be shrunk like any other
        failure = Failure(seed, f"raises {type(error).__name__}", repr(error), chosen)
    else:
        return Result(world.faults, world.steps, None, world.lines or [])
    return Result(world.faults, world.steps, failure, world.lines or [])


def play(world: World, script: list[Fault]) -> None:
    """The whole story."""
    world.perform(world.fleet.start_all(world.moment()), None)
    for fault in script:
        world.run_until(fault.at + world.paused)
        if world.finished is not None:
            break
        strike(world, fault)
    calm_down(world)
    expect_wishes(world)
    shut_down(world)


def calm_down(world: World) -> None:
    """No more faults; whatever is not watched by anything comes to itself."""
    world.note("asked  ", "", "-- calm --")
    world.calm = True
    for ledger in world.ledgers.values():
        ledger.spawn_exit, ledger.crashes = None, []
        ledger.bad_probes = ledger.late_probes = ledger.doubles = 0
        ledger.spawn_delay = ledger.late_words = ledger.start_delay = 0.0
        for claim in ledger.claims.values():
            claim.busy_until = min(claim.busy_until, world.now + 1)
        process = ledger.process
        if process is not None:
            process.comes_up_at = min(process.comes_up_at, world.now)
            process.exit_delay = min(process.exit_delay, 1.0)
            if process.hung_since is not None and process.alive:
                world.processes.wake_up(ledger, process)


def expect_wishes(world: World) -> None:
    """What the operators want is reached within the bound, and every request is answered."""
    until = world.now + bound(world)
    while True:
        world.run_until(world.now + LOOK)
        missing = find_missing(world)
        if world.finished is not None or not missing:
            return
        if world.now > until:
            raise Broken("converges", missing)


def find_missing(world: World) -> str:
    """What is not yet as it should be; empty if nothing."""
    for number, asked in world.requests.items():
        if asked.answer is None:
            return f"request {number} ({asked.event} to {asked.name}) was not answered"
    if world.is_leaving():
        return "" if world.finished is not None else "Finish did not come"
    for ledger in world.ledgers.values():
        if missing := misses(world, ledger):
            return missing
    return ""


def misses(world: World, ledger: Ledger) -> str:
    """What is wrong with one program, if anything."""
    if ledger.leaving:
        return f"{ledger.name} was removed, and is not forgotten"
    if not ledger.want or not ledger.configured:
        return f"{ledger.name} lives, and should not" if ledger.is_alive else ""
    if is_up(world, ledger) or is_excused(world, ledger) or ledger.either:
        return ""
    program = world.fleet.programs[ledger.name]
    return f"{ledger.name} should be up, and is {program.state} ({program.reason})"


def is_up(world: World, ledger: Ledger) -> bool:
    """Whether it runs, in truth and by the core's own word."""
    process = ledger.process
    if process is None or not process.alive or process.is_ended:
        return False
    program = world.fleet.programs.get(ledger.name)
    return program is not None and program.state is State.RUNNING and program.ready


def is_excused(world: World, ledger: Ledger) -> bool:
    """Whether the policy lets it lie, or a dependency that lies keeps it waiting."""
    if ledger.may_rest:
        return not ledger.is_alive
    if Need.DEPENDENCIES not in ledger.policy.needs or ledger.is_alive:
        return False
    others = [world.ledgers.get(name) for name in ledger.policy.depends_on]
    return any(other is not None and other.configured and lies(world, other) for other in others)


def lies(world: World, ledger: Ledger) -> bool:
    """Whether nobody wants it up, or it is excused."""
    return not ledger.want or ledger.either or is_excused(world, ledger)


def bound(world: World) -> float:
    """Seconds in which all must settle: each in turn, at its slowest; and a roll that gives up."""
    return 85.0 + sum(slowest(ledger.successor or ledger.policy) for ledger in all_of(world))


def all_of(world: World) -> list[Ledger]:
    """Every ledger."""
    return list(world.ledgers.values())


def slowest(policy: Policy) -> float:
    """One stop, one wait for the restart, one start; and one of each more, for a late failure."""
    probes = sum(
        probe.delay + (probe.period + 1) * probe.failure_threshold + probe.timeout
        for probe in policy.probes.values()
    )
    readiness = policy.probes.get(Role.READINESS)
    ready = readiness.period * (readiness.success_threshold + 1) if readiness else 0.0
    words = (policy.ready_within or 0.0) + (policy.heartbeat or 0.0) + 6.0
    hooks = sum(hook.timeout + 3.0 for hook in policy.hooks.values())
    once = hooks + policy.stop.grace + policy.restart.maximum + policy.start_seconds + 6.0
    return 2 * (once + probes + ready + words)


def shut_down(world: World) -> None:
    """Everything goes down, and Finish comes."""
    if world.finished is None and not world.is_leaving():
        operators.shut_down(world, all_of(world)[0], 0.0)
    until = world.now + bound(world)
    while world.finished is None:
        if world.now > until:
            raise Broken("converges", "Finish did not come")
        world.run_until(world.now + LOOK)
    world.run_until(world.now + 5)
    check_end(world)


def check_end(world: World) -> None:
    """Nothing lives, nothing is held, everybody got an answer."""
    for ledger in all_of(world):
        if ledger.is_alive:
            raise Broken("converges", f"{ledger.name} outlives the watchdog")
        if any(claim.held for claim in ledger.claims.values()):
            raise Broken("locks let go", f"{ledger.name} holds a lock at the end")
    missing = [number for number, asked in world.requests.items() if asked.answer is None]
    if missing:
        raise Broken("answers", f"requests {missing} were never answered")


# --- making a failure small -------------------------------------------------------------------


def shrink(failure: Failure, budget: int = 400) -> Failure:
    """Leave out faults as long as the same rule is broken; at most so many runs."""
    faults, chunk = list(failure.faults), max(1, len(failure.faults) // 2)
    while budget > 0:
        before = len(faults)
        for start in range(0, before, chunk):
            rest = faults[:start] + faults[start + chunk :]
            budget -= 1
            found = run(failure.seed, rest).failure if budget > 0 else None
            if found is not None and found.rule == failure.rule:
                faults, failure = rest, found
                break
        else:
            if chunk == 1:
                break
            chunk = max(1, chunk // 2)
    return failure
