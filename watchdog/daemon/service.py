"""What the control server is given: requests to the fleet, and views of it.

A request is numbered and handed to the core, which owes it exactly one answer; the caller waits for
that. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
import itertools
import os
from collections.abc import Callable, Sequence
from typing import Any, Literal

from watchdog.control.backend import ProgramView, Reloaded, Result, WatchdogView
from watchdog.core.effects import Answer
from watchdog.core.events import Request, Restart, SendSignal, Start
from watchdog.core.fleet import Fleet
from watchdog.daemon.driver import Driver
from watchdog.daemon.views import Views
from watchdog.version import __version__

REQUESTS: dict[str, type[Request]] = {"start": Start, "restart": Restart}


class Service:
    """The daemon as the control server sees it (`control.backend.Backend`)."""

    def __init__(
        self,
        fleet: Fleet,
        driver: Driver,
        views: Views,
        reload: Callable[[], Reloaded],
        leave: Callable[[], None],
    ) -> None:
        self._fleet = fleet
        self._driver = driver
        self._views = views
        self._reload = reload
        self._leave = leave
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Result]] = {}

    # --- looking

    def watchdog(self) -> WatchdogView:
        """The watchdog itself."""
        return WatchdogView(
            pid=os.getpid(),
            version=__version__,
            state="RUNNING" if self._fleet.exit_code is None else "SHUTDOWN",
            uptime_seconds=self._loop.time() - self._began,
            identification="watchdog",
        )

    def programs(self) -> list[ProgramView]:
        """Every program, in the order in which they start."""
        return self._views.of_all()

    def log_path(self, name: str, stream: Literal["stdout", "stderr"]) -> str | None:
        """Where the captured output of a program is; None if that stream is not captured."""
        return self._views.log_path(name, stream)

    def main_log_path(self) -> str | None:
        """Where the watchdog's own log is."""
        return self._views.main_log

    # --- asking

    async def request(
        self, action: Literal["start", "stop", "restart"], names: Sequence[str]
    ) -> list[Result]:
        """Ask for something and wait for the answers, in the order of the names."""
        numbers = {name: self._number() for name in names}
        answers = [self._waiting[number] for number in numbers.values()]
        if action == "stop":
            self._driver.order(lambda moment: self._fleet.stop(numbers, moment))
        else:
            for name, number in numbers.items():
                self._driver.post(name, REQUESTS[action](number))
        return list(await asyncio.gather(*answers))

    async def signal(self, name: str, signal: str) -> Result:
        """Send a signal to the main process of a program."""
        number = self._number()
        answer = self._waiting[number]
        self._driver.post(name, SendSignal(number, signal))
        return await answer

    async def reload(self) -> Reloaded:
        """Read the configuration again. `ReloadError`: it is bad, and the old one stays."""
        return self._reload()

    def shutdown(self) -> None:
        """Stop everything in order, and leave."""
        self._leave()

    # --- the answers

    def deliver(self, answer: Answer) -> None:
        """The core answers a request."""
        future = self._waiting.pop(answer.request, None)
        if future is not None and not future.done():  # whoever asked may have gone away
            future.set_result(Result(answer.program, answer.outcome, answer.text))

    def _number(self) -> int:
        number = next(self._numbers)
        self._waiting[number] = self._loop.create_future()
        return number


def _is_backend(service: Service) -> Any:
    """For the type checker: a Service is what the control server wants."""
    from watchdog.control.backend import Backend

    backend: Backend = service
    return backend
