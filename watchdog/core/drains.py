"""Stopping in order, and restarting in order: who goes down now, and who only after that.

A `Drain` is one stop in order: stages, of which the next begins when the last is down. One that is
part of a restart also knows who is to be started once all of them are down. `Drains` are all that
are under way. They want events and decide nothing about any program.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from msgspec import Struct, field

from watchdog.core.events import Stop
from watchdog.core.model import Cause

Packed = tuple[list[str], list[list[str]], list[str]]
"""Who is waited for, who comes then, and who is started after that."""


class Drain(Struct):
    """Programs that are stopped in order: the stages to come, and the requests to pass on."""

    stages: list[list[str]]
    requests: dict[str, int]
    current: deque[str] = field(default_factory=deque)
    again: dict[str, int] = field(default_factory=dict)  # who is started once all are down

    def begin_stage(self) -> list[tuple[str, Stop]]:
        """The stops of the next stage.

        Also for a program that was removed meanwhile: whoever asked is owed an answer.
        """
        self.current = deque(self.stages.pop(0))
        return [self.stop(name) for name in self.current]

    def stop(self, name: str) -> tuple[str, Stop]:
        """Whom to stop, and how."""
        cause = Cause.RESTART if name in self.again else Cause.OPERATOR
        return name, Stop(self.requests[name], cause)

    def spare(self, name: str) -> bool:
        """Pass a program by; False if it was reached already, or was never meant."""
        stages = [stage for stage in self.stages if name in stage]
        for stage in stages:
            stage.remove(name)
        return bool(stages)


class Drains:
    """All that are under way."""

    def __init__(self, drains: Iterable[Drain] = ()) -> None:
        self._all = list(drains)

    def __bool__(self) -> bool:
        return bool(self._all)

    def add(self, drain: Drain) -> None:
        """One more, which begins when it is asked for its next stops."""
        self._all.append(drain)

    def next_stops(self, is_settled: Callable[[str], bool]) -> list[tuple[str, Stop]]:
        """The next stage of the first whose present stage is down."""
        for drain in self._all:
            while drain.stages and are_settled(drain.current, is_settled):
                if stops := drain.begin_stage():
                    return stops
        return []

    def finish(self, is_settled: Callable[[str], bool]) -> dict[str, int]:
        """Forget those that are over; who is to be started now, with the request of each."""
        over = [drain for drain in self._all if are_settled(drain.current, is_settled)]
        self._all = [drain for drain in self._all if not any(drain is one for one in over)]
        return {name: request for drain in over for name, request in drain.again.items()}

    def hurry(self) -> list[tuple[str, Stop]]:
        """All later stages, now."""
        stops: list[tuple[str, Stop]] = []
        for drain in self._all:
            late = [drain.stop(name) for stage in drain.stages for name in stage]
            drain.current.extend(name for name, _ in late)
            drain.stages = []
            stops += late
        return stops

    def overtake(self, name: str) -> list[int]:
        """Pass a program by that is wanted up after all; the requests that are overtaken."""
        spared = [drain.requests[name] for drain in self._all if drain.spare(name)]
        return spared + self.forget_restart(name)

    def forget_restart(self, name: str) -> list[int]:
        """Leave a program out of restarts; the requests that are overtaken.

        It is not even stopped: whoever overtook the restart sees to that, if it is to be.
        """
        drains = [drain for drain in self._all if name in drain.again]
        for drain in drains:
            drain.spare(name)
        return [drain.again.pop(name) for drain in drains]

    def restarts(self, name: str) -> bool:
        """Whether a program that is down, or is about to be, will be started again."""
        return any(name in drain.again for drain in self._all)

    def pack(self) -> list[Packed]:
        """As plain values. Requests are left out: whoever asked is answered before."""
        return [(list(drain.current), drain.stages, list(drain.again)) for drain in self._all]


def unpack(packed: Iterable[Packed]) -> Drains:
    """Those that go on, with nobody waiting for their answers any more."""
    return Drains(
        Drain(
            stages,
            dict.fromkeys([*current, *(name for stage in stages for name in stage)], 0),
            deque(current),
            dict.fromkeys(again, 0),
        )
        for current, stages, again in packed
    )


def are_settled(names: deque[str], is_settled: Callable[[str], bool]) -> bool:
    """Whether nobody needs to be waited for.

    Whoever was waited for last comes first: a thousand programs that go down one by one are then
    looked at some thousand times in all, not half a million.
    """
    for _ in range(len(names)):
        if not is_settled(names[0]):
            return False
        names.rotate(-1)
    return True
