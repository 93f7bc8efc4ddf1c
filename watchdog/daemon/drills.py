"""Drills, as the daemon takes part in them: it breaks the program when asked, and says what it saw.

At most one drill is under way in the whole watchdog. It is on a lease: whoever holds the drill
renews it, and once nobody does, it is over, and a process that was stopped for it goes on. Loaded
when the first drill is asked for.
"""

from __future__ import annotations

import asyncio
import secrets
import subprocess
import time
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.config.faults import FAULTS
from watchdog.config.model import ProgramConfig
from watchdog.control.backend import DrillError, Result
from watchdog.control.measures import Counts
from watchdog.core.model import Outcome
from watchdog.core.program import Program
from watchdog.daemon.crew import own_surroundings
from watchdog.daemon.drill_facts import facts_of
from watchdog.probes.attempt import Surroundings
from watchdog.probes.command_linux import Command
from watchdog.probes.text import last_line

LEASE = 15.0  # seconds; who holds the drill renews it some times within them
PATIENCE = 10.0  # seconds for a command that blocks or mutes a program
LONGEST_RESULT = 16384  # characters of what is told of the faults, for the journal
WORDS = ("result", "by", "reason")  # of what a client tells
LONGEST_WORD = 500  # characters
SIGNALS = {"kill": "KILL", "stop": "STOP"}


class Drill(Struct):
    """The one that is under way."""

    program: str
    token: str  # whoever knows it holds the drill
    expiry: asyncio.TimerHandle
    stopped: int | None = None  # the incarnation that was stopped and may still be


class Drills:
    """Begins, renews and ends the one drill, and does what it asks for."""

    def __init__(
        self,
        program_of: Callable[[str], Program],
        config_of: Callable[[str], ProgramConfig],
        signal: Callable[[str, str], Awaitable[Result]],
        rehearsed: set[str],
        write: Callable[..., None],
        redact: Callable[[str], str],
        server: str,
        counts_of: Callable[[str], Counts],
    ) -> None:
        self._program_of = program_of
        self._config_of = config_of
        self._signal = signal
        self._rehearsed = rehearsed  # whose incidents are marked as a drill's
        self._write = write  # a line of the journal
        self._redact = redact
        self._server = server
        self._counts_of = counts_of
        self._drill: Drill | None = None
        self._under_way: set[asyncio.Task[None]] = set()  # or they would be collected

    def facts(self, name: str) -> dict[str, Any]:
        """What the program promises, how it is, and whose drill is under way, if any."""
        busy = self._drill.program if self._drill else ""
        facts = facts_of(self._program_of(name), self._config_of(name), time.monotonic(), busy)
        counts = self._counts_of(name)
        return facts | {"double_seconds": counts.double_seconds, "unproved": counts.unproved}

    def begin(self, name: str) -> str:
        """The token of a new drill. `DrillError`: one is under way."""
        if self._drill is not None:
            raise DrillError(f"a drill of {self._drill.program} is under way; wait until it ends")
        self._drill = Drill(name, secrets.token_hex(8), self._count_down())
        self._rehearsed.add(name)
        self._write("drill", program=name, phase="begins")
        return self._drill.token

    def renew(self, token: str) -> None:
        """It goes on. `DrillError`: it is over already."""
        drill = self._find(token)
        drill.expiry.cancel()
        drill.expiry = self._count_down()

    async def strike(self, token: str, fault: str) -> float:
        """Do it to the program; the time (Unix seconds) just before. `DrillError`: it failed."""
        drill = self._find(token)
        if fault not in FAULTS:
            raise DrillError(f"there is no fault {fault}; there are {', '.join(FAULTS)}")
        self.renew(token)
        at = time.time()
        if fault in SIGNALS:
            if fault == "stop":
                drill.stopped = self._program_of(drill.program).incarnation
            await self._send(drill.program, SIGNALS[fault])
        else:
            await self._run(drill.program, fault)
        return at

    async def mend(self, token: str) -> None:
        """A process that was stopped for the drill goes on. `DrillError`: the drill is over."""
        await self._go_on(self._find(token))

    async def end(self, token: str, told: dict[str, Any]) -> None:
        """It is over; the result goes into the journal. `DrillError`: it was over already."""
        drill = self._find(token)
        await self._close(drill, phase="over", **fit(told))

    # --- inside

    def _find(self, token: str) -> Drill:
        if self._drill is None or not secrets.compare_digest(self._drill.token, token):
            raise DrillError("this drill is over: its lease ran out, or the watchdog began anew")
        return self._drill

    def _count_down(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(LEASE, self._expire)

    def _expire(self) -> None:
        if self._drill is not None:
            work = self._close(self._drill, phase="over", result="abandoned")
            task = asyncio.get_running_loop().create_task(work)
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    async def _close(self, drill: Drill, **fields: Any) -> None:
        self._drill = None
        drill.expiry.cancel()
        self._rehearsed.discard(drill.program)
        await self._go_on(drill)
        self._write("drill", program=drill.program, **fields)

    async def _go_on(self, drill: Drill) -> None:
        stopped, drill.stopped = drill.stopped, None
        if stopped is None:
            return
        try:
            if self._program_of(drill.program).incarnation == stopped:
                await self._signal(drill.program, "CONT")
        except KeyError:  # it left the configuration, and so its process ends
            return

    async def _send(self, name: str, signal: str) -> None:
        result = await self._signal(name, signal)
        if result.outcome is not Outcome.DONE:
            raise DrillError(f"{name} could not be sent SIG{signal}: {result.text or 'it is down'}")

    async def _run(self, name: str, fault: str) -> None:
        config, pid = self._config_of(name), self._program_of(name).pid
        argv = config.drill.command(fault)
        if argv is None:
            raise DrillError(f"programs.{name}.drill.{fault} is not set")
        around = with_pid(own_surroundings(config, self._server), pid)
        said = await run(argv, around)
        if said:
            raise DrillError(self._redact(f"programs.{name}.drill.{fault}: {said}"))


def fit(told: dict[str, Any]) -> dict[str, Any]:
    """What a client tells of its drill, as far as it is well formed and fits into the journal."""
    kept: dict[str, Any] = {key: str(told[key])[:LONGEST_WORD] for key in WORDS if key in told}
    faults = told.get("faults")
    well = isinstance(faults, list) and all(map(is_rehearsal, faults))
    return kept | {"faults": faults} if well and len(str(faults)) <= LONGEST_RESULT else kept


def is_rehearsal(fault: object) -> bool:
    """Whether it has what readers of the journal look at."""
    words = ("fault", "verdict", "reason")
    return isinstance(fault, dict) and all(isinstance(fault.get(word), str) for word in words)


def with_pid(around: Surroundings, pid: int | None) -> Surroundings:
    """The program's surroundings, and whom a command is to break."""
    variables = {**(around.environment or {}), "WATCHDOG_DRILL_PID": str(pid or "")}
    return replace(around, environment=variables)


async def run(argv: tuple[str, ...], around: Surroundings) -> str:
    """Run a command to its end; what went wrong, empty if nothing did."""
    said = b""

    def hear(output: bytes) -> None:
        nonlocal said
        said = output

    try:
        command = Command(argv, around, hear)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return f"cannot run {argv[0]}: {error}"
    try:
        code = await asyncio.wait_for(command.ended, PATIENCE)
    except TimeoutError:
        return f"{argv[0]} did not end within {PATIENCE:g} s"
    finally:
        command.end()
    words = last_line(said.decode(errors="replace"))
    return "" if code == 0 else f"{argv[0]} ended with {code}" + (f": {words}" if words else "")
