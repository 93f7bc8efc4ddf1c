"""The way from the daemon to its alerts. Without [alerts] it costs next to nothing: what they need
is loaded where they are configured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from watchdog.config import Config
from watchdog.core.events import Probed
from watchdog.core.fleet import Fleet
from watchdog.core.program import Program
from watchdog.daemon.signs import Signs
from watchdog.incidents.recorder import Recorder


class Herald(Protocol):
    """Is told what happens."""

    def observe(self, before: Program, after: Program) -> None:
        """One step of a program."""

    def probed(self, name: str, event: Probed) -> None:
        """A probe came back."""

    def journaled(self, event: str, fields: dict[str, Any]) -> None:
        """A line went into the journal."""

    def begin(self, anew: bool) -> None:
        """The watchdog is up; `anew`: it is no later version of one that was."""

    def end(self) -> None:
        """The watchdog ends, as it should."""

    def close(self) -> None:
        """The watchdog ends, whatever the reason."""


class Silence:
    """Nobody is to be told anything."""

    def observe(self, before: Program, after: Program) -> None: ...

    def probed(self, name: str, event: Probed) -> None: ...

    def journaled(self, event: str, fields: dict[str, Any]) -> None: ...

    def begin(self, anew: bool) -> None: ...

    def end(self) -> None: ...

    def close(self) -> None: ...


class Sources(NamedTuple):
    """What alerts are made of, beside the steps of programs."""

    fleet: Fleet
    incident_of: Callable[[str], str | None]  # the latest of a program
    is_rehearsed: Callable[[str], bool]  # whether it is in a drill
    redact: Callable[[str], str]
    say: Callable[[str], None]
    last_sign: float | None  # of an earlier watchdog, in Unix seconds


def make_herald(
    config: Config,
    fleet: Fleet,
    recorder: Recorder,
    signs: Signs,
    redact: Callable[[str], str],
    say: Callable[[str], None],
) -> Herald:
    """Who tells, if anybody is to be told. Needs a running loop."""
    if config.alerts is None or not config.alerts.urls:
        return Silence()
    from watchdog.daemon.crier import Crier  # only where it is configured

    latest, rehearsed = recorder.latest.get, recorder.rehearsed
    sources = Sources(fleet, latest, lambda name: name in rehearsed, redact, say, signs.of_watchdog)
    return Crier(config.alerts, config.state, sources)
