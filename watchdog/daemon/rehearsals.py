"""Drills that come due by themselves, and who takes part in drills.

A timer exists only while some program has a schedule. What a drill does is the client's business:
it is started as a short process that talks to our own socket, as a person's would. When each was
held last stands in `<state>/drills.json`, and counts from the first sight of a schedule on.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import msgspec

from watchdog.config import Config, ProgramConfig
from watchdog.control.backend import Drills
from watchdog.daemon.console import Console
from watchdog.daemon.journal import Journal

if TYPE_CHECKING:
    from watchdog.daemon.assembly import Parts

NAP = 3600.0
"""Seconds: the longest sleep before the clock is looked at again, as it may have been moved."""

PASSWORD = "WATCHDOG_PASSWORD"  # as the command line has it
SCHEDULE = "its schedule"
PATIENCE = 120.0  # seconds that a program has to be well, if it is not when its drill is due
LONGEST = 64 * 1024  # bytes of what a drill prints


class Rehearsals:
    """Holds what is due, one drill after another."""

    def __init__(
        self,
        config: Config,
        configs: Mapping[str, ProgramConfig],
        journal: Journal,
        console: Console,
    ) -> None:
        self._config = config
        self._configs = configs
        self._journal = journal
        self._console = console
        self._notes = config.state / "drills.json"
        self._timer: asyncio.TimerHandle | None = None
        self._round: asyncio.Task[None] | None = None
        self._due: dict[str, float] = {}

    def arm(self) -> None:
        """Wake up when the next drill is due, if any program has a schedule."""
        self.disarm()
        if self._round is not None or not self._scheduled():
            return
        self._due = self._find_due()
        delay = min(self._due.values()) - time.time()
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(max(0.0, min(delay, NAP)), self._wake)

    def disarm(self) -> None:
        """No drill comes due by itself any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    @contextlib.contextmanager
    def reloading(self, announce: Callable[[], AbstractContextManager[None]]) -> Iterator[None]:
        """Around every attempt to read the configuration again: there may be other schedules."""
        with announce():
            yield
        self.arm()

    # --- inside

    def _scheduled(self) -> dict[str, ProgramConfig]:
        return {n: one for n, one in self._configs.items() if one.drill.every is not None}

    def _find_due(self) -> dict[str, float]:
        """When each drill is due, in Unix seconds."""
        from datetime import datetime  # only where there is a schedule

        from watchdog.daemon.due import next_due, wait_for

        noted, now = self._read(), datetime.now()
        self._write(noted)
        due: dict[str, float] = {}
        for name, program in self._scheduled().items():
            every, at = program.drill.every or 0.0, program.drill.at
            then = next_due(datetime.fromtimestamp(noted[name]), every, at)
            due[name] = wait_for(then, now, at).timestamp()
        return due

    def _read(self) -> dict[str, float]:
        """When each was held last; a schedule that is new begins now."""
        noted: dict[str, float] = {}
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            noted = msgspec.json.decode(self._notes.read_bytes(), type=dict[str, float])
        return {name: min(noted.get(name, time.time()), time.time()) for name in self._scheduled()}

    def _write(self, noted: dict[str, float]) -> None:
        draft = self._notes.with_suffix(".new")
        try:
            draft.write_bytes(msgspec.json.encode(noted))
            draft.replace(self._notes)
        except OSError as error:
            self._console.say(f"{self._notes} cannot be written: {error.strerror or error}")

    def _wake(self) -> None:
        now = time.time()
        due = [name for name, at in self._due.items() if at <= now]
        if not due:
            return self.arm()
        self._round = asyncio.get_running_loop().create_task(self._hold_all(due))
        return None

    async def _hold_all(self, names: list[str]) -> None:
        try:
            for name in names:
                self._write({**self._read(), name: time.time()})
                if name in self._scheduled():
                    await self._hold(name, self._configs[name].drill.only)
        finally:
            self._round = None
            self.arm()

    async def _hold(self, name: str, only: tuple[str, ...]) -> None:
        said = await call(drill_words(name, only, self._config), password_of(self._config))
        result, reason = read_result(said)
        self._console.say(f"{name}: scheduled drill: {result}{reason and f': {reason}'}")
        if result == "refused":  # else it has told of itself
            fields = {"result": result, "reason": reason, "by": SCHEDULE}
            self._journal.write("drill", program=name, phase="over", **fields)


def drill_words(name: str, only: tuple[str, ...], config: Config) -> list[str]:
    """The client's command."""
    words = [sys.executable, "-m", "watchdog", "drill", name, "--yes", "--json"]
    words += [
        "--by",
        SCHEDULE,
        "--wait",
        f"{PATIENCE:g}s",
        "--only",
        ",".join(only),
        "-s",
        str(config.socket),
    ]
    return words if config.socket_login is None else [*words, "--user", config.socket_login.user]


def password_of(config: Config) -> dict[str, str]:
    """The variable that a client takes the password of our own socket from."""
    return {} if config.socket_login is None else {PASSWORD: config.socket_login.password}


async def call(words: list[str], more: Mapping[str, str]) -> bytes:
    """Run it to its end; what it printed."""
    from watchdog.probes.attempt import Surroundings
    from watchdog.probes.command_linux import Command

    said = b""

    def hear(output: bytes) -> None:
        nonlocal said
        said = output

    around = Surroundings({**os.environ, **more}, directory="/")
    try:
        command = Command(words, around, hear, kept=LONGEST)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"the drill cannot be started: {error}".encode()
    try:
        await command.ended
        return said
    finally:
        command.end()


def read_result(said: bytes) -> tuple[str, str]:
    """The result of a drill, by what it printed, and why if it was refused."""
    with contextlib.suppress(msgspec.MsgspecError, KeyError, TypeError):
        told: dict[str, Any] = msgspec.json.decode(said)
        return str(told["result"]), ""
    lines = said.decode(errors="replace").strip().splitlines()
    return "refused", lines[-1].removeprefix("watchdog: ") if lines else "it said nothing"


def make_drills(parts: Parts) -> Drills:
    """The daemon's part of drills; what that needs is loaded with the first one."""
    from watchdog.daemon import drills

    return drills.Drills(
        parts.fleet.programs.__getitem__,
        parts.crew.configs.__getitem__,
        parts.service.signal,
        parts.recorder.rehearsed,
        parts.journal.write,
        parts.veil.over,
        f"unix://{parts.config.socket}",
        parts.tally.of,
    )
