"""What the server needs of the daemon, and the values that it is answered with.

The daemon implements `Backend`; the module that reads captured output implements `LogReader`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

from msgspec import Struct

from watchdog.config.groups import GroupChanges
from watchdog.config.model import ProgramConfig
from watchdog.core.model import Health, Outcome, State

if TYPE_CHECKING:
    from watchdog.control.measures import Measures
    from watchdog.control.scales import Scaled, Scaling

Action = Literal["start", "stop", "restart"]
Stream = Literal["stdout", "stderr"]


class WatchdogView(Struct, frozen=True):
    """The watchdog itself."""

    pid: int
    version: str
    state: str  # "RUNNING", "SHUTDOWN" or "RESTARTING"
    uptime_seconds: float
    identification: str


class ProgramView(Struct, frozen=True):
    """One program as clients see it. Times are seconds of the wall clock."""

    name: str
    group: str
    state: State
    health: Health
    reason: str
    pid: int | None
    incarnation: int
    uptime_seconds: float | None
    restarts: int
    singleton: str | None
    lease: str | None
    last_exit: dict[str, Any] | None  # "code", "signal", "text", "at"
    last_incident: str | None
    started_at: float | None
    stopped_at: float | None
    retry_at: float | None
    status: str  # its own words (sd_notify STATUS=)
    stdout_log: str
    stderr_log: str
    autostart: bool
    priority: int
    cause: str = ""  # why it is being ended, or how it last failed: a `core.model.Cause`
    start_seconds: float = 1.0  # how long it must live to count as RUNNING
    success: tuple[int, ...] = (0,)  # exit codes
    group_priority: int | None = None  # None: as its own
    last_gap: str = ""  # what its last restart cost, in a sentence

    @property
    def process(self) -> str:
        """What supervisor's clients call it: its name within its group."""
        return self.name.rpartition(":")[2]


class Result(Struct, frozen=True):
    """The answer to a request for one program."""

    name: str
    outcome: Outcome
    text: str


