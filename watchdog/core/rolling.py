"""A rolling restart: some programs one after the other, the next when the last is ready again.

A `Roll` is a plan, and nothing in it is remembered of what happened: where it stands is read off
the programs and the incarnations that they had. So it can be handed over in an upgrade, and a
report that comes late or twice changes nothing. It stops at the first program that does not come
up; what was not reached is left as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from watchdog.core import deadlines
from watchdog.core.effects import Answer, Effect, RollOver
from watchdog.core.events import Event, RollDue
from watchdog.core.model import Outcome, Policy, Role, State
from watchdog.core.program import Program

PATIENCE = 60.0
"""Seconds that a program may be WAITING, or RUNNING without being ready; as long as the startup
probe that is implied by a liveness probe gives. One whose readiness probe takes longer to fail has
that time."""

Programs = Mapping[str, Program]


class Standing(Enum):
    """Where a program stands in a roll."""

    UNDER_WAY = 1
    READY = 2
    FAILED = 3
    GONE = 4  # it left the configuration


class Roll(Struct):
    """One rolling restart."""

    pending: list[str]
    requests: dict[str, int]  # whose answers are owed
    width: int = 1  # how many may be down at a time
    within: float | None = None  # seconds from the spawn; None: what its policy gives
    current: dict[str, int] = field(default_factory=dict)  # with the incarnation that ends
    done: dict[str, int] = field(default_factory=dict)  # with the incarnation that began
    stopped: bool = False

    @property
    def names(self) -> set[str]:
        """All that it still has to do with."""
        return {*self.pending, *self.current, *self.done}


class Rolls:
    """All that are under way."""

    def __init__(self, rolls: Iterable[Roll] = ()) -> None:
        self._all = list(rolls)

    def begin(self, roll: Roll) -> list[Effect]:
        """One more. Refused if a program is in another one; but that of a reload takes it over."""
        others = [one for one in self._all if not one.names.isdisjoint(roll.pending)]
        if others and roll.requests:
            text = "a rolling restart is under way, with this program or another of these"
            return tell(roll, roll.pending, Outcome.FAILED, text)
        left = [name for one in others for name in one.pending if name not in roll.pending]
        told = [told for one in others for told in stop(one, "", "a reload restarts them anew")]
        roll.pending += left
        self._all = [one for one in self._all if not one.stopped] + [roll]
        return told

    def advance(
        self, programs: Programs, replaced: Iterable[str], now: float
    ) -> tuple[list[str], list[Effect]]:
        """Who is to be restarted now, and what there is to be told."""
        orders: list[str] = []
        told: list[Effect] = []
        for roll in self._all:
            told += review(roll, programs, replaced, now)
            orders += take_next(roll, programs, told)
            if not (roll.pending or roll.current or roll.stopped):
                told.append(RollOver("", tuple(roll.done), (), ""))
        self._all = [roll for roll in self._all if roll.pending or roll.current]
        return orders, told

    def abandon(self, text: str) -> list[Effect]:
        """None of them goes on."""
        rolls, self._all = self._all, []
        return [effect for roll in rolls for effect in stop(roll, "", text)]

    def due(self, program: Program, now: float) -> Event | None:
        """What is due for a program now, by itself or for a roll."""
        at = self.due_at(program)
        own = deadlines.due(program, now)
        return own or (RollDue() if at is not None and at <= now else None)

    def earliest(self, program: Program) -> float | None:
        """When something will be due for it; None is never."""
        times = (deadlines.earliest(program), self.due_at(program))
        return min((at for at in times if at is not None), default=None)

    def due_at(self, program: Program) -> float | None:
        """When a program has had all its time; None is never."""
        name = program.policy.name
        for roll in self._all:
            if name in roll.current:
                return time_limit(program, roll.current[name], roll.within)
        return None

    def pack(self) -> list[Roll]:
        """As plain values. Requests are left out: whoever asked is answered before."""
        return [replace(roll, requests={}) for roll in self._all]


# --- one of them --------------------------------------------------------------------------------


def review(roll: Roll, programs: Programs, replaced: Iterable[str], now: float) -> list[Effect]:
    """See how those that were restarted are; all is over where one failed, or none is left."""
    told: list[Effect] = []
    for name, before in list(roll.current.items()):
        standing, why = look(programs.get(name), before, roll.within, now)
        if standing is Standing.FAILED and name not in replaced:
            return told + stop(roll, name, why)
        if standing is Standing.READY:
            roll.done[name] = programs[name].incarnation
            told += tell(roll, [name], Outcome.DONE)
        if standing in (Standing.READY, Standing.GONE):
            del roll.current[name]
    for name, since in roll.done.items():
        if why := find_relapse(programs.get(name), since):
            return told + stop(roll, name, why)
    return told


def take_next(roll: Roll, programs: Programs, told: list[Effect]) -> list[str]:
    """Who may be restarted now beside those that are; whoever is stopped stays so."""
    orders: list[str] = []
    while roll.pending and len(roll.current) < roll.width:
        name = roll.pending.pop(0)
        program = programs.get(name)
        if program is None or not program.wanted:
            told += tell(roll, [name], Outcome.NOT_RUNNING)
            continue
        roll.current[name] = program.incarnation
        orders.append(name)
    return orders


def stop(roll: Roll, name: str, why: str) -> list[Effect]:
    """It goes no further: this one failed. Those under way beside it come up, or do not."""
    left = tuple(roll.pending)
    others = [other for other in roll.current if other != name]
    told = tell(roll, [name], Outcome.FAILED, why)
    told += tell(roll, others, Outcome.WAITING, f"under way; no others follow: {why}")
    told += tell(roll, left, Outcome.SPARED, f"{name}: {why}" if name else why)
    done = tuple(other for other in roll.done if other != name)
    roll.pending, roll.current, roll.stopped = [], {}, True
    return [*told, RollOver(name, done, left, why)]


def tell(roll: Roll, names: Iterable[str], outcome: Outcome, text: str = "") -> list[Effect]:
    """The answers to the requests for these programs, each once."""
    owed = [(name, roll.requests.pop(name, 0)) for name in names]
    return [Answer(name, request, outcome, text) for name, request in owed if request]


# --- one program of it --------------------------------------------------------------------------


def look(
    program: Program | None, before: int, within: float | None, now: float
) -> tuple[Standing, str]:
    """How a program is, of which the incarnation `before` was to end; and why it failed."""
    if program is None:
        return Standing.GONE, ""
    limit = time_limit(program, before, within)
    if limit is not None and now >= limit:
        return Standing.FAILED, describe_delay(program)
    if program.incarnation == before:
        return judge_old(program)
    if program.incarnation > before + 1:
        return Standing.FAILED, describe_end(program)
    if program.ready:
        return Standing.READY, ""
    if program.state in (State.STARTING, State.RUNNING):
        return Standing.UNDER_WAY, ""
    return Standing.FAILED, describe_end(program)


def judge_old(program: Program) -> tuple[Standing, str]:
    """The new incarnation has not begun."""
    if program.state in (State.STOPPING, State.WAITING) and program.wanted:
        return Standing.UNDER_WAY, ""
    if not program.wanted:
        return Standing.FAILED, "it was stopped meanwhile"
    return Standing.FAILED, program.reason or f"it is {program.state}, and was not restarted"


def time_limit(program: Program, before: int, within: float | None) -> float | None:
    """When it has had all its time; None: the state itself ends, or another limit holds."""
    if program.state is State.WAITING and program.incarnation == before:
        return program.since + (PATIENCE if within is None else within)
    if program.incarnation != before + 1 or program.ready:
        return None
    if program.state not in (State.STARTING, State.RUNNING):
        return None
    if within is not None:
        return (program.started_at or program.since) + within
    if program.state is State.STARTING:
        return None  # the machine ends a startup that takes too long
    return program.since + readiness_time(program.policy)


def readiness_time(policy: Policy) -> float:
    """Seconds that a program that is RUNNING may take to become ready."""
    probe = policy.probes.get(Role.READINESS)
    if probe is None:
        return PATIENCE
    return max(PATIENCE, probe.delay + probe.period * probe.failure_threshold + probe.timeout)


def find_relapse(program: Program | None, since: int) -> str:
    """Why one that had come up is down again by itself; empty if it is not."""
    if program is None or not program.wanted:
        return ""
    if program.incarnation == since and program.state in (State.RUNNING, State.STOPPING):
        return ""
    return f"it came up, and failed again: {describe_end(program)}"


def describe_delay(program: Program) -> str:
    """What a program that had all its time is doing instead of being ready."""
    what = "RUNNING, but not ready" if program.state is State.RUNNING else str(program.state)
    return f"it is still {what}" + (f": {program.reason}" if program.reason else "")


def describe_end(program: Program) -> str:
    """Why the new incarnation is not there."""
    ended = program.last_exit.detail if program.last_exit is not None else ""
    told = program.reason if program.state not in (State.WAITING, State.STARTING) else ""
    return told or ended or f"it is {program.state}"
