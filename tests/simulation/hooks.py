"""The simulated adapter of hooks, and its part of the judge: they pass, fail, hang, die late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation import pace
from tests.simulation.bounds import SLACK
from tests.simulation.ledger import Broken, HookRun, Ledger
from watchdog.core import events
from watchdog.core.effects import EndHook, RunHook, Spawn
from watchdog.core.events import Event
from watchdog.core.model import Exit, Hook

if TYPE_CHECKING:
    from tests.simulation.world import World

AGAIN = 1.0  # seconds between two kills of a hook that does not die
ASKED_TO_END = (events.Stop, events.Restart, events.Overweight, events.Recycle)
OUTCOMES = (Exit(0), Exit(0), Exit(0), Exit(1), Exit(75), Exit(77))


class Hooks:
    """All hooks of all programs."""

    def __init__(self, world: World) -> None:
        self._world = world

    def run(self, effect: RunHook, ledger: Ledger, event: Event | None) -> None:
        """Begin; how it goes is a matter of chance, but for the calm."""
        world = self._world
        check_run(world, ledger, effect)
        timeout = ledger.policy.hooks[effect.hook].timeout
        ledger.hook = hook = HookRun(effect.hook, effect.incarnation, world.now)
        hook.hangs = world.rng.random() < 0.2 and not world.calm
        hook.stubborn = world.rng.random() < 0.5
        takes = world.rng.random() * (0.2 if world.calm else timeout * 1.5)
        if not hook.hangs:
            exit = Exit(0) if world.calm else world.rng.choice(OUTCOMES)
            world.at(world.now + takes, self._die, ledger, hook, exit)
        by = world.now + timeout
        world.at(by + SLACK, expect_killed, world, ledger, hook, world.paused)
        if effect.hook is Hook.PRE_STOP:
            world.at(by + SLACK, expect_signal, world, ledger, hook, world.paused)

    def end(self, effect: EndHook, ledger: Ledger, event: Event | None) -> None:
        """A signal; what was killed is gone a little later."""
        world, hook = self._world, ledger.hook
        if hook is None or hook.seen_over or not hook.is_meant(effect):
            raise Broken("stale target", f"{effect} means no present hook")
        note_end_of_process(ledger, hook, event)
        if effect.signal == "KILL":
            hook.killed_at = world.now
            farewell = ledger.policy.hooks.get(Hook.PRE_STOP)  # whose time may come first
            at = world.now + max(AGAIN, farewell.timeout if farewell else 0.0) + SLACK
            world.at(at, expect_repeat, world, ledger, hook, world.now)
        elif hook.stubborn:
            return
        else:
            hook.told_at = world.now
        late = 0.0 if world.calm else world.rng.random() * 1.5
        world.at(world.now + late, self._die, ledger, hook, Exit(signal=9))

    def _die(self, ledger: Ledger, hook: HookRun, exit: Exit) -> None:
        if hook.over:
            return
        hook.over = True
        world = self._world
        late, ledger.late_words = ledger.late_words, 0.0
        world.post(
            ledger.name, events.HookDone(hook.incarnation, hook.kind, exit), world.now + late
        )


# --- what the core is told ----------------------------------------------------------------------


def hear(ledger: Ledger, event: events.HookDone) -> None:
    """A hook is over, for all that the core knows."""
    hook = ledger.hook
    if hook is None or not hook.is_meant(event) or hook.seen_over:
        return
    hook.seen_over, hook.passed = True, event.ok
    process = ledger.process
    if process is not None and process.seen_empty:
        pace.note_rest(ledger, process.seen_exit or Exit())  # its end is judged only now
    policy = ledger.policy.hooks.get(hook.kind)
    fails = not event.ok and policy is not None and policy.on_failure == "fail"
    if hook.kind is Hook.PRE_START and fails:
        pace.note_rest(ledger, event.exit)
    if hook.kind is Hook.POST_START and fails and process is not None:
        process.may_end = True


# --- what it wants ------------------------------------------------------------------------------


def check_run(world: World, ledger: Ledger, effect: RunHook) -> None:
    """One at a time, each at its time, with all that its program needs."""
    process, hook = ledger.process, ledger.hook
    if hook is not None and not hook.seen_over:
        raise Broken("one hook", f"{effect} while {hook.kind} runs")
    if effect.hook is Hook.PRE_START:
        check_held(ledger, effect)
        if process is not None and not process.seen_empty:
            raise Broken("hook order", f"{effect} while incarnation {process.incarnation} lives")
    elif process is None or process.incarnation != effect.incarnation:
        raise Broken("hook order", f"{effect} means no present process")
    elif effect.hook is Hook.POST_EXIT:
        if not process.seen_empty or process.exit_hooked:
            raise Broken("hook order", f"{effect} while it lives, or a second time")
        process.exit_hooked, ledger.exit_due = True, False
    elif process.running_since is None or process.seen_exited is not None:
        raise Broken("hook order", f"{effect} of what is not up")
    elif effect.hook is Hook.PRE_STOP:
        check_farewell(ledger, effect)


def check_held(ledger: Ledger, effect: RunHook) -> None:
    """What is needed for the process is needed for the hook before it."""
    for need, claim in ledger.claims.items():
        if need in ledger.policy.needs and not claim.held:
            raise Broken("start gate", f"{effect} without the {need}")


def check_farewell(ledger: Ledger, effect: RunHook) -> None:
    """pre_stop comes before the first blow, and is for whoever is owed a polite end."""
    process = ledger.process
    assert process is not None
    if process.stopped_at is not None or process.killed_at is not None:
        raise Broken("hook order", f"{effect} after the first blow")
    note_farewell(ledger)


def note_farewell(ledger: Ledger) -> None:
    """It is going down; its grace is that of this moment."""
    process = ledger.process
    if process is not None and process.farewell_at is None:
        process.farewell_at = 0.0
        if process.grace_due is None:
            process.grace_due = ledger.policy.stop.grace


def note_end_of_process(ledger: Ledger, hook: HookRun, event: Event | None) -> None:
    """post_start is killed because its process is to end: the first sign of that."""
    asked = event is None or isinstance(event, ASKED_TO_END)
    process = ledger.process
    if process is None or process.seen_exited is not None:
        return
    if not asked or hook.kind is not Hook.POST_START:
        return
    if Hook.PRE_STOP in ledger.policy.hooks:
        note_farewell(ledger)
    elif process.grace_due is None:
        process.grace_due = ledger.policy.stop.grace  # a reload may change it before the signal


def check_spawn(ledger: Ledger, effect: Spawn) -> None:
    """The spawn comes after the hooks, and never beside one."""
    hook = ledger.hook
    if hook is not None and not hook.seen_over:
        raise Broken("one hook", f"{effect} while {hook.kind} runs")
    if ledger.exit_due:
        raise Broken("hook order", f"{effect} before post_exit")
    policy = ledger.policy.hooks.get(Hook.PRE_START)
    if policy is None:
        return
    if hook is None or hook.kind is not Hook.PRE_START or hook.incarnation != effect.incarnation:
        raise Broken("hook order", f"{effect} before pre_start")
    if not hook.passed and policy.on_failure == "fail":
        raise Broken("hook failed", f"{effect} though pre_start did not pass")


def check_fenced(ledger: Ledger) -> None:
    """No hook goes on without the lease."""
    hook = ledger.hook
    if hook is not None and not hook.seen_over and hook.killed_at is None:
        raise Broken("hook fenced", f"{ledger.name}: {hook.kind} goes on without the lease")


def expect_killed(world: World, ledger: Ledger, hook: HookRun, paused: float) -> None:
    """At its timeout it is over, or killed."""
    if hook.over or hook.killed_at is not None:
        return None
    if world.paused > paused:
        at = world.now + world.paused - paused
        return world.at(at, expect_killed, world, ledger, hook, world.paused)
    raise Broken("hook bound", f"{ledger.name}: {hook.kind} goes on after its timeout")


def expect_signal(world: World, ledger: Ledger, hook: HookRun, paused: float) -> None:
    """The first blow waits no longer than the timeout of pre_stop."""
    process = ledger.process
    if process is None or process.incarnation != hook.incarnation or process.seen_empty:
        return None
    if process.stopped_at is not None or process.killed_at is not None:
        return None
    if world.paused > paused:
        at = world.now + world.paused - paused
        return world.at(at, expect_signal, world, ledger, hook, world.paused)
    raise Broken("hook bound", f"{ledger.name} has got no signal when pre_stop's time was over")


def expect_repeat(world: World, ledger: Ledger, hook: HookRun, killed_at: float) -> None:
    """What does not die is killed again."""
    if not hook.over and hook.killed_at == killed_at:
        raise Broken("kill again", f"{ledger.name}: {hook.kind} lives on, and is killed no more")
