"""The way from the daemon to its event listeners. While there are none it costs next to nothing:
what they need is loaded when the first one is configured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from watchdog.config.model import LogsConfig, ProgramConfig
from watchdog.core.program import Program

if TYPE_CHECKING:
    from watchdog.daemon.announcer import Announcer
    from watchdog.listeners.pipes import ChildEnds
    from watchdog.listeners.tap import Tap


class Sources(NamedTuple):
    """What the events are made of, beside the steps of programs."""

    is_leaving: Callable[[], bool]
    server: Callable[[], str]  # how we are called
    redact: Callable[[bytes], bytes]
    say: Callable[[str], None]


class Audience:
    """Everything that listeners might want to know passes here."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._announcer: Announcer | None = None
        self._teams: dict[str, str] = {}  # the group of each program
        self._tapped: dict[str, LogsConfig] = {}  # programs whose output is listened to

    def take(self, config: ProgramConfig) -> None:
        """A program, new or configured anew."""
        self._note_output(config.name, config.logs)
        if config.listener is not None:
            self._begin().take(config.name, config.listener)
        is_new = config.team not in self._teams.values()
        self._teams[config.name] = config.team
        if is_new:
            self._publish("PROCESS_GROUP_ADDED", f"groupname:{config.team}\n")

    def forget(self, name: str) -> None:
        """A program left; a listener hears nothing any more."""
        team = self._teams.pop(name, None)
        self._tapped.pop(name, None)
        if self._announcer is not None:
            self._announcer.forget(name)
        if team is not None and team not in self._teams.values():
            self._publish("PROCESS_GROUP_REMOVED", f"groupname:{team}\n")

    def open(self, config: ProgramConfig) -> ChildEnds | None:
        """The stdin and stdout of a new process, if it is a listener's. Raises OSError."""
        return None if config.listener is None else self._begin().open(config.name)

    def has_lost(self, config: ProgramConfig) -> bool:
        """Whether a process that we did not start is a listener to which we have no pipes."""
        return config.listener is not None and not self._begin().has_pipes(config.name)

    def observe(self, before: Program, after: Program) -> None:
        """A program took a step."""
        if self._announcer is not None:
            self._announcer.observe(before, after)

    def greet(self) -> None:
        """The watchdog begins its work."""
        self._publish("SUPERVISOR_STATE_CHANGE_RUNNING", "")

    def remote(self, kind: str, data: str) -> None:
        """A client has something to tell the listeners."""
        self._publish("REMOTE_COMMUNICATION", f"type:{kind}\n{data}")

    def tap(self, name: str, stream: str) -> Tap | None:
        """Who looks at an output stream for listeners; None if nobody need."""
        logs = self._tapped.get(name)
        if logs is None:
            return None
        from watchdog.listeners.tap import Tap  # only where it is configured

        tells, capture = wishes(logs)[stream]
        return Tap(lambda kind, data: self._output(name, kind, stream, data), tells, capture)

    def keep(self) -> tuple[bytes, dict[str, tuple[int, int]]]:
        """What a later version goes on with, and the descriptors of the listeners' pipes."""
        return (b"", {}) if self._announcer is None else self._announcer.keep()

    def resume(self, data: bytes, pipes: dict[str, tuple[int, int]]) -> None:
        """Go on where another version was."""
        if data:
            self._begin().resume(data, pipes)

    def close(self) -> None:
        """No more events."""
        if self._announcer is not None:
            self._announcer.close()

    def _note_output(self, name: str, logs: LogsConfig) -> None:
        if any(tells or capture for tells, capture in wishes(logs).values()):
            self._tapped[name] = logs
        else:
            self._tapped.pop(name, None)

    def _begin(self) -> Announcer:
        """There is a listener: from now on somebody must know all that they may be told."""
        if self._announcer is None:
            from watchdog.daemon.announcer import Announcer  # only where there are listeners

            self._announcer = Announcer(
                self._sources.is_leaving,
                lambda name: self._teams.get(name, name),
                self._sources.server,
                self._sources.say,
            )
        return self._announcer

    def _publish(self, event: str, payload: str) -> None:
        if self._announcer is not None:
            self._announcer.publish(event, payload)

    def _output(self, name: str, kind: str, stream: str, data: bytes) -> None:
        if self._announcer is not None:
            self._announcer.output(name, kind, stream, self._sources.redact(data))


def wishes(logs: LogsConfig) -> dict[str, tuple[bool, int]]:
    """For each stream whether listeners are told its lines, and how long a message may be."""
    return {
        "stdout": (logs.stdout_events, logs.stdout_capture),
        "stderr": (logs.stderr_events, logs.stderr_capture),
    }
