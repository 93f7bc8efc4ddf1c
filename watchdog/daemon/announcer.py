"""Tells the event listeners what happens, in supervisor's words. Loaded only if there are any."""

from __future__ import annotations

import time
from collections.abc import Callable

from watchdog.config.model import ListenerConfig
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.listeners.listeners import Listeners, pack, unpack
from watchdog.listeners.pipes import ChildEnds
from watchdog.listeners.ticks import Ticks
from watchdog.listeners.translation import Told, first_told, translate


class Announcer:
    """Turns what the daemon sees into events."""

    def __init__(
        self,
        is_leaving: Callable[[], bool],
        team_of: Callable[[str], str],
        server: Callable[[], str],
        say: Callable[[str], None],
    ) -> None:
        self._is_leaving = is_leaving
        self._said_leaving = False
        self._team_of = team_of
        self._listeners = Listeners(server, say)
        self._ticks = Ticks(self._listeners.publish, self._listeners.wants, time.time)
        self._told: dict[str, Told] = {}  # by program
        self._members: set[str] = set()  # programs that are listeners

    # --- who listens

    def take(self, name: str, config: ListenerConfig) -> None:
        """A listener, new or configured anew."""
        self._members.add(name)
        self._listeners.configure(name, config)
        self._ticks.arm()

    def forget(self, name: str) -> None:
        """The program is gone."""
        self._told.pop(name, None)
        if name in self._members:
            self._members.discard(name)
            self._listeners.forget(name)
            self._ticks.arm()

    def open(self, name: str) -> ChildEnds:
        """The stdin and stdout of a listener's new process. Raises OSError."""
        return self._listeners.open(name)

    # --- what happens

    def publish(self, event: str, payload: str) -> None:
        """Anything."""
        self._listeners.publish(event, payload)

    def output(self, name: str, kind: str, stream: str, data: bytes) -> None:
        """A program wrote a line ("LOG") or a message ("COMMUNICATION")."""
        event = f"PROCESS_{kind}_{stream.upper()}"
        if not self._listeners.wants(event):
            return
        told = self._told.get(name) or Told()
        channel = f" channel:{stream}" if kind == "LOG" else ""
        whose = f"processname:{process_of(name)} groupname:{self._team_of(name)}"
        head = f"{whose} pid:{told.pid}{channel}"
        self._listeners.publish(event, f"{head}\n{decode(data)}")

    def observe(self, before: Program, after: Program) -> None:
        """A program took a step."""
        if self._is_leaving() and not self._said_leaving:
            self._said_leaving = True
            self._listeners.publish("SUPERVISOR_STATE_CHANGE_STOPPING", "")
        name = after.policy.name
        if name in self._members:
            self._follow(name, before, after)
        told = self._told.get(name)
        if told is None:
            told = self._told[name] = first_told(before)
        for step in translate(told, before, after):
            self._listeners.publish(step.event, step.payload(process_of(name), self._team_of(name)))

    def _follow(self, name: str, before: Program, after: Program) -> None:
        """A listener gets events only while it is RUNNING."""
        if before.state is not after.state:
            self._listeners.set_up(name, after.state is State.RUNNING)
        if before.pid is not None and after.pid is None:
            self._listeners.end(name)

    # --- an upgrade

    def keep(self) -> tuple[bytes, dict[str, tuple[int, int]]]:
        """What a later version goes on with, and the descriptors of the listeners' pipes."""
        kept, pipes = self._listeners.keep()
        kept.told = self._told
        return pack(kept), pipes

    def resume(self, data: bytes, pipes: dict[str, tuple[int, int]]) -> None:
        """Go on with it."""
        kept = unpack(data)
        self._told = kept.told
        self._listeners.resume(kept, pipes)

    def has_pipes(self, name: str) -> bool:
        """Whether we can talk to the process of this listener."""
        return self._listeners.has_pipes(name)

    def close(self) -> None:
        """No more events."""
        self._ticks.close()
        self._listeners.close()


def process_of(name: str) -> str:
    """What a program is called within its group."""
    return name.rpartition(":")[2]


def decode(data: bytes) -> str:
    """As text; what is none is shown as supervisor shows it."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return f"Undecodable: {data!r}"
