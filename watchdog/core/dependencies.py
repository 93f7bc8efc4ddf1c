"""Who depends on whom, and what to say to whoever waits.

Pure functions over the programs of one fleet. A dependency is met while it is *ready*: RUNNING,
and passing its readiness probe where it has one. A process id alone is not enough.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping

from watchdog.core.effects import Acquire, Effect
from watchdog.core.events import Event, Granted, Refused
from watchdog.core.model import Need, Policy, Role, State
from watchdog.core.program import Program


def invert_dependencies(policies: Mapping[str, Policy]) -> dict[str, list[str]]:
    """For each name, who depends on it."""
    dependents: dict[str, list[str]] = {}
    for name, policy in policies.items():
        for other in policy.depends_on:
            dependents.setdefault(other, []).append(name)
    return dependents


def find_dependents(dependents: Mapping[str, Iterable[str]], names: Iterable[str]) -> set[str]:
    """Everybody who depends on one of `names`, directly or through others; not themselves."""
    found: set[str] = set()
    todo = list(names)
    while todo:
        fresh = set(dependents.get(todo.pop(), ())) - found
        found |= fresh
        todo += fresh
    return found - set(names)


def are_related(dependents: Mapping[str, Iterable[str]], names: Iterable[str]) -> bool:
    """Whether one of the names depends on another, directly or through others."""
    chosen = set(names)
    return any(find_dependents(dependents, [n]) & chosen for n in chosen if n in dependents)


def judge_dependencies(programs: Mapping[str, Program], name: str, claim: int) -> Event:
    """Whether all that a program depends on is ready, and if not, what is not, and how it is."""
    others = [programs[o] for o in programs[name].policy.depends_on if o in programs]
    missing = [other for other in others if not other.ready]
    if not missing:
        return Granted(Need.DEPENDENCIES, claim=claim)
    reason = f"waiting for {' and '.join(map(describe, missing))}"
    soon = all(is_coming(programs, other, ()) for other in missing)
    return Refused(Need.DEPENDENCIES, reason, soon=soon, claim=claim)


class Askers:
    """Those who asked whether their dependencies are ready, and are told so one by one.

    Not before all else that happens at once has happened: what is half done is nobody's state. So
    nobody is told that one is STOPPED that is just being started, nor answered with that.
    """

    def __init__(self) -> None:
        self._claims: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._claims)

    def ask(self, name: str, claim: int) -> None:
        """It asks, or asks again: after all who asked before, for whom it may be waiting."""
        self._claims.pop(name, None)
        self._claims[name] = claim

    def tell(self, programs: Mapping[str, Program], inbox: deque[tuple[str, Event]]) -> bool:
        """Tell the first of them; False if nobody asks."""
        while self._claims:
            name = next(iter(self._claims))
            claim = self._claims.pop(name)
            if name in programs:
                inbox.append((name, judge_dependencies(programs, name, claim)))
                return True
        return False


def is_coming(programs: Mapping[str, Program], program: Program, path: tuple[str, ...]) -> bool:
    """Whether it is on its way up, and nothing has failed yet that it waits for."""
    if program.state is State.RUNNING:
        readiness = program.checks.get(Role.READINESS)
        return readiness is None or readiness.verdict is not False
    if program.state is State.STARTING:
        return True
    name = program.policy.name
    if program.state is not State.WAITING or program.refused - {Need.DEPENDENCIES}:
        return False
    if Need.DEPENDENCIES not in program.barred_by:
        return True  # the lock was asked for, or the end of the last process is awaited
    others = [programs[o] for o in program.policy.depends_on if o in programs and o not in path]
    return all(other.ready or is_coming(programs, other, (*path, name)) for other in others)


def looks_different(before: Program, after: Program) -> bool:
    """Whether those who wait for it have something new to be told."""
    return (
        before.ready is not after.ready
        or before.state is not after.state
        or before.reason != after.reason
        or before.refused != after.refused
    )


def describe(program: Program) -> str:
    """A dependency that is not ready, in words: a part of the reason of WAITING."""
    name, state, reason = program.policy.name, program.state, program.reason
    if state is State.WAITING and reason.startswith("waiting for "):
        return f"{name}, which is {reason}"
    if state is State.RUNNING:
        return f"{name} (not ready{f': {reason}' if reason else ''})"
    return f"{name} ({state}: {reason})" if reason else f"{name} ({state})"


def ask_anew(program: Program) -> list[Effect]:
    """What a waiting program still needs, under the claim that it has.

    Not before its old tree is gone, which may be what has the lock: a final refusal would be ours.
    """
    if program.state is not State.WAITING or Need.TREE in program.barred_by:
        return []
    return [Acquire(program.policy.name, need, program.claim) for need in program.barred_by]
