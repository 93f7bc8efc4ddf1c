"""What is shown of a program: the core's knowledge, labelled with wall-clock times for people."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from watchdog.config.model import ProgramConfig
from watchdog.control.backend import ProgramView
from watchdog.core import ordering
from watchdog.core.fleet import Fleet
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.daemon.clock import wall_time
from watchdog.daemon.story import exit_fields, reason_of

ALIVE = (State.STARTING, State.RUNNING, State.STOPPING)


class Views:
    """Makes views; remembers what the core has no use for: when a process ended."""

    def __init__(
        self,
        fleet: Fleet,
        configs: Mapping[str, ProgramConfig],
        redact: Callable[[str], str],
        main_log: str,
        journal: str,
        latest_incident: Callable[[str], str | None],
        last_gap: Callable[[str], str],
    ) -> None:
        self._fleet = fleet
        self._configs = configs
        self._redact = redact
        self.ended: dict[str, float] = {}  # Unix seconds
        self.main_log = main_log
        self.journal = journal
        self._latest_incident = latest_incident
        self._last_gap = last_gap

    def note(self, before: Program, after: Program) -> None:
        """Remember when the last process of this program ended."""
        if after.last_exit is not before.last_exit:
            self.ended[after.policy.name] = time.time()

    def of_all(self) -> list[ProgramView]:
        """Every program, in start order."""
        policies = {name: program.policy for name, program in self._fleet.programs.items()}
        names = together(ordering.start_order(policies), self._configs)
        return [self.of(name) for name in names]

    def of(self, name: str) -> ProgramView:
        """One program."""
        program, config = self._fleet.programs[name], self._configs[name]
        alive = program.state in ALIVE and program.started_at is not None
        return ProgramView(
            name=name,
            group=config.team,
            state=program.state,
            health=program.health,
            reason=self._redact(reason_of(program)),
            pid=program.pid,
            incarnation=program.incarnation,
            uptime_seconds=uptime(program) if alive else None,
            restarts=program.restarts,
            singleton=config.singleton.key if config.singleton else None,
            lease=None,
            last_exit=self._last_exit(program),
            last_incident=self._latest_incident(name),
            started_at=in_wall_time(program.started_at),
            stopped_at=self.ended.get(name),
            retry_at=in_wall_time(program.retry_at),
            status=self._redact(program.status),
            stdout_log=self.log_path(name, "stdout") or "",
            stderr_log=self.log_path(name, "stderr") or "",
            autostart=config.autostart,
            priority=program.policy.priority,
            cause=program.cause or "",
            start_seconds=program.policy.start_seconds,
            success=program.policy.exit_codes.success,
            group_priority=program.policy.group_priority,
            last_gap=self._last_gap(name),
        )

    def config(self, name: str) -> ProgramConfig:
        """How a program is configured."""
        return self._configs[name]

    def log_path(self, name: str, stream: str) -> str | None:
        """Where captured output is; None if the stream goes elsewhere."""
        logs = self._configs[name].logs
        path = logs.path if stream == "stdout" else logs.stderr_path
        return str(path) if path else None

    def _last_exit(self, program: Program) -> dict[str, Any] | None:
        if program.last_exit is None:
            return None
        fields = exit_fields(program.last_exit)
        text = self._redact(program.last_exit.detail)
        return {**fields, "text": text, "at": self.ended.get(program.policy.name)}


def together(names: list[str], configs: Mapping[str, ProgramConfig]) -> list[str]:
    """The names in the same order, but instances by their number where the first of them stands."""
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        first.setdefault(configs[name].written, place)

    def rank(name: str) -> tuple[int, int]:
        config = configs[name]
        return first[config.written], config.instance.number if config.instance else 0

    return sorted(names, key=rank)


def uptime(program: Program) -> float:
    """Seconds since this incarnation was spawned."""
    return time.monotonic() - (program.started_at or 0.0)


def in_wall_time(at: float | None) -> float | None:
    """A time of the monotonic clock as Unix seconds."""
    return None if at is None else wall_time(at)
