"""Mistakes in coming up, going down and reloading."""

from __future__ import annotations

from typing import Any

from pytest import MonkeyPatch

from tests.simulation.mutation import change_row
from watchdog.core import (
    coming_up,
    dependencies,
    drains,
    events,
    fleet,
    going_down,
    hearing,
    machine,
    ordering,
    transitions,
)
from watchdog.core.effects import Release
from watchdog.core.model import Cause, Need, Policy, State
from watchdog.core.program import Program

# --- the start gate ---------------------------------------------------------------------------


def spawns_beside_the_old_tree(patch: MonkeyPatch) -> None:
    """The death of the main process is taken for the death of all."""
    crash = transitions.crash

    def mutated(t: Any, event: Any) -> None:
        t.program.granted |= {Need.TREE}
        crash(t, event)

    for state in (State.STARTING, State.RUNNING):
        change_row(patch, events.Exited, state, mutated)


def trusts_any_incarnation(patch: MonkeyPatch) -> None:
    """Reports of an old incarnation are believed."""
    stale = machine.is_stale
    patch.setattr(
        machine,
        "is_stale",
        lambda p, e, m: not isinstance(e, events.OfProcess) and stale(p, e, m),
    )


def trusts_any_claim(patch: MonkeyPatch) -> None:
    """Answers to an abandoned claim are believed."""
    stale = machine.is_stale
    patch.setattr(
        machine, "is_stale", lambda p, e, m: not isinstance(e, events.OfClaim) and stale(p, e, m)
    )


def trusts_any_reminder(patch: MonkeyPatch) -> None:
    """A reminder is believed without a look at the deadline."""
    honest, checked = machine.is_due, (events.BeatMissed, events.ProbeDue)

    def mutated(program: Program, event: Any, now: float) -> bool:
        return not isinstance(event, checked) or honest(program, event, now)

    patch.setattr(machine, "is_due", mutated)


def starts_before_dependencies(patch: MonkeyPatch) -> None:
    """A dependency that is not ready is no bar."""
    patch.setattr(
        dependencies,
        "judge_dependencies",
        lambda programs, name, claim: events.Granted(Need.DEPENDENCIES, claim=claim),
    )


def forgets_the_dependents(patch: MonkeyPatch) -> None:
    """Whoever waits for a dependency is not told that it is ready."""
    patch.setattr(fleet.Fleet, "_tell_dependents", lambda self, name: None)


def keeps_a_lost_lease(patch: MonkeyPatch) -> None:
    """A lease that is lost while it waits for the rest still counts."""
    change_row(patch, events.Revoked, State.WAITING, lambda t, e: None)


def lives_without_the_lease(patch: MonkeyPatch) -> None:
    """A process whose lease is lost gets its whole grace."""

    def mutated(t: Any, event: Any) -> None:
        t.program.granted -= {event.need}
        going_down.end(t, Cause.LEASE, event.reason, 5.0)

    change_row(patch, events.Revoked, State.RUNNING, mutated)


def keeps_the_lock(patch: MonkeyPatch) -> None:
    """A program that is down goes on holding its lock."""
    let_go = going_down.let_go

    def mutated(t: Any) -> None:
        before = len(t.effects)
        let_go(t)
        t.effects[before:] = [e for e in t.effects[before:] if not isinstance(e, Release)]

    patch.setattr(going_down, "let_go", mutated)


def lets_go_too_early(patch: MonkeyPatch) -> None:
    """A program that gives up lets go of its lock while its processes linger."""
    retire = going_down.retire

    def mutated(t: Any, state: State, reason: str) -> None:
        going_down.let_go(t)
        retire(t, state, reason)

    patch.setattr(going_down, "retire", mutated)


# --- going down -------------------------------------------------------------------------------


def never_kills(patch: MonkeyPatch) -> None:
    """The grace is not timed."""
    send_end = going_down.send_end

    def mutated(t: Any, grace: float) -> None:
        send_end(t, grace)
        if grace > 0:
            t.program.kill_at = None

    patch.setattr(going_down, "send_end", mutated)


def kills_once(patch: MonkeyPatch) -> None:
    """A tree that survives the first SIGKILL is left alone."""
    kill = going_down.kill

    def mutated(t: Any) -> None:
        kill(t)
        t.program.kill_at = None

    patch.setattr(going_down, "kill", mutated)


