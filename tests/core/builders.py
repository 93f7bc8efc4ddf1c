"""Small builders, so that a test says only what it is about."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from watchdog.core.effects import Effect
from watchdog.core.events import Event, Exited, Spawned, Start, TreeEmpty
from watchdog.core.machine import step
from watchdog.core.model import Exit, Moment, Policy, ProbePolicy, RestartPolicy, Role, StopPolicy
from watchdog.core.program import Program

GRACE = 10.0


def policy(**changes: Any) -> Policy:
    """A policy without jitter; a program named "a" that is RUNNING as soon as it is spawned."""
    plain = Policy(
        "a",
        restart=RestartPolicy(jitter=0.0),
        stop=StopPolicy(grace=GRACE),
        start_seconds=0.0,
    )
    return replace(plain, **changes)


def probed(role: Role = Role.LIVENESS, **changes: Any) -> Policy:
    """The same, with one probe: every second, three failures make a verdict."""
    probe = replace(ProbePolicy(period=1.0, timeout=0.5, failure_threshold=3), **changes)
    return policy(probes={role: probe})


class Run:
    """A program that is driven by hand. `effects` are those of the last event."""

    def __init__(self, of: Policy, now: float = 0.0) -> None:
        self.program = Program(of)
        self.now = now
        self.effects: list[Effect] = []

    def tell(self, *events: Event, after: float = 0.0, chance: float = 0.5) -> list[Effect]:
        """Let time pass, then let events happen."""
        self.now += after
        self.effects = []
        for event in events:
            self.program, effects = step(self.program, event, Moment(self.now, chance))
            self.effects += effects
        return self.effects

    def up(self) -> Run:
        """Started, and spawned."""
        self.tell(Start(0))
        self.tell(Spawned(self.incarnation, 100))
        return self

    def crash(self, code: int | None = 1, after: float = 0.0) -> list[Effect]:
        """The process ends with a code, and nothing is left of it."""
        incarnation = self.incarnation
        return self.tell(Exited(incarnation, Exit(code)), TreeEmpty(incarnation), after=after)

    def wants(self, kind: type[Effect]) -> list[Any]:
        """The last effects of a kind."""
        return [effect for effect in self.effects if isinstance(effect, kind)]

    @property
    def incarnation(self) -> int:
        """The present one."""
        return self.program.incarnation

    @property
    def state(self) -> str:
        """Where it stands."""
        return str(self.program.state)
