"""The table is total and true, and a step is a pure function."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulation.policies import draw_policies, redraw_policy
from watchdog.core import events as all_events
from watchdog.core.deadlines import TIME_EVENTS, deadlines
from watchdog.core.events import Event
from watchdog.core.machine import IGNORED, TABLE, step
from watchdog.core.model import Exit, Hook, Moment, Need, Role, State
from watchdog.core.program import Program

ABSTRACT = (
    all_events.Event,
    all_events.OfProcess,
    all_events.OfClaim,
    all_events.Request,
)
EVENTS = [
    kind
    for kind in vars(all_events).values()
    if isinstance(kind, type) and issubclass(kind, Event) and kind not in ABSTRACT
]
PAIRS = [(kind, state) for kind in EVENTS for state in State]


@pytest.mark.parametrize(
    ("kind", "state"), PAIRS, ids=lambda value: getattr(value, "__name__", value)
)
def test_every_pair_is_in_exactly_one_place(kind: type[Event], state: State) -> None:
    """Each event in each state is either served by the table or rightly ignored."""
    served = state in TABLE.get(kind, {})
    ignored = state in IGNORED.get(kind, ())
    assert served is not ignored


def test_nothing_else_is_in_the_table() -> None:
    """The table and the ignored pairs speak of real events only, and of each state once."""
    assert set(TABLE) | set(IGNORED) == set(EVENTS)
    assert all(len(set(states)) == len(states) for states in IGNORED.values())


def draw_event(rng: Random, program: Program) -> Event:
    """Any event that could come now: most are current, some are stale."""
    births = (all_events.Spawned, all_events.SpawnFailed)
    kind: Any = rng.choice(EVENTS)
    if issubclass(kind, all_events.OfProcess) and program.spawning:
        kind = rng.choice(births)  # nothing else is reported before one of them
    wrong = rng.choice((0, 0, 0, 0, 0, -1))
    if kind is all_events.Retuned:
        return all_events.Retuned(redraw_policy(rng, program.policy))
    if issubclass(kind, all_events.Request):
        extra = ("USR1",) if kind is all_events.SendSignal else ()
        return kind(rng.randrange(3), *extra)  # type: ignore[no-any-return]
    if kind in TIME_EVENTS:
        due = [event for _, event in deadlines(program)]
        return rng.choice(due) if due else all_events.RetryDue()
    if issubclass(kind, all_events.OfClaim):
        need = rng.choice(sorted(program.barred_by + tuple(program.granted)) or [Need.LOCK])
        fields = {"need": need, "reason": "x", "claim": program.claim + wrong, "final": True}
        return build(kind, fields, rng)
    fields = {
        "incarnation": program.incarnation + wrong,
        "exit": Exit(rng.choice((0, 1, 75, 77, None))),
        "hook": program.hook or rng.choice(list(Hook)),
        "pid": 7,
        "started_at": 0.0,
        "up": rng.random() < 0.5,
        "role": rng.choice(list(Role)),
        "ok": rng.random() < 0.5,
        "reason": "x",
        "ready": rng.random() < 0.3,
        "reloading": rng.random() < 0.2,
        "beat": rng.random() < 0.3,
        "stopping": rng.random() < 0.2,
        "unwell": rng.choice(("", "", "", "ill")),
        "extend": rng.choice((0.0, 0.0, 5.0)),
    }
    return build(kind, fields, rng)


def build(kind: Any, fields: dict[str, Any], rng: Random) -> Event:
    """An event of the kind, with those fields that it has."""
    if rng.random() < 0.5:
        fields.pop("final", None)
    names = [name for name in kind.__struct_fields__ if name in fields]
    return kind(**{name: fields[name] for name in names})  # type: ignore[no-any-return]


def walk(seed: int, steps: int) -> Any:
    """A random walk: each program, event and moment, and what `step` makes of them."""
    rng = Random(seed)
    program, now = Program(draw_policies(rng)[-1]), 0.0
    for _ in range(steps):
        now += rng.choice((0.0, 0.1, 1.0, 60.0))
        event, moment = draw_event(rng, program), Moment(now, rng.random())
        before = copy.deepcopy(program)
        after, effects = step(program, event, moment)
        yield before, program, event, moment, after, effects
        program = after


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 2**32))
def test_leads_to_is_true(seed: int) -> None:
    """No step goes to a state that its row does not name."""
    for _, program, event, _, after, _ in walk(seed, 60):
        row = TABLE[type(event)].get(program.state)
        allowed = {program.state, *(row.leads_to if row else ())}
        assert after.state in allowed, (program.state, event, after.state)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_step_is_pure(seed: int) -> None:
    """A step leaves its input as it was, and gives the same for the same."""
    for before, program, event, moment, after, effects in walk(seed, 40):
        assert program == before
        again, effects_again = step(before, event, moment)
        assert (again, effects_again) == (after, effects)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32))
def test_effects_name_their_program(seed: int) -> None:
    """Every effect of a step is about the program itself."""
    for _, program, _, _, _, effects in walk(seed, 40):
        assert all(effect.program == program.policy.name for effect in effects)


def test_events_and_policies_are_values() -> None:
    """Events cannot be changed once they happened."""
    for kind in EVENTS:
        assert issubclass(kind, msgspec.Struct)
        assert kind.__struct_config__.frozen, kind
