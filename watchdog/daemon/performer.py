"""Performs the effects of the core on the adapters. It decides nothing: one effect, one call.

The only thing that it puts together is a spawn, for which four adapters must each give something:
the output's descriptors, the lock's, the notify socket, and the process itself.
"""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from watchdog.core.effects import (
    Acquire,
    Answer,
    Effect,
    EndHook,
    Examine,
    Finish,
    Kill,
    Probe,
    Release,
    Remove,
    RollOver,
    RunHook,
    Signal,
    Spawn,
    StopProbing,
)
from watchdog.core.model import Need
from watchdog.daemon.crew import Adapters, Crew


class Callbacks(Struct, frozen=True):
    """Who is told of the effects that are for no adapter."""

    answered: Callable[[Answer], None]
    examine: Callable[[Examine], None]
    run_hook: Callable[[RunHook], None]
    end_hook: Callable[[EndHook], None]
    rolled: Callable[[RollOver], None]
    removed: Callable[[str], None]
    finished: Callable[[int], None]


class Performer:
    """Hands each effect to the adapter that can do it."""

    def __init__(self, crew: Crew, adapters: Adapters, callbacks: Callbacks) -> None:
        self._crew = crew
        self._processes = adapters.processes
        self._locks = adapters.locks
        self._probes = adapters.probes
        self._callbacks = callbacks

    def perform(self, effect: Effect) -> None:
        """Do it; whatever comes of it comes as an event."""
        match effect:
            case Acquire(program, Need.LOCK, claim):
                self._acquire(program, claim)
            case Release(program, Need.LOCK):
                self._locks.release(program)
            case Spawn(program, incarnation):
                self._crew.launch(program, incarnation)
            case Signal(program, incarnation, signal, group):
                self._processes.signal(program, incarnation, signal, group)
            case Kill(program, incarnation):
                self._processes.kill(program, incarnation)
            case Probe(program, incarnation, role, timeout):
                self._probes.probe(program, incarnation, role, timeout)
            case StopProbing(program, incarnation):
                self._probes.stop(program, incarnation)
            case Examine():
                self._callbacks.examine(effect)
            case RunHook():
                self._callbacks.run_hook(effect)
            case EndHook():
                self._callbacks.end_hook(effect)
            case Answer():
                self._callbacks.answered(effect)
            case RollOver():
                self._callbacks.rolled(effect)
            case Remove(program):
                self._callbacks.removed(program)
            case Finish(_, code):
                self._callbacks.finished(code)

    def _acquire(self, program: str, claim: int) -> None:
        config = self._crew.configs[program]
        if config.singleton is not None:
            waits = config.when_held == "wait"
            self._locks.acquire(program, config.singleton.key, waits, claim)
