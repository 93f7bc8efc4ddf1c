"""Everything that can go wrong, and everybody who interferes, as a script drawn from a seed.

A script is a list of `Fault`; any part of it is a script too, which is what makes a failure small
enough to be read. Each kind is a function of the world, one program and a number in [0, 1); it
returns whether it found something to break.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from msgspec import Struct

from tests.simulation import bounds, operators, rolls
from tests.simulation.ledger import Ledger
from tests.simulation.world import World
from watchdog.core import events
from watchdog.core.deadlines import TIME_EVENTS
from watchdog.core.model import Exit, Hook, Need, Role

Kind = Callable[[World, Ledger, float], bool]


class Fault(Struct, frozen=True):
    """One line of a script."""

    at: float
    kind: str
    program: int  # modulo the number of programs
    x: float


# --- processes --------------------------------------------------------------------------------


def crash(world: World, ledger: Ledger, x: float) -> bool:
    """The main process dies of itself, one way or another."""
    process = ledger.process
    if process is None or not process.alive:
        return False
    exits = [Exit(1), Exit(1), Exit(1), Exit(signal=9), Exit(0), Exit(75), Exit(77)]
    world.processes.end(ledger, process, exits[int(x * len(exits))])
    return True


def crash_loop(world: World, ledger: Ledger, x: float) -> bool:
    """The next incarnations die young."""
    code = 75 if x > 0.8 else 1
    ledger.crashes = [code] * (2 + int(x * 6))
    return crash(world, ledger, 0.0)


def hang(world: World, ledger: Ledger, x: float) -> bool:
    """It lives, and does nothing any more; now and then it comes to itself."""
    process = ledger.process
    if process is None or not process.alive:
        return False
    if process.hung_since is not None:
        world.processes.wake_up(ledger, process)
        return True
    process.hung_since = world.now
    if process.running_since is not None and not process.is_ended:
        bounds.expect_detection(world, ledger, process)
    return True


def ignore_stop(world: World, ledger: Ledger, x: float) -> bool:
    """It will not go when it is told to, or takes its time."""
    process = ledger.process
    if process is None or not process.alive:
        return False
    process.ignores_stop = x < 0.5
    process.exit_delay = 6 * x
    return True


def leave_rest(world: World, ledger: Ledger, x: float) -> bool:
    """It has children that outlive it, and may fork faster than they are killed."""
    process = ledger.process
    if process is None or not process.alive:
        return False
    process.leaves_rest = True
    process.kills_needed = 1 + int(x * 3)
    return True


def slow_spawn(world: World, ledger: Ledger, x: float) -> bool:
    """The next spawn takes long (a network file system, say)."""
    ledger.spawn_delay = 3 * x
    return True


def fail_spawn(world: World, ledger: Ledger, x: float) -> bool:
    """The next spawn fails: no memory, no such file."""
    failed = Exit(detail="out of memory")
    ledger.spawn_exit = failed if x < 0.7 else Exit(127, detail="not found")
    return crash(world, ledger, 0.0)


def slow_start(world: World, ledger: Ledger, x: float) -> bool:
    """The next incarnation takes long to come up."""
    ledger.start_delay = 12 * x
    return True


def fail_probes(world: World, ledger: Ledger, x: float) -> bool:
    """The next probes fail, though the process is well."""
    ledger.bad_probes = 1 + int(x * 4)
    return bool(ledger.policy.probes)


def delay_probes(world: World, ledger: Ledger, x: float) -> bool:
    """The next probes answer at the last moment."""
    ledger.late_probes = 1 + int(x * 4)
    return bool(ledger.policy.probes)


def outgrow(world: World, ledger: Ledger, x: float) -> bool:
    """It uses too much memory."""
    process = ledger.process
    if process is None or not process.alive:
        return False
    world.processes.say(ledger, process, events.Overweight(process.incarnation, "too big"))
    return True


def recycle(world: World, ledger: Ledger, x: float) -> bool:
    """It is time for another process."""
    process = ledger.process
    if process is None or process.seen_begun is None:
        return False
    world.deliver(ledger.name, events.Recycle(process.incarnation, "it is time"))
    return True


def notify(world: World, ledger: Ledger, x: float) -> bool:
    """It says something of itself, perhaps with its last breath."""
    process = ledger.process
    if process is None or not process.begun:
        return False
    n = process.incarnation
    words = (
        events.Notified(n, extend=6 * x),
        events.Notified(n, extend=3 * x, beat=True),
        events.Notified(n, ready=True, status="here"),
        events.Notified(n, unwell="I hang"),
        events.Notified(n, stopping=True),
        events.Notified(n, reloading=True),
    )
    world.processes.say(ledger, process, words[int(x * 1000) % len(words)])
    return True


# --- locks ------------------------------------------------------------------------------------


def contend(world: World, ledger: Ledger, x: float) -> bool:
    """Somebody else takes the lock first, for a while."""
    claim = ledger.claims[Need.LOCK if x < 0.6 else Need.LEASE]
    if claim.held:
        return False
    claim.busy_until = world.now + 10 * x
    claim.final = x > 0.9
    return True


def revoke(world: World, ledger: Ledger, x: float) -> bool:
    """A lease is lost."""
    return world.claims.revoke(ledger, Need.LEASE if x < 0.7 else Need.LOCK)


# --- the messenger ----------------------------------------------------------------------------


def double(world: World, ledger: Ledger, x: float) -> bool:
    """The next reports come twice."""
    ledger.doubles += 1 + int(x * 3)
    return True


def delay_report(world: World, ledger: Ledger, x: float) -> bool:
    """The next report of its process comes late, and all after it."""
    ledger.late_words = 4 * x
    return True


def repeat_old(world: World, ledger: Ledger, x: float) -> bool:
    """Something is reported of an incarnation, or to a claim, that is no more."""
    if ledger.process is None:
        return False
    n, claim = ledger.process.incarnation - 1, world.claims.last_number.get(ledger.name, 0) - 1
    old = (
        events.Exited(n, Exit(0)),
        events.TreeEmpty(n),
        events.Spawned(n, 7),
        events.SpawnFailed(n, Exit()),
        events.Probed(n, Role.LIVENESS, False, "old"),
        events.Probed(n, Role.STARTUP, True),
        events.Notified(n, ready=True, unwell="old"),
        events.Overweight(n, "old"),
        events.Granted(Need.LOCK, claim=claim),
        events.Refused(Need.LOCK, "old", final=True, claim=claim),
        events.Revoked(Need.LEASE, "old", claim=claim),
        events.HookDone(n, Hook.PRE_START, Exit(0)),
    )
    world.deliver(ledger.name, old[int(x * 1000) % len(old)])
    return True


def remind_wrongly(world: World, ledger: Ledger, x: float) -> bool:
    """A reminder of a deadline that moved, or never was."""
    kind = TIME_EVENTS[int(x * len(TIME_EVENTS))]
    roles = list(Role)
    args = (roles[int(x * 1000) % 3],) if kind is events.ProbeDue else ()
    world.deliver(ledger.name, kind(*args))
    return True


def pause(world: World, ledger: Ledger, x: float) -> bool:
    """The machine sleeps, or has no time for the watchdog."""
    world.pause(8 * x)
    return True


KINDS: dict[str, tuple[Kind, int]] = {
    "crash": (crash, 8),
    "crash_loop": (crash_loop, 2),
    "hang": (hang, 6),
    "ignore_stop": (ignore_stop, 4),
    "leave_rest": (leave_rest, 4),
    "slow_spawn": (slow_spawn, 4),
    "fail_spawn": (fail_spawn, 3),
    "slow_start": (slow_start, 3),
    "fail_probes": (fail_probes, 4),
    "delay_probes": (delay_probes, 3),
    "outgrow": (outgrow, 2),
    "recycle": (recycle, 2),
    "notify": (notify, 5),
    "contend": (contend, 4),
    "revoke": (revoke, 4),
    "double": (double, 4),
    "delay_report": (delay_report, 4),
    "repeat_old": (repeat_old, 4),
    "remind_wrongly": (remind_wrongly, 4),
    "pause": (pause, 1),
    "start": (operators.start, 8),
    "stop": (operators.stop, 6),
    "restart": (operators.restart, 4),
    "stop_many": (operators.stop_many, 2),
    "restart_many": (operators.restart_many, 2),
    "send_signal": (operators.send_signal, 2),
    "reload": (operators.reload, 4),
    "roll": (rolls.roll, 3),
    "retune": (operators.retune, 3),
    "remove": (operators.remove, 2),
    "add": (operators.add, 4),
    "replace": (operators.replace, 1),
    "hurry": (operators.hurry, 1),
}
"""Each kind and how often it is drawn, where it is drawn at all."""


def draw_script(rng: Random, length: int) -> list[Fault]:
    """A script of faults; each script uses its own selection of kinds, so that some reign alone."""
    chosen = {kind: odds for kind, (_, odds) in KINDS.items() if rng.random() < 0.6}
    chosen = chosen or {"crash": 1}
    kinds = rng.choices(list(chosen), list(chosen.values()), k=length)
    pause_between = rng.choice((0.05, 0.5, 0.5, 2.0))
    script, at = [], 0.0
    for kind in kinds:
        at += rng.expovariate(1) * pause_between if rng.random() < 0.7 else 0.0
        script.append(Fault(at, kind, rng.randrange(12), rng.random()))
    if rng.random() < 0.15:
        place = rng.randrange(length)
        script.insert(place, Fault(script[place].at, "shut_down", 0, 0.0))
    return script


def strike(world: World, fault: Fault) -> None:
    """Let one line of the script happen, and count it if it did something."""
    kind = operators.shut_down if fault.kind == "shut_down" else KINDS[fault.kind][0]
    names = sorted(world.ledgers)
    ledger = world.ledgers[names[fault.program % len(names)]]
    world.note("FAULT  ", ledger.name, f"{fault.kind} {fault.x:.3f}")
    world.faults += kind(world, ledger, fault.x)
