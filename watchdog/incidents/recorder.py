"""Collects incidents: begins one when a program fails, and follows it until it has recovered.

It is told of every step of every program, of every probe, and when the core wants a living process
examined. It never holds anything up: the examination has its deadline, and what cannot be written
is said once and let go of.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from msgspec.structs import replace

from watchdog.core.events import Probed
from watchdog.core.program import Program
from watchdog.incidents import noticing
from watchdog.incidents.model import Incident, Moment, Result
from watchdog.incidents.store import Store

MOST_RESULTS = 20  # probes that are remembered for each program
MOST_MOMENTS = 60  # of a timeline: a crash loop must not fill the disk
MOST_OPEN = 3  # kinds of failure that one program has not recovered from


class Recorder:
    """Keeps the open incidents of every program.

    What it is told it looks at a moment later, all at once: a restart does not wait for a file.
    """

    def __init__(
        self,
        store: Store,
        output_of: Callable[[str, int], tuple[str, int | None]],
        wall_time: Callable[[float], float],
        later: Callable[[Callable[[], None]], None],
        on_trouble: Callable[[str], None],
    ) -> None:
        self.store = self._store = store
        self._output_of = output_of
        self._wall_time = wall_time  # of a time on the monotonic clock
        self._later = later
        self._on_trouble = on_trouble
        self.results: dict[str, deque[Result]] = {}  # the last probes of each program
        self._open: dict[str, list[Incident]] = {}
        self._told: list[Callable[[], None]] = []  # not looked at yet
        self._dirty: dict[str, Incident] = {}  # to be written
        self.latest: dict[str, str] = {}  # program -> id
        self.rehearsed: set[str] = set()  # programs in a drill: said so in what they leave

    def resume(self) -> None:
        """Go on with what an earlier watchdog left: programs that had not recovered may do so."""
        self._tell(self._recall)

    # --- what it is told

    def probed(self, name: str, event: Probed) -> None:
        """One probe came back."""
        text = event.reason or event.note
        result = Result(time.time(), event.role, event.ok, text, event.latency)
        self.results.setdefault(name, deque(maxlen=MOST_RESULTS)).append(result)

    def note(self, before: Program, after: Program) -> None:
        """One step of a program: perhaps a failure, a move of the story, or a recovery."""
        name, cause = after.policy.name, noticing.failure_in(before, after)
        if cause:
            self._open.setdefault(name, [])
        if name in self._open:
            self._tell(partial(self._take, cause, before, after, time.time()))

    def examined(self, name: str, seen: Sequence[dict[str, Any]], seconds: float) -> None:
        """The evidence of a living process is there, or as much of it as could be had."""
        self._tell(partial(self._take_evidence, name, seen, seconds))

    def forget(self, name: str) -> None:
        """The program left the configuration; what it left behind stays."""
        self._open.pop(name, None)
        self.results.pop(name, None)

    def flush(self) -> None:
        """Look at all that was told, and write what came of it."""
        told, self._told = self._told, []
        for look in told:
            look()
        dirty, self._dirty = self._dirty, {}
        for incident in dirty.values():
            self._write(incident)

    def _tell(self, look: Callable[[], None]) -> None:
        if not self._told:
            self._later(self.flush)
        self._told.append(look)

    def _recall(self) -> None:
        self._store.prune(time.time())
        for name, id in self._store.newest().items():
            self.latest.setdefault(name, id)
            incident = self._store.read(id)
            if name not in self._open and incident is not None and incident.recovered is None:
                self._open[name] = [incident]

    # --- the story

    def _take(self, cause: str, before: Program, after: Program, now: float) -> None:
        name = after.policy.name
        if name not in self._open:
            if not cause:
                return
            self._open[name] = []
        if cause:
            self._begin(cause, before, after, now)
        if noticing.moved(before, after):
            moment = Moment(
                now, after.state, after.health, after.reason, after.pid, after.incarnation
            )
            self._change(name, lambda incident: with_moment(incident, moment))
        if noticing.is_gone(before, after):
            self._complete(name, exit_fields(after))
        if noticing.is_well(after):
            self._change(name, lambda incident: replace(incident, recovered=now))
            del self._open[name]

    def _begin(self, cause: str, before: Program, after: Program, now: float) -> None:
        opened = self._open[after.policy.name]
        again = next((i for i, known in enumerate(opened) if known.cause == cause), None)
        if again is not None:
            known = opened.pop(again)
            opened.append(replace(known, repeats=known.repeats + 1))
            return
        opened.append(self._make(cause, before, after, now))
        del opened[:-MOST_OPEN]

    def _make(self, cause: str, before: Program, after: Program, now: float) -> Incident:
        name = after.policy.name
        results = tuple(result for result in self.results.get(name, ()) if result.at <= now)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
        dead = before.incarnation if before.pid else after.incarnation
        output, own_lines = self._output_of(name, dead)
        incident = Incident(
            id=self._store.name(name, stamp, self._dirty),
            program=name,
            incarnation=dead,
            pid=before.pid,
            cause=cause,
            at=now,
            reason=reason_of(before, after),
            promised=noticing.promise_of(after, cause),
            began=None if before.started_at is None else self._wall_time(before.started_at),
            exit=exit_of(before, after),
            last_well=next((result.at for result in reversed(results) if result.ok), None),
            probes=results,
            output=output,
            own_lines=own_lines,
            drill=name in self.rehearsed,
        )
        self.latest[name] = incident.id
        return incident

    def _complete(self, name: str, exit: dict[str, Any] | None) -> None:
        """Nothing of it lives: its last output is written, and how it ended is known."""

        def complete(incident: Incident) -> Incident:
            if incident.repeats:
                return incident  # the first failure is the one that is told
            output, own = self._output_of(name, incident.incarnation)
            return replace(incident, output=output, own_lines=own, exit=incident.exit or exit)

        self._change_latest(name, complete)

    def _take_evidence(self, name: str, seen: Sequence[dict[str, Any]], seconds: float) -> None:
        processes = tuple(seen)

        def attach(incident: Incident) -> Incident:
            if incident.processes:
                return incident
            return replace(incident, processes=processes, examined_in=round(seconds, 3))

        self._change_latest(name, attach)

    # --- keeping

    def _change(self, name: str, change: Callable[[Incident], Incident]) -> None:
        opened = self._open.get(name, [])
        opened[:] = [change(incident) for incident in opened]
        self._dirty.update({incident.id: incident for incident in opened})

    def _change_latest(self, name: str, change: Callable[[Incident], Incident]) -> None:
        opened = self._open.get(name)
        if opened:
            opened[-1] = change(opened[-1])
            self._dirty[opened[-1].id] = opened[-1]

    def _write(self, incident: Incident) -> None:
        try:
            self._store.write(incident, time.time())
        except OSError as error:
            self._on_trouble(f"incident {incident.id} cannot be kept: {error.strerror or error}")


def reason_of(before: Program, after: Program) -> str:
    """Why it is ended, or how it ended."""
    if after.last_exit is not before.last_exit and after.last_exit and after.last_exit.detail:
        return after.last_exit.detail
    return after.reason


def exit_of(before: Program, after: Program) -> dict[str, Any] | None:
    """How it ended, if this step told."""
    return exit_fields(after) if after.last_exit is not before.last_exit else None


def exit_fields(program: Program) -> dict[str, Any] | None:
    """The last exit as plain data."""
    if program.last_exit is None:
        return None
    exit = program.last_exit
    return {"code": exit.code, "signal": exit.signal, "text": exit.detail}


def with_moment(incident: Incident, moment: Moment) -> Incident:
    """The next moment of the story. Of a long one the beginning is kept, and the present."""
    timeline = incident.timeline
    if len(timeline) >= MOST_MOMENTS:
        timeline = (*timeline[: MOST_MOMENTS // 2], *timeline[-MOST_MOMENTS // 2 + 1 :])
    return replace(incident, timeline=(*timeline, moment))