def kills_at_once(patch: MonkeyPatch) -> None:
    """The grace period is ignored."""
    patch.setattr(going_down, "send_end", lambda t, grace: going_down.kill(t))


def grants_the_grace_twice(patch: MonkeyPatch) -> None:
    """A birth that is reported twice begins the grace anew."""

    def mutated(t: Any, event: Any) -> None:
        t.program.spawning = True
        transitions.end_newborn(t, event)

    change_row(patch, events.Spawned, State.STOPPING, mutated)


def extends_for_ever(patch: MonkeyPatch) -> None:
    """Who was killed, and lives, may still ask for time."""
    hear = hearing.hear_stopping

    def mutated(t: Any, event: Any) -> None:
        t.program.past_grace = False
        hear(t, event)

    change_row(patch, events.Notified, State.STOPPING, mutated)


def forgets_the_unborn(patch: MonkeyPatch) -> None:
    """A process that is being spawned is not ended when it was to be."""
    change_row(patch, events.Spawned, State.STOPPING, lambda t, e: None)


def hurries_nobody(patch: MonkeyPatch) -> None:
    """A second SIGTERM is ignored."""
    change_row(patch, events.Hurry, State.STOPPING, lambda t, e: None)


def stops_all_at_once(patch: MonkeyPatch) -> None:
    """Dependencies are stopped together with those that need them."""
    patch.setattr(ordering, "stop_stages", lambda policies, names: [list(names)])


def stops_in_start_order(patch: MonkeyPatch) -> None:
    """Stages are stopped from the wrong end."""
    stages = ordering.stop_stages
    patch.setattr(ordering, "stop_stages", lambda p, names: stages(p, names)[::-1])


def finishes_early(patch: MonkeyPatch) -> None:
    """The watchdog leaves before all are down."""
    patch.setattr(drains, "are_settled", lambda names, is_settled: True)


# --- reloads ----------------------------------------------------------------------------------


def replaces_at_once(patch: MonkeyPatch) -> None:
    """A program that is added again takes the place of one that is still going down."""

    def mutated(self: Any, policy: Policy, moment: Any, request: int = 0) -> Any:
        self._leaving.discard(policy.name)
        self.programs[policy.name] = Program(policy)
        return self.handle(policy.name, events.Start(request), moment)

    patch.setattr(fleet.Fleet, "add", mutated)


def counts_from_one_again(patch: MonkeyPatch) -> None:
    """A name that comes back begins anew with incarnation 1."""
    add = fleet.Fleet.add

    def mutated(self: Any, policy: Policy, moment: Any, request: int = 0) -> Any:
        self._numbers.clear()
        return add(self, policy, moment, request)

    patch.setattr(fleet.Fleet, "add", mutated)


def waits_for_what_it_needs_no_more(patch: MonkeyPatch) -> None:
    """A reload that drops a dependency does not let go who waits for it."""
    patch.setattr(transitions, "wait_anew", lambda t: None)


def grows_old(patch: MonkeyPatch) -> None:
    """Nobody looks how old a process is."""
    patch.setattr(coming_up, "set_age", lambda t: None)


# --- evidence ---------------------------------------------------------------------------------


def waits_for_evidence_for_ever(patch: MonkeyPatch) -> None:
    """The end of a hung process waits until its evidence is there."""
    examine = going_down.examine

    def mutated(t: Any, cause: Cause, grace: float) -> None:
        examine(t, cause, grace)
        t.program.examine_by = t.moment.now + 1000.0

    patch.setattr(going_down, "examine", mutated)


def ends_twice_for_evidence(patch: MonkeyPatch) -> None:
    """Evidence that comes when the end has gone on already lets it begin again."""
    change_row(patch, events.Examined, State.STOPPING, lambda t, e: going_down.proceed(t))


def forgets_the_grace_for_evidence(patch: MonkeyPatch) -> None:
    """What was examined is killed, whatever grace it was to get."""
    change_row(patch, events.Examined, State.STOPPING, lambda t, e: going_down.end_grace(t))


def examines_what_is_asked_to_stop(patch: MonkeyPatch) -> None:
    """An operator has to wait for evidence of nothing."""
    patch.setattr(going_down, "EXAMINED", tuple(Cause))
