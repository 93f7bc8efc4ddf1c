"""Looks up what `/metrics` shows, when somebody asks: never before, and never for its own sake."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping

from msgspec import Struct
from msgspec.structs import astuple, replace

from watchdog.control.backend import ProgramView, WatchdogView
from watchdog.control.measures import Counts, Measured, Measures, Resources
from watchdog.daemon.tally import Tally
from watchdog.daemon.views import Views
from watchdog.process import Measure, Usage

PIECE = 200  # programs between two turns of the loop


class Seen(Struct):
    """What was shown of a process, so that it is never shown smaller or at another time."""

    incarnation: int
    started_at: float | None
    cpu_seconds: float


class Meter:
    """Makes measures."""

    def __init__(
        self,
        views: Views,
        tally: Tally,
        pid_of: Callable[[str], int | None],
        measure: Measure,
        measure_own: Callable[[], Usage],
    ) -> None:
        self._views = views
        self._tally = tally
        self._pid_of = pid_of
        self._measure = measure
        self._measure_own = measure_own
        self._seen: dict[str, Seen] = {}
        self._started_at = time.time()

    async def measure(self, watchdog: WatchdogView) -> Measures:
        """Everything as it is now."""
        import platform  # only when somebody asks

        views = self._views.of_all()
        names = frozenset(view.name for view in views)
        self._tally.keep_only(names)
        self._seen = {name: seen for name, seen in self._seen.items() if name in names}
        pids = {name: pid for name in names if (pid := self._pid_of(name)) is not None}
        usages = await self._measure(pids)
        return Measures(
            watchdog=watchdog,
            python=platform.python_version(),
            started_at=self._started_at,
            reloaded_well=self._tally.reloaded_well,
            reloaded_at=self._tally.reloaded_at,
            own=resources_of(self._measure_own()),
            programs=[one async for one in self._measure_each(views, usages)],
        )

    async def _measure_each(
        self, views: list[ProgramView], usages: Mapping[str, Usage]
    ) -> AsyncIterator[Measured]:
        for count, view in enumerate(views):
            if count % PIECE == 0:
                await asyncio.sleep(0)
            counts = self._tally.counts.get(view.name) or Counts()
            yield self._steady(view, counts, resources_of(usages.get(view.name)))

    def _steady(self, view: ProgramView, counts: Counts, found: Resources) -> Measured:
        """What is reckoned anew each time, such as a start in wall time, stays what it was.

        A tree uses less CPU once one of its processes is gone: what was used stays used.
        """
        seen = self._seen.get(view.name)
        if seen is None or seen.incarnation != view.incarnation:
            seen = self._seen[view.name] = Seen(view.incarnation, view.started_at, 0.0)
        if found.cpu_seconds is not None:
            seen.cpu_seconds = max(seen.cpu_seconds, found.cpu_seconds)
            found = replace(found, cpu_seconds=seen.cpu_seconds)
        view = replace(view, started_at=seen.started_at)
        return Measured(view, counts, found, sizes_of(view))


def resources_of(usage: Usage | None) -> Resources:
    """A usage as it is shown; nothing where nobody could look."""
    return Resources() if usage is None else Resources(*astuple(usage))


def sizes_of(view: ProgramView) -> dict[str, int]:
    """The sizes of a program's logs, by stream, as far as they are there."""
    found = {}
    for stream, path in (("stdout", view.stdout_log), ("stderr", view.stderr_log)):
        try:
            found[stream] = os.stat(path).st_size  # noqa: PTH116 - a thousand of them
        except OSError:  # not captured, or nothing was written yet
            continue
    return found
