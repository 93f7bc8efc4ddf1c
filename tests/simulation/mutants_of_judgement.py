"""Mistakes in judging: restarts, answers, health."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from pytest import MonkeyPatch

from tests.simulation.mutation import change_row
from watchdog.core import (
    coming_up,
    events,
    fleet,
    going_down,
    health,
    reloading,
    restart,
    transitions,
    turn,
)
from watchdog.core.effects import Answer
from watchdog.core.model import Need, Outcome, Policy, Role, State
from watchdog.core.program import Check

# --- restart ----------------------------------------------------------------------------------


def never_backs_off(patch: MonkeyPatch) -> None:
    """Failures are not counted, so the delay never grows."""
    patch.setattr(going_down, "count_attempt", lambda program, slow: None)


def never_gives_up(patch: MonkeyPatch) -> None:
    """The crash-loop limit is ignored."""
    patch.setattr(restart, "recent", lambda failures, policy, now: ())


def restarts_what_was_stopped(patch: MonkeyPatch) -> None:
    """After a stop, the restart policy is asked all the same."""

    def mutated(t: Any) -> None:
        t.program.granted |= {Need.TREE}
        t.program.pid, t.program.kill_at = None, None
        turn.answer(t, up=False, outcome=Outcome.DONE)
        coming_up.pass_gate(t)

    change_row(patch, events.TreeEmpty, State.STOPPING, lambda t, e: mutated(t))


def forgets_the_retry(patch: MonkeyPatch) -> None:
    """BACKOFF has no end."""
    back_off = going_down.back_off

    def mutated(t: Any, delay: float, reason: str) -> None:
        back_off(t, delay, reason)
        t.program.retry_at = None

    patch.setattr(going_down, "back_off", mutated)


def holds_without_a_retry(patch: MonkeyPatch) -> None:
    """FATAL is for ever, even where the policy says hold."""
    patch.setattr(going_down, "give_up", lambda t, why, at: going_down.retire(t, State.FATAL, why))


# --- answers ----------------------------------------------------------------------------------


def answers_twice(patch: MonkeyPatch) -> None:
    """A request is answered and not forgotten."""

    def mutated(t: Any, up: bool, outcome: Any, text: str = "") -> None:
        for pending in t.program.pending:
            if pending.up is up:
                t.emit(Answer(t.program.policy.name, pending.request, outcome, text))

    patch.setattr(turn, "answer", mutated)


def never_answers(patch: MonkeyPatch) -> None:
    """Who has to wait for the answer gets none."""
    patch.setattr(turn, "owe", lambda t, request, up: None)


def answers_a_stop_too_early(patch: MonkeyPatch) -> None:
    """DONE is said when only the main process is gone."""

    def mutated(t: Any, event: Any) -> None:
        transitions.note_exit(t, event)
        turn.answer(t, up=False, outcome=Outcome.DONE)

    change_row(patch, events.Exited, State.STOPPING, mutated)


def loses_the_overtaken_stop(patch: MonkeyPatch) -> None:
    """A start does not hold up a stop in order that was asked for before."""
    patch.setattr(fleet.Fleet, "_spare", lambda self, name, event: [])


# --- health -----------------------------------------------------------------------------------


def keeps_counting_failures(patch: MonkeyPatch) -> None:
    """The counts of one incarnation go on in the next."""
    become, enter = coming_up.become_running, turn.enter
    kept: dict[str, dict[Role, Check]] = {}

    def entering(t: Any, state: State, reason: str = "") -> None:
        if t.program.checks:
            kept[t.program.policy.name] = t.program.checks
        enter(t, state, reason)

    def becoming(t: Any) -> None:
        become(t)
        old = kept.get(t.program.policy.name, {})
        t.program.checks = {
            role: Check(check.due, old[role].failures if role in old else 0)
            for role, check in t.program.checks.items()
        }

    patch.setattr(turn, "enter", entering)
    patch.setattr(coming_up, "become_running", becoming)


def shares_the_startup_grace(patch: MonkeyPatch) -> None:
    """The time to come up is counted from the first incarnation."""
    watch = coming_up.watch_startup

    def mutated(t: Any) -> None:
        watch(t)
        policy: Policy = t.program.policy
        if t.program.incarnation > 1 and policy.ready_within and t.program.up_at is not None:
            t.program.up_at = t.moment.now

    patch.setattr(coming_up, "watch_startup", mutated)


def forgives_failures(patch: MonkeyPatch) -> None:
    """The verdict needs one failure more than the threshold."""
    count: Callable[..., Check] = health.count

    def mutated(check: Check, policy: Any, *result: Any) -> Check:
        counted = count(check, policy, *result)
        if not 0 < counted.failures <= policy.failure_threshold:
            return counted
        return replace(counted, verdict=check.verdict)

    patch.setattr(health, "count", mutated)


def probes_too_seldom(patch: MonkeyPatch) -> None:
    """After each probe the next one is two periods away."""
    reschedule = health.reschedule

    def mutated(check: Check, policy: Any, now: float) -> Check:
        return replace(check, due=reschedule(check, policy, now).due + policy.period)

    patch.setattr(health, "reschedule", mutated)


def ignores_the_look_from_outside(patch: MonkeyPatch) -> None:
    """What is seen from outside is counted, and never ends anything."""
    count = health.count

    def mutated(check: Check, policy: Any, event: Any) -> Check:
        counted = count(check, policy, event)
        return replace(counted, verdict=None) if event.role is Role.OUTSIDE else counted

    patch.setattr(health, "count", mutated)


def shares_one_pace(patch: MonkeyPatch) -> None:
    """The look from outside comes as late as the slowest of the others, and never earlier."""
    run_probe = coming_up.run_probe

    def mutated(t: Any, role: Role) -> None:
        run_probe(t, role)
        if role is Role.OUTSIDE:
            check = t.program.checks[role]
            slower = replace(check, due=check.due + 2 * t.program.policy.probes[role].period)
            t.program.checks = {**t.program.checks, role: slower}

    patch.setattr(coming_up, "run_probe", mutated)


def ends_at_the_first_look_from_outside(patch: MonkeyPatch) -> None:
    """One failure seen from outside is enough, whatever the threshold."""
    count = health.count

    def mutated(check: Check, policy: Any, event: Any) -> Check:
        counted = count(check, policy, event)
        hasty = event.role is Role.OUTSIDE and not event.ok
        return replace(counted, verdict=False) if hasty else counted

    patch.setattr(health, "count", mutated)


def ignores_the_heartbeat(patch: MonkeyPatch) -> None:
    """A heartbeat that stays away is of no consequence."""

    def mutated(t: Any, event: Any) -> None:
        t.program.beat_by = None

    change_row(patch, events.BeatMissed, State.RUNNING, mutated)


def keeps_deadlines_across_states(patch: MonkeyPatch) -> None:
    """Entering a state leaves the deadlines of the last one in force."""

    def mutated(t: Any, state: State, reason: str = "") -> None:
        program = t.program
        program.state, program.reason, program.since = state, reason, t.moment.now
        if state is not State.RUNNING:
            program.checks = {}
        program.health = health.assess(program)

    patch.setattr(turn, "enter", mutated)


# --- reloads by signal ------------------------------------------------------------------------


def takes_the_signal_for_the_reload(patch: MonkeyPatch) -> None:
    """A reload is done when the signal is sent."""

    def mutated(t: Any, event: Any) -> None:
        reloading.begin(t, event)
        reloading.finish(t)

    change_row(patch, events.Reload, State.RUNNING, mutated)


def believes_what_was_seen_before_the_reload(patch: MonkeyPatch) -> None:
    """Any probe that passes proves a reload, also one that began before it."""
    hear_probe = reloading.hear_probe

    def mutated(t: Any, event: Any) -> None:
        if t.program.reloading is not None:
            t.program.reloading = replace(t.program.reloading, sure=0.0, settled=True)
        hear_probe(t, event)

    patch.setattr(reloading, "hear_probe", mutated)


def waits_for_a_reload_for_ever(patch: MonkeyPatch) -> None:
    """A program that is not well after a reload is waited for without an end."""

    def mutated(t: Any, under_way: Any) -> None:
        t.program.reloading = replace(under_way, by=under_way.by + 1e6)

    patch.setattr(reloading, "give_up", mutated)
