"""Looks closely at one program, when somebody watches it: its probes, processes, environment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import asdict

from watchdog.incidents.examination import outline
from watchdog.incidents.recorder import Recorder

MOST_PROCESSES = 200  # of a tree: a fork bomb must not fill an answer

HARMLESS = frozenset(
    {
        "HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "PWD", "PYTHONHASHSEED", "PYTHONPATH",
        "PYTHONUNBUFFERED", "SHELL", "SUPERVISOR_ENABLED", "SUPERVISOR_GROUP_NAME",
        "SUPERVISOR_PROCESS_NAME", "SUPERVISOR_SERVER_URL", "TERM", "TZ", "USER", "VIRTUAL_ENV",
        "WATCHDOG_PROGRAM", "XDG_RUNTIME_DIR",
    }
)  # fmt: skip
"""Variables whose values say nothing secret. All others are named only."""


class Observer:
    """Answers from what the recorder remembers and what the kernel tells."""

    def __init__(
        self,
        recorder: Recorder,
        members: Callable[[str], list[int]],
        environment: Callable[[str], dict[str, str]],
        redact: Callable[[str], str],
    ) -> None:
        self._recorder = recorder
        self._members = members
        self._environment = environment
        self._redact = redact

    def probes_since(self, at: float) -> dict[str, list[tuple[float, str, bool, float]]]:
        """What came back after `at` (Unix seconds), by program: at, role, ok, seconds."""
        return {
            name: [(r.at, r.role, r.ok, round(r.latency, 6)) for r in results if r.at > at]
            for name, results in self._recorder.results.items()
        }

    def probes(self, program: str) -> list[dict[str, Any]]:
        """The last of one program, oldest first."""
        results = self._recorder.results.get(program, ())
        return [asdict(result) | {"text": self._redact(result.text)} for result in results]

    def processes(self, program: str) -> list[dict[str, Any]]:
        """Every process of its tree, secrets struck out of the commands."""
        seen = [outline(pid) for pid in self._members(program)[:MOST_PROCESSES]]
        return [one | {"command": self._redact(one["command"])} for one in seen]

    def environment(self, program: str) -> dict[str, str | None]:
        """Its variables; None stands for a value that is not shown."""
        found = self._environment(program)
        return {name: self._show(name, found[name]) for name in sorted(found)}

    def _show(self, name: str, value: str) -> str | None:
        return self._redact(value) if name in HARMLESS or name.startswith("LC_") else None
