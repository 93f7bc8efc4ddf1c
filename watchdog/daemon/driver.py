"""The driver: events in, one step at a time, effects out; and one timer for all deadlines.

Events may be posted from anywhere, also from inside an effect: they queue, so a step never runs
inside another. There is at most one timer in the event loop, for the earliest deadline of all
programs; with nothing due, nothing wakes up.
"""

from __future__ import annotations

import asyncio
import heapq
from collections import deque
from collections.abc import Callable

from watchdog.core.effects import Effect
from watchdog.core.events import Event
from watchdog.core.fleet import Fleet
from watchdog.core.model import Moment

Command = Callable[[Moment], list[Effect]]


class Driver:
    """Feeds the fleet, and has its effects performed."""

    def __init__(
        self,
        fleet: Fleet,
        perform: Callable[[Effect], None],
        moment: Callable[[], Moment],
    ) -> None:
        self._fleet = fleet
        self._perform = perform
        self._moment = moment
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Command] = deque()
        self._working = False
        self._touched: set[str] = set()
        self._armed: dict[str, float] = {}  # the deadline that counts for each program
        self._heap: list[tuple[float, str]] = []  # all that were ever armed; stale ones are skipped
        self._timer: asyncio.TimerHandle | None = None

    def post(self, name: str, event: Event) -> None:
        """Something happened to this program."""
        self.order(lambda moment: self._fleet.handle(name, event, moment))

    def order(self, command: Command) -> None:
        """Have the fleet do something: stop some programs, shut down, take a new one."""
        self._inbox.append(command)
        if not self._working:
            self._work()

    def touch(self, name: str) -> None:
        """This program changed, so its deadlines may have (the fleet's observer calls this)."""
        self._touched.add(name)

    def _work(self) -> None:
        self._working = True
        try:
            while self._inbox:
                command = self._inbox.popleft()
                for effect in command(self._moment()):
                    self._perform(effect)
        finally:
            self._working = False
        self._arm()

    def _arm(self) -> None:
        """Bring the heap up to date for what changed, and the timer for the heap."""
        for name in self._touched:
            at = self._fleet.earliest(name)
            if at is None:
                self._armed.pop(name, None)
            elif self._armed.get(name) != at:
                self._armed[name] = at
                heapq.heappush(self._heap, (at, name))
        self._touched.clear()
        self._drop_stale()
        self._set_timer()

    def _drop_stale(self) -> None:
        while self._heap and self._armed.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)

    def _set_timer(self) -> None:
        at = self._heap[0][0] if self._heap else None
        if self._timer is not None:
            if self._timer.when() == at and not self._timer.cancelled():
                return
            self._timer.cancel()
            self._timer = None
        if at is not None:
            self._timer = self._loop.call_at(at, self._ring)

    def _ring(self) -> None:
        """The earliest deadline is here: say what is due, for every program that has something."""
        self._timer = None
        now = self._moment().now
        names = set()
        while self._heap and self._heap[0][0] <= now:
            at, name = heapq.heappop(self._heap)
            if self._armed.get(name) == at:
                del self._armed[name]
                names.add(name)
        for name in names:
            self._say_due(name, now)
        self._touched |= names
        self._arm()

    def _say_due(self, name: str, now: float) -> None:
        event = self._fleet.due(name, now)
        while event is not None:
            self.post(name, event)
            event = self._fleet.due(name, now)
