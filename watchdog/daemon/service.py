"""What the control server is given: requests to the fleet, and views of it.

A request is numbered and handed to the core, which owes it exactly one answer; the caller waits for
that. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from typing import Any, Literal, Protocol

from watchdog.config.groups import GroupChanges
from watchdog.control.backend import (
    Configured,
    Drills,
    GiveWayError,
    Memory,
    Observer,
    ProgramView,
    Rehearsed,
    Reloaded,
    ReloadError,
    Result,
    UpgradeError,
    Upgrades,
    WatchdogView,
)
from watchdog.control.measures import Measures
from watchdog.control.scales import Scaled, Scaling
from watchdog.core.effects import Answer
from watchdog.core.events import Reload, SendSignal
from watchdog.core.fleet import Fleet
from watchdog.core.model import Outcome
from watchdog.core.rolling import Roll
from watchdog.daemon.driver import Driver
from watchdog.daemon.executable import Flaw, flaw_of
from watchdog.daemon.groups import Groups
from watchdog.daemon.orphan import objection
from watchdog.daemon.streams import Streams
from watchdog.daemon.views import Views
from watchdog.version import __version__


class Upgrader(Protocol):
    """Replaces the watchdog by a new version."""

    async def upgrade(self) -> Rehearsed:
        """Soon after this returns. `UpgradeError`: the old one goes on."""


def not_yet() -> Upgrader:
    """Nobody can ask before the doors are open."""
    raise UpgradeError("the watchdog is not up yet")


async def not_renewable() -> None:
    """The same for a new start."""
    raise ReloadError("the watchdog is not up yet")


class Meter(Protocol):
    """Looks up what there is to measure."""

    async def measure(self, watchdog: WatchdogView) -> Measures:
        """All of it, now."""


def no_drills() -> Drills:
    """The same for drills."""
    raise RuntimeError("there are no drills yet")


def no_meter() -> Meter:
    """Nobody can ask before everything is put together."""
    raise RuntimeError("there is no meter yet")


def no_scaling() -> Scaling:
    """The same for numbers of instances."""
    raise RuntimeError("there is no scaling yet")


def no_observer() -> Observer:
    """The same for who looks closely."""
    raise RuntimeError("there is no observer yet")


class Service:
    """The daemon as the control server sees it (`control.backend.Backend`)."""

    def __init__(
        self,
        fleet: Fleet,
        driver: Driver,
        views: Views,
        reload: Callable[[], Reloaded],
        leave: Callable[[], None],
        groups: Groups,
        streams: Streams,
        memory: Memory,
        identifier: str,
    ) -> None:
        self._fleet = fleet
        self._driver = driver
        self._views = views
        self._reload = reload
        self._leave = leave
        self._groups = groups
        self._streams = streams
        self.begin_renewal: Callable[[], Awaitable[None]] = not_renewable
        self.renewing = False  # once everything is down, it starts anew
        self.remote_listeners: list[Callable[[str, str], None]] = []
        self.memory = memory
        self._identifier = identifier
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Result]] = {}
        self._asked: dict[int, str] = {}  # the program of each request that is not answered yet
        self.upgrades_done = 0
        self.upgrade_trouble = ""
        self.make_upgrader: Callable[[], Upgrader] = not_yet
        self.parent = os.getppid()  # who started us
        self.abandon: Callable[[], None] = leave  # ends the watchdog, and not its programs
        self._upgrader: Upgrader | None = None
        self.make_meter: Callable[[], Meter] = no_meter
        self.make_drills: Callable[[], Drills] = no_drills
        self.make_observer: Callable[[], Observer] = no_observer
        self.make_scaling: Callable[[], Scaling] = no_scaling
        self.count_instances: Callable[[], list[Scaled]] = list

    # --- looking

    def watchdog(self) -> WatchdogView:
        """The watchdog itself."""
        return WatchdogView(
            pid=os.getpid(),
            version=__version__,
            state=self._state(),
            uptime_seconds=self._loop.time() - self._began,
            identification=self._identifier,
        )

    @property
    def drills(self) -> Drills:
        """Failures that are rehearsed."""
        return self.make_drills()

    @property
    def scaling(self) -> Scaling:
        """How many instances there are."""
        return self.make_scaling()

    @property
    def observer(self) -> Observer:
        """Who looks closely at programs."""
        return self.make_observer()

    def instances(self) -> list[Scaled]:
        """How many there are of every program with `instances`."""
        return self.count_instances()

    def programs(self) -> list[ProgramView]:
        """Every program, in the order in which they start."""
        return self._views.of_all()

    def flaw(self, name: str) -> Flaw | None:
        """What is wrong with the command of a program, before anything is tried."""
        return flaw_of(self._views.config(name))

    async def measure(self) -> Measures:
        """Everything that `/metrics` shows."""
        return await self.make_meter().measure(self.watchdog())

    def log_path(self, name: str, stream: Literal["stdout", "stderr"]) -> str | None:
        """Where the captured output of a program is; None if that stream is not captured."""
        return self._views.log_path(name, stream)

    def journal_path(self) -> str:
        """Where the journal is."""
        return self._views.journal

    def main_log_path(self) -> str | None:
        """Where the watchdog's own log is."""
        return self._views.main_log

    # --- asking

    async def request(
        self, action: Literal["start", "stop", "restart"], names: Sequence[str]
    ) -> list[Result]:
        """Ask for something and wait for the answers, in the order of the names."""
        fleet = self._fleet
        begin = {"start": fleet.start, "stop": fleet.stop, "restart": fleet.restart}[action]

        def pass_on(numbers: dict[str, int]) -> None:
            self._driver.order(lambda moment: begin(numbers, moment))

        return await self.ask(names, pass_on)

    def ask(
        self, names: Iterable[str], pass_on: Callable[[dict[str, int]], None]
    ) -> Coroutine[Any, Any, list[Result]]:
        """Pass on a request for each program, by its number, now; the answers can be awaited."""
        numbers = {name: self._number(name) for name in names}
        answers = [self._waiting[number] for number in numbers.values()]
        pass_on(numbers)
        return gather(answers)

    def with_dependents(self, names: Sequence[str]) -> list[str]:
        """These programs, and those that are up or on their way and depend on them."""
        return self._fleet.with_dependents(names)

    async def signal(self, name: str, signal: str) -> Result:
        """Send a signal to the main process of a program."""
        number = self._number(name)
        answer = self._waiting[number]
        self._driver.post(name, SendSignal(number, signal))
        return await answer

    async def roll(self, names: Sequence[str], width: int, within: float | None) -> list[Result]:
        """Restart programs one after the other, each when the one before is ready."""

        def pass_on(numbers: dict[str, int]) -> None:
            plan = Roll(list(names), numbers, width, within)
            self._driver.order(lambda moment: self._fleet.roll(plan, moment))

        return await self.ask(names, pass_on)

    async def reload_programs(self, names: Sequence[str]) -> list[Result]:
        """Have programs read their own configurations again, and wait until they are well."""

        def pass_on(numbers: dict[str, int]) -> None:
            for name, number in numbers.items():
                self._driver.post(name, Reload(number))

        return await self.ask(names, pass_on)

    async def reload(self) -> Reloaded:
        """Read the configuration again. `ReloadError`: it is bad, and the old one stays."""
        return self._reload()

    def reread(self) -> GroupChanges:
        """What changed, by group; nothing is applied. `ReloadError`: it cannot be read."""
        return self._groups.reread()

    def configured(self) -> list[Configured]:
        """Every program of the configuration that was read last."""
        return self._groups.configured()

    def add_group(self, group: str) -> None:
        """Take a group into force. `GroupError`."""
        self._groups.add(group)

    def remove_group(self, group: str) -> None:
        """Take a group out of force. `GroupError`."""
        self._groups.remove(group)

    def clear_logs(self, name: str) -> None:
        """Begin the captured output of a program anew. Raises OSError."""
        self._streams.clear_logs(name)

    def clear_main_log(self) -> None:
        """Begin the watchdog's own log anew. Raises OSError."""
        self._streams.clear_main_log()

    async def send_input(self, name: str, data: bytes) -> None:
        """Write to the input of a process. `InputError`."""
        await self._streams.send_input(name, data)

    def remote_event(self, kind: str, data: str) -> None:
        """A client sent this, for whoever listens."""
        for hear in self.remote_listeners:
            hear(kind, data)

    async def renew(self) -> None:
        """Stop everything and start anew. `ReloadError`: nothing is done."""
        await self.begin_renewal()

    async def upgrade(self) -> Rehearsed:
        """Try the new version, and be replaced by it. `UpgradeError`: this one goes on."""
        if self._upgrader is None:
            self._upgrader = self.make_upgrader()
        return await self._upgrader.upgrade()

    def upgrades(self) -> Upgrades:
        """What runs, and what became of the latest upgrade."""
        import platform  # only when somebody asks

        python = platform.python_version()
        return Upgrades(os.getpid(), __version__, python, self.upgrades_done, self.upgrade_trouble)

    def shutdown(self) -> None:
        """Stop everything in order, and leave."""
        self.renewing = False
        self._leave()

    def give_way(self) -> None:
        """Leave everything to another watchdog, if whoever started us is gone."""
        reason = objection(self.parent, os.getppid(), self._fleet.exit_code is not None)
        if reason:
            raise GiveWayError(reason)
        self.abandon()

    # --- the answers

    def deliver(self, answer: Answer) -> None:
        """The core answers a request."""
        future = self._waiting.pop(answer.request, None)
        self._asked.pop(answer.request, None)
        if future is not None and not future.done():  # whoever asked may have gone away
            future.set_result(Result(answer.program, answer.outcome, answer.text))

    async def settle(self, seconds: float) -> None:
        """Wait until every request is answered; what then is not gets an answer that says so."""
        if self._waiting:
            await asyncio.wait(list(self._waiting.values()), timeout=seconds)
        for number, name in list(self._asked.items()):
            text = "the watchdog is being upgraded; it is under way, see `watchdog status`"
            self.deliver(Answer(name, number, Outcome.WAITING, text))

    def _state(self) -> str:
        if self._fleet.exit_code is None:
            return "RUNNING"
        return "RESTARTING" if self.renewing else "SHUTDOWN"

    def _number(self, name: str) -> int:
        number = next(self._numbers)
        self._asked[number] = name
        self._waiting[number] = self._loop.create_future()
        return number


async def gather(answers: Iterable[asyncio.Future[Result]]) -> list[Result]:
    """All of them, in this order."""
    return list(await asyncio.gather(*answers))


def _is_backend(service: Service) -> Any:
    """For the type checker: a Service is what the control server wants."""
    from watchdog.control.backend import Backend

    backend: Backend = service
    return backend
