"""Restarts that come due by the clock on the wall (`restart_at`).

A timer exists only while a program that is up has a schedule: one, for the next time of all. It is
looked at again after an hour at the latest, as the clock may have been moved or the machine have
slept; what came due meanwhile is late then, not lost. What fell into a time without a watchdog is.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping

from watchdog.config import ProgramConfig
from watchdog.core.events import Event, Recycle
from watchdog.core.model import State
from watchdog.core.program import Program

NAP = 3600.0
"""Seconds: the longest sleep before the clock is looked at again."""


class Schedules:
    """Says when it is time. What becomes of that is the core's business."""

    def __init__(
        self,
        configs: Mapping[str, ProgramConfig],
        programs: Callable[[], Mapping[str, Program]],
        post: Callable[[str, Event], None],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._configs = configs
        self._programs = programs
        self._post = post
        self._now = now  # Unix seconds
        self._due: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, before: Program, after: Program) -> None:
        """The fleet's observer calls this: it came up, it ended, or a reload changed it."""
        name = after.policy.name
        config = self._configs.get(name)
        moved = before.state is not after.state or before.policy is not after.policy
        if moved and (name in self._due or (config is not None and config.restart_at)):
            self._plan(name, after, config)

    def disarm(self) -> None:
        """Nothing comes due any more."""
        self._due = {}
        self._arm()

    # --- inside

    def _plan(self, name: str, program: Program, config: ProgramConfig | None) -> None:
        self._due.pop(name, None)
        if program.state is State.RUNNING and config is not None and config.restart_at:
            from watchdog.daemon.occurrences import next_time, zone_of

            zone = zone_of(config.restart_at_zone)
            self._due[name] = next_time(config.restart_at, zone, self._now())
        self._arm()

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._due:
            delay = min(self._due.values()) - self._now()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, min(delay, NAP)), self._wake)

    def _wake(self) -> None:
        """What is due is told; for all others the time is looked up again."""
        self._timer = None
        now, programs = self._now(), self._programs()
        for name, at in sorted(self._due.items()):
            program, config = programs.get(name), self._configs.get(name)
            if program is None or config is None:
                self._due.pop(name, None)
            elif at <= now:
                self._due.pop(name, None)
                reason = f'its schedule says so (restart_at = "{config.restart_at}")'
                self._post(name, Recycle(program.incarnation, reason))
            else:
                self._plan(name, program, config)
        self._arm()
