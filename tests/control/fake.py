"""A daemon without processes: an in-memory `Backend`, behind a real server on a real socket.

What it does with requests is what the real one promises: it waits, keeps to one answer for each
program, and changes the state that the views show.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from watchdog.config.adhoc import build_adhoc
from watchdog.config.groups import GroupChanges
from watchdog.control.access import Credentials
from watchdog.control.backend import (
    Action,
    Configured,
    ProgramView,
    Reloaded,
    ReloadError,
    Result,
    Stream,
    WatchdogView,
)
from watchdog.control.measures import Counts, Measured, Measures, Resources
from watchdog.control.server import ControlServer
from watchdog.core.model import Health, Outcome, State
from watchdog.logs import tail

BORN = 1_700_000_000.0


def view(name: str, state: State = State.RUNNING, **fields: Any) -> ProgramView:
    """A program; one that is up has a pid and has been up for ten seconds."""
    up = state in (State.RUNNING, State.STARTING)
    defaults: dict[str, Any] = {
        "group": name,
        "health": Health.HEALTHY if state is State.RUNNING else Health.UNKNOWN,
        "reason": "",
        "pid": 4711 if up else None,
        "incarnation": int(up),
        "uptime_seconds": 10.0 if up else None,
        "restarts": 0,
        "singleton": None,
        "lease": None,
        "last_exit": None,
        "last_incident": None,
        "started_at": time.time() - 10 if up else None,
        "stopped_at": None,
        "retry_at": None,
        "status": "",
        "stdout_log": f"/logs/{name}.log",
        "stderr_log": "",
        "autostart": True,
        "priority": 999,
    }
    return ProgramView(name=name, state=state, **(defaults | fields))


class FakeBackend:
    """The daemon's side of the control API, in memory."""

    def __init__(self, directory: Path, *views: ProgramView) -> None:
        self.directory = directory
        self.views = {view.name: view for view in views}
        self.state = "RUNNING"
        self.delay = 0.0  # seconds that a request takes
        self.failing: dict[str, str] = {}  # programs that cannot be started, and why
        self.barred: dict[str, str] = {}  # programs that have to wait, and for what
        self.signals: list[tuple[str, str]] = []
        self.reload_error = ""
        self.requests: list[tuple[str, tuple[str, ...]]] = []
        self.broken = False

    def watchdog(self) -> WatchdogView:
        return WatchdogView(os.getpid(), "0.1.0", self.state, 12.5, "watchdog")

    def programs(self) -> list[ProgramView]:
        if self.broken:
            raise RuntimeError("a secret detail")
        return list(self.views.values())

    async def measure(self) -> Measures:
        counts = Counts(spawns=1)
        counts.note_probe("liveness", "http", 0.004, True)
        counts.note_probe("liveness", "http", 99.0, False)
        some = Resources(1.5, 4096, 1, 3)
        programs = [Measured(view, counts, some, {"stdout": 7}) for view in self.programs()]
        return Measures(self.watchdog(), "3.11.0", BORN, True, BORN, some, programs)

    async def request(self, action: Action, names: Sequence[str]) -> list[Result]:
        self.requests.append((action, tuple(names)))
        await asyncio.sleep(self.delay)
        return [self._do(action, name) for name in names]

    def _do(self, action: Action, name: str) -> Result:
        state = self.views[name].state
        if action == "stop":
            if state is State.STOPPED:
                return Result(name, Outcome.NOT_RUNNING, "")
            now = time.time()
            self._set(name, State.STOPPED, pid=None, stopped_at=now, uptime_seconds=None)
            return Result(name, Outcome.DONE, "")
        if action == "start" and state is State.RUNNING:
            return Result(name, Outcome.ALREADY_STARTED, "")
        return self._start(name)

    def _start(self, name: str) -> Result:
        if reason := self.failing.get(name):
            last = {"code": None, "signal": None, "text": reason, "at": time.time()}
            self._set(name, State.FATAL, reason=reason, last_exit=last)
            return Result(name, Outcome.FAILED, reason)
        if reason := self.barred.get(name):
            self._set(name, State.WAITING, reason=reason)
            return Result(name, Outcome.WAITING, reason)
        self._set(name, State.RUNNING, pid=4712, started_at=time.time(), uptime_seconds=0.0)
        return Result(name, Outcome.DONE, "")

    def _set(self, name: str, state: State, **changes: Any) -> None:
        self.views[name] = replace(self.views[name], state=state, **changes)

    def with_dependents(self, names: Sequence[str]) -> list[str]:
        return list(names)

    async def signal(self, name: str, signal: str) -> Result:
        if self.views[name].state is not State.RUNNING:
            return Result(name, Outcome.NOT_RUNNING, "")
        self.signals.append((name, signal))
        return Result(name, Outcome.DONE, "")

    async def reload(self) -> Reloaded:
        if self.reload_error:
            raise ReloadError(self.reload_error)
        return Reloaded(added=("new",), retuned=("bot",), notes=("http changes at a restart",))

    def reread(self) -> GroupChanges:
        if self.reload_error:
            raise ReloadError(self.reload_error)
        return GroupChanges(added=("new",))

    def configured(self) -> list[Configured]:
        config = build_adhoc(["true"], {"priority": 999})
        program = config.programs[0]
        return [Configured(replace(program, name=name), True) for name in self.views]

    def flaw(self, name: str) -> None:
        return None

    def shutdown(self) -> None:
        self.state = "SHUTDOWN"

    def log_path(self, name: str, stream: Stream) -> str | None:
        return str(self.directory / f"{name}.{stream}")

    def journal_path(self) -> str:
        return str(self.directory / "journal.jsonl")

    def main_log_path(self) -> str | None:
        return str(self.directory / "main.log")


class FakeDaemon:
    """The backend behind a server, on a loop in a thread of its own."""

    def __init__(
        self,
        path: Path,
        backend: FakeBackend,
        tcp: tuple[str, int] | None = None,
        credentials: Credentials | None = None,
    ) -> None:
        self.path = path
        self.backend = backend
        self.reports: list[str] = []
        self.server = ControlServer(backend, tail, self._report)
        self.tcp = tcp
        self.credentials = credentials
        self.loop = asyncio.new_event_loop()

    def _report(self, where: str, error: Exception) -> None:
        self.reports.append(f"{where}: {error!r}")

    async def _open(self) -> None:
        await self.server.open_unix(self.path)
        if self.tcp is not None:
            await self.server.open_tcp(*self.tcp, self.credentials)

    @contextlib.contextmanager
    def running(self) -> Iterator[FakeDaemon]:
        thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        thread.start()
        try:
            self.run(self._open())
            yield self
            self.run(self.server.close())
        finally:
            self.loop.call_soon_threadsafe(self.loop.stop)
            thread.join(10)
            self.loop.close()

    def run(self, work: Any) -> Any:
        """Do something on the daemon's loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)