class Reloaded(Struct, frozen=True):
    """What a reload of the configuration did, by program."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retuned: tuple[str, ...] = ()  # changed without its process having to notice
    notes: tuple[str, ...] = ()


class ReloadError(Exception):
    """The new configuration is not usable; the old one stays in force. The text says why."""


class Configured(Struct, frozen=True):
    """A program as it was read last."""

    program: ProgramConfig
    in_use: bool  # whether its group is in force


class GroupError(Exception):
    """The group cannot be added or removed."""

    def __init__(self, problem: Literal["unknown", "active", "running"]) -> None:
        super().__init__(problem)
        self.problem = problem


class InputError(Exception):
    """The process cannot be sent anything. The text says why."""


class Upgrades(Struct, frozen=True):
    """What runs, and what became of the latest upgrade."""

    pid: int
    version: str
    python: str
    count: int  # how often this process was upgraded
    trouble: str  # why the latest attempt came to nothing; empty if it did not


class Rehearsed(Struct, frozen=True):
    """The new version started well, on trial; it takes over now."""

    version: str
    python: str


class UpgradeError(Exception):
    """There is no upgrade; the old version goes on. The text says why."""


class GiveWayError(Exception):
    """The watchdog stays, as it is looked after. The text says why."""


class DrillError(Exception):
    """There is no drill, or it cannot do that. The text says why."""


class Drills(Protocol):
    """Failures that are rehearsed, one at a time; `DrillError` where something cannot be."""

    def facts(self, name: str) -> dict[str, Any]:
        """What a drill of this program is judged by."""
        ...

    def begin(self, name: str) -> str:
        """Begin one; its token."""
        ...

    def renew(self, token: str) -> None:
        """It goes on."""
        ...

    async def strike(self, token: str, fault: str) -> float:
        """Do it to the program; when, in Unix seconds."""
        ...

    async def mend(self, token: str) -> None:
        """A process that was stopped goes on."""
        ...

    async def end(self, token: str, told: dict[str, Any]) -> None:
        """It is over, with this result."""
        ...


class Memory(Protocol):
    """What is remembered of failures; the module `watchdog.incidents.memory` has one."""

    def incidents(self, program: str = "") -> list[dict[str, Any]]:
        """A summary of each, newest first; of one program, or of all."""
        ...

    def incident(self, name: str) -> dict[str, Any] | None:
        """One of them, entirely; None if it is not kept."""
        ...

    def why(self, program: str) -> str:
        """The newest of a program in sentences; empty if none is kept."""
        ...


class Observer(Protocol):
    """Looks closely at programs, when somebody asks."""

    def probes_since(self, at: float) -> dict[str, list[tuple[float, str, bool, float]]]:
        """The probes that came back after `at` (Unix seconds): at, role, ok, seconds."""
        ...

    def probes(self, program: str) -> list[dict[str, Any]]:
        """The last probes of a program, oldest first."""
        ...

    def processes(self, program: str) -> list[dict[str, Any]]:
        """Every process of its tree."""
        ...

    def environment(self, program: str) -> dict[str, str | None]:
        """Its variables; None where the value is not to be shown."""
        ...


class Backend(Protocol):
    """The daemon, as the server sees it."""

    @property
    def memory(self) -> Memory: ...

    @property
    def drills(self) -> Drills: ...

    @property
    def observer(self) -> Observer: ...

    @property
    def scaling(self) -> Scaling: ...

    def watchdog(self) -> WatchdogView: ...

    def instances(self) -> list[Scaled]:
        """How many there are of every program with `instances`."""
        ...

    def programs(self) -> list[ProgramView]:
        """All programs, in the order in which they start."""
        ...

    async def request(self, action: Action, names: Sequence[str]) -> list[Result]:
        """Do it to these programs, in the order that their dependencies ask for, and wait."""
        ...

    def with_dependents(self, names: Sequence[str]) -> list[str]:
        """These programs, and those that are wanted up and depend on them, through others too."""
        ...

    async def signal(self, name: str, signal: str) -> Result:
        """Send the signal ("HUP" or "1") to the main process of the program."""
        ...

    async def roll(self, names: Sequence[str], width: int, within: float | None) -> list[Result]:
        """Restart them one after the other, so many at a time; each has so long to be ready."""
        ...

    async def reload_programs(self, names: Sequence[str]) -> list[Result]:
        """Send each the signal at which it reloads, and wait until it is well after that."""
        ...

    async def reload(self) -> Reloaded:
        """Read the configuration again and apply it; `ReloadError` if it is not usable."""
        ...

    def reread(self) -> GroupChanges:
        """Read the configuration again and change nothing; `ReloadError` if it is not usable."""
        ...

    def configured(self) -> list[Configured]:
        """Every program of the configuration that was read last."""
        ...

    def add_group(self, group: str) -> None:
        """Take a group into force as it was read last; `GroupError`."""
        ...

    def remove_group(self, group: str) -> None:
        """Take a group that is down out of force; `GroupError`."""
        ...

    async def renew(self) -> None:
        """Begin to stop everything and to start anew; `ReloadError`: nothing is done."""
        ...

    async def send_input(self, name: str, data: bytes) -> None:
        """Write to the standard input of a process that runs; `InputError`."""
        ...

    def remote_event(self, kind: str, data: str) -> None:
        """Tell who listens that a client sent this."""
        ...

    def clear_logs(self, name: str) -> None:
        """Begin the captured output of a program anew; OSError."""
        ...

    def clear_main_log(self) -> None:
        """Begin the watchdog's own log anew; OSError."""
        ...

    async def upgrade(self) -> Rehearsed:
        """Try the new version, and soon after be replaced by it; `UpgradeError` if it fails."""
        ...

    def upgrades(self) -> Upgrades: ...

    def flaw(self, name: str) -> Literal["missing", "not executable"] | None:
        """What is wrong with the command of a program, before anything is tried."""
        ...

    def shutdown(self) -> None:
        """Begin to stop everything; returns at once."""
        ...

    def give_way(self) -> None:
        """Begin to end without the programs; `GiveWayError` if nobody else is to run them."""
        ...

    async def measure(self) -> Measures:
        """Everything that `/metrics` shows; others have their turn meanwhile."""
        ...

    def log_path(self, name: str, stream: Stream) -> str | None:
        """Where the program's captured output is; None if it is not captured."""
        ...

    def journal_path(self) -> str:
        """Where the journal is."""
        ...

    def main_log_path(self) -> str | None:
        """Where the watchdog's own log is; None if it has no file."""
        ...


class LogReader(Protocol):
    """Reading files of captured output; the module `watchdog.logs.tail` is one."""

    def read_log(self, path: Path, offset: int, length: int) -> str:
        """As supervisor's readLog; raises as `watchdog.logs.tail.read_log` does."""
        ...

    def tail_log(self, path: Path, offset: int, length: int) -> tuple[str, int, bool]:
        """As supervisor's tailLog: text, offset to go on from, whether something was left out."""
        ...

    def last_lines(self, path: Path, count: int) -> bytes:
        """The last lines, reaching back into rotated files; `FileNotFoundError`."""
        ...

    def follow(self, path: Path, lines: int = 0) -> AsyncIterator[bytes]:
        """The last lines, and then whatever is appended, across rotations, without end."""
        ...
