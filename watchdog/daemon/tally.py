"""Counts what happens to each program, for whoever asks later.

It is shown every step and every hand-over, and adds to a few integers; it decides nothing, and
takes no time that a program could notice. An upgrade hands the counts over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import msgspec
from msgspec import Raw

from watchdog.config.model import ProgramConfig
from watchdog.control.backend import ReloadError
from watchdog.control.measures import Counts
from watchdog.core.events import Adopted, Event, Exited, Probed, Spawned, SpawnFailed
from watchdog.core.model import Cause, Hook, State
from watchdog.core.program import Program
from watchdog.daemon.ledger import Handover
from watchdog.daemon.remarks import BY_KERNEL

Observer = Callable[[Program, Event, Program], None]

ALIVE = (State.STARTING, State.RUNNING)
NOT_AUTOMATIC = (Cause.RESTART, Cause.LEASE, Cause.SCHEDULE, Cause.AGE)
"""Causes of a new process that are no restart by the policy."""


class Tally:
    """The counts of all programs, and what became of the latest reload."""

    def __init__(self, config_of: Callable[[str], ProgramConfig]) -> None:
        self._config_of = config_of
        self.counts: dict[str, Counts] = {}
        self.reloaded_well = True
        self.reloaded_at = time.time()

    def of(self, name: str) -> Counts:
        """The counts of a program."""
        counts = self.counts.get(name)
        if counts is None:
            counts = self.counts[name] = Counts()
        return counts

    def beside(self, observe: Observer) -> Observer:
        """An observer that is told what this one counts."""

        def both(before: Program, event: Event, after: Program) -> None:
            self.observe(before, event, after)
            observe(before, event, after)

        return both

    def observe(self, before: Program, event: Event, after: Program) -> None:
        """One step was taken (the fleet's observer calls this)."""
        name = after.policy.name
        if isinstance(event, Probed):
            self._note_probe(name, event)
        elif isinstance(event, Adopted):
            self.of(name).adoptions += 1
        elif isinstance(event, Spawned) and before.spawning:  # it may be said twice
            self.of(name).spawns += 1
        elif isinstance(event, Exited) and before.state in ALIVE:
            self._note_exit(name, event, after)
        if after.cause is Cause.HANG is not before.cause:
            self.of(name).hangs += 1
        if (cause := cause_of_restart(before, event, after)) is not None:
            self.of(name).note_restart(cause)

    def note_handover(self, handover: Handover) -> None:
        """One process, or one watchdog, followed another."""
        counts = self.of(handover.program)
        counts.handovers += 1
        counts.gap_seconds += handover.gap_seconds or 0.0
        counts.double_seconds += handover.double_seconds or 0.0
        counts.unproved += handover.double_seconds is None

    @contextmanager
    def reloading(self, announce: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Around every attempt to read the configuration again, with who else is told of it."""
        try:
            with announce():
                yield
        except ReloadError:
            self.reloaded_well = False
            raise
        self.reloaded_well, self.reloaded_at = True, time.time()

    def keep_only(self, names: frozenset[str]) -> None:
        """Forget the programs that are not configured any more."""
        self.counts = {name: counts for name, counts in self.counts.items() if name in names}

    def pack(self) -> dict[str, Raw]:
        """The counts, for another version."""
        encode = msgspec.msgpack.encode
        return {name: Raw(encode(counts)) for name, counts in self.counts.items()}

    def unpack(self, raws: dict[str, Raw]) -> None:
        """Go on counting where another version ended, as far as it can be read."""
        for name, raw in raws.items():
            try:
                self.counts[name] = msgspec.msgpack.decode(raw, type=Counts)
            except msgspec.DecodeError:  # another version's idea of counts
                continue

    def _note_probe(self, name: str, event: Probed) -> None:
        target = self._config_of(name).probes.get(event.role)
        kind = target.kind if target is not None else "none"
        self.of(name).note_probe(event.role.value, kind, event.latency, event.ok)

    def _note_exit(self, name: str, event: Exited, after: Program) -> None:
        counts, exit = self.of(name), event.exit
        counts.crashes += exit.code not in after.policy.exit_codes.success
        counts.oom_kills += exit.detail.endswith(BY_KERNEL)


def cause_of_restart(before: Program, event: Event, after: Program) -> str | None:
    """Why the program comes back in this step; None if it does not."""
    if after.restarts == before.restarts + 1:
        cause = after.cause or before.cause
        return str(cause or (Cause.SPAWN if isinstance(event, SpawnFailed) else Cause.CRASH))
    begins = after.incarnation == before.incarnation + 1 and is_coming_up(after)
    return str(before.cause) if begins and before.cause in NOT_AUTOMATIC else None


def is_coming_up(program: Program) -> bool:
    """Whether its process is being spawned, or the hook before that runs."""
    return program.spawning or program.hook is Hook.PRE_START
