"""Brings news to the outbox. It looks a moment after something happened, so that no restart waits
for it, and only then writes; sending is a process of its own.

`<state>/alerts/cases.json` has the open cases, so that a recovery is told also by the next
watchdog; `running` is there as long as a watchdog is, and so tells the next one of a sudden end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from watchdog.alerts import desk, words
from watchdog.alerts.courier import Courier
from watchdog.alerts.desk import Case, Failure
from watchdog.alerts.model import Alert, News, Rules, Task
from watchdog.alerts.outbox import Outbox, read, write
from watchdog.config.model import AlertsConfig
from watchdog.core.events import Probed
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.daemon import tidings
from watchdog.daemon.clock import wall_time
from watchdog.daemon.herald import Sources
from watchdog.incidents.noticing import is_well

SOON = 0.1
"""Seconds from what happened to the look at it: by then its incident is noted."""

PEACE = 60.0
"""Seconds without a rival after which a conflict is over."""

Key = tuple[str, str]  # topic, program


class Crier:
    """The open cases, and the way out. Needs a running loop."""

    def __init__(self, config: AlertsConfig, state: Path, sources: Sources) -> None:
        self._rules = Rules(config.on, config.after, config.repeat)
        self._sources = sources
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(state / "alerts")
        self._courier = Courier(task_of(config), self._outbox, sources.say)
        self._cases = self._recall()  # before the first step of a program is told
        self._news: list[News] = []  # what needs no case, not told yet
        self._adopted: list[str] = []
        self._timer: asyncio.TimerHandle | None = None
        self._is_up = False
        self._trouble = ""

    # --- what it is told

    def observe(self, before: Program, after: Program) -> None:
        """One step of a program."""
        name, key = after.policy.name, ("down", after.policy.name)
        failure = tidings.failure_in(before, after)
        if failure is not None and not self._sources.is_rehearsed(name):
            self._fail(key, failure)
        elif key in self._cases:
            self._follow(key, after)
        if ("conflict", name) in self._cases and tidings.is_left(after):
            self._change(("conflict", name), desk.leave)
        self._note_arrival(before, after)

    def probed(self, name: str, event: Probed) -> None:
        """A probe came back: perhaps it saw somebody else at work."""
        key = ("conflict", name)
        if event.rival:
            self._fail(key, Failure(event.note, urgent=True, settle=PEACE, counted=0))
        elif event.ok and key in self._cases:
            self._change(key, lambda case: desk.recover(case, self._loop.time()))

    def journaled(self, event: str, fields: dict[str, Any]) -> None:
        """A line went into the journal: drills are told there."""
        if event == "drill" and fields.get("phase") == "over":
            name, text = fields["program"], tidings.tell_drill(fields)
            self._tell(News("drill", "once", name, reason=text))

    def begin(self, anew: bool) -> None:
        """The watchdog is up: go on with what an earlier one left."""
        try:
            self._outbox.prepare()
            gone = anew and not self._enter()
        except OSError as error:
            self._complain(error)
            gone = False
        self._resume()
        if gone:
            self._tell(News("watchdog", "once", reason=self._tell_absence()))
        self._is_up = True
        self._arm()
        if not self._outbox.is_empty():
            self._courier.rouse()

    def end(self) -> None:
        """The watchdog ends, as it should: tell what is due, and take the sign down."""
        self._look()
        with contextlib.suppress(OSError):
            self._sign.unlink()

    def close(self) -> None:
        """No more."""
        if self._timer is not None:
            self._timer.cancel()
        self._courier.close()

    # --- cases

    def _follow(self, key: Key, after: Program) -> None:
        if tidings.is_left(after):
            self._hurry(key)
            self._change(key, desk.leave)
        elif is_well(after):
            self._change(key, lambda case: desk.recover(case, self._loop.time()))

    def _fail(self, key: Key, failure: Failure) -> None:
        topic, name = key
        known, now = self._cases.get(key), self._loop.time()
        case = desk.fail(known, name, "down" if topic == "down" else "conflict", failure, now)
        self._cases[key] = case
        if case != known:
            self._arm()

    def _change(self, key: Key, change: Any) -> None:
        case = self._cases[key]
        self._cases[key] = change(case)
        if self._cases[key] != case:
            self._arm()

    def _hurry(self, key: Key) -> None:
        """What is urgent is told also if nobody wants the program up any more."""
        at = desk.due(self._cases[key], self._rules)
        if at is not None and at <= self._loop.time() and self._cases[key].urgent:
            self._decide(key, self._loop.time())

    def _note_arrival(self, before: Program, after: Program) -> None:
        name = after.policy.name
        if tidings.was_adopted(before, after) and not self._is_up:
            self._adopted.append(name)
            text = f"{name} ran on while no watchdog did. It was adopted as pid {after.pid}."
            self._tell(News("adopted", "once", name, reason=text))
        if tidings.took_over(before, after):
            text = f"{name} took over: it runs here now. It had been standing by: {before.reason}."
            self._tell(News("standby", "once", name, reason=text))

    def _tell(self, news: News) -> None:
        if news.kind in self._rules.on:
            self._news.append(news)
            self._arm()

    # --- time

    def _arm(self) -> None:
        """Have `_look` called when the next thing is due, and never at once."""
        if not self._is_up:
            return
        due = [desk.due(case, self._rules) for case in self._cases.values()]
        times = [at for at in due if at is not None] + [0.0] * bool(self._news)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if times:
            at = max(min(times), self._loop.time() + SOON)
            self._timer = self._loop.call_at(at, self._look)

    def _look(self) -> None:
        now = self._loop.time()
        for key, case in list(self._cases.items()):
            at = desk.due(case, self._rules)
            if at is not None and at <= now:
                self._decide(key, now)
        news, self._news = self._news, []
        for one in news:
            self._publish(one, "")
        self._save()
        self._arm()

    def _decide(self, key: Key, now: float) -> None:
        case, news = desk.decide(self._cases[key], self._rules, now)
        opener = self._cases.pop(key).alert
        alert = "" if news is None else self._publish(news, opener)
        if case is not None:
            self._cases[key] = replace(case, alert=opener or alert)

    # --- the way out

    def _publish(self, news: News, opener: str) -> str:
        """Put it into the outbox; the id."""
        incident = self._sources.incident_of(news.program) or ""
        lasted = self._loop.time() - news.since
        text = words.tell(news, clock_of(wall_time(news.since)), lasted, incident)
        alert = Alert(
            id=self._outbox.name(),
            kind=news.kind,
            phase="lasts" if news.phase == "begins" and opener else news.phase,
            at=time.time(),
            text=self._sources.redact(text),
            program=news.program,
            opener=opener,
        )
        try:
            self._outbox.add(alert)
        except OSError as error:
            self._complain(error)
            return alert.id
        self._trouble = ""
        self._courier.rouse()
        return alert.id

    def _complain(self, error: OSError) -> None:
        trouble = f"alerts: nothing can be kept in {self._outbox.place}: {error.strerror}"
        if trouble != self._trouble:
            self._sources.say(trouble)
        self._trouble = trouble

    # --- what outlives us

    def _save(self) -> None:
        """The open cases, their times on the clock that the next watchdog has, too."""
        shift = wall_time(0.0)
        with contextlib.suppress(OSError):
            write(self._book, [shifted(case, shift) for case in self._cases.values()])

    def _recall(self) -> dict[Key, Case]:
        """The open cases of an earlier watchdog."""
        shift = wall_time(0.0)
        kept = read(self._book, list[Case]) or []
        return {(case.topic, case.program): shifted(case, -shift) for case in kept}

    def _resume(self) -> None:
        """Some may have ended meanwhile, without a step that was told."""
        for key in list(self._cases):
            program = self._sources.fleet.programs.get(key[1])
            if program is None:
                self._change(key, desk.leave)
            elif key[0] == "down" and program.state is not State.STOPPED:
                self._follow(key, program)

    def _enter(self) -> bool:
        """Leave a sign that we run; False if an earlier watchdog left its own."""
        try:
            os.close(os.open(self._sign, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        return True

    def _tell_absence(self) -> str:
        """That the watchdog was gone, and for how long."""
        text = "The watchdog had ended unexpectedly, and is back."
        seen, count = self._sources.last_sign, len(self._adopted)
        if seen is not None and seen < time.time():
            gone = words.span(time.time() - seen)
            text += f" It was last seen at {clock_of(seen)}: it was gone for at most {gone}."
        noun = "program that had run on was" if count == 1 else "programs that had run on were"
        return f"{text} {count} {noun} adopted." if count else text

    @property
    def _book(self) -> Path:
        return self._outbox.place / "cases.json"

    @property
    def _sign(self) -> Path:
        return self._outbox.place / "running"


def task_of(config: AlertsConfig) -> Task:
    """What the sender is told."""
    return Task(config.urls, config.group, config.limit, words.host_title(config.title))


def shifted(case: Case, seconds: float) -> Case:
    """The case with its times on another clock."""
    well = None if case.well_since is None else case.well_since + seconds
    return replace(
        case, since=case.since + seconds, well_since=well, told_at=case.told_at + seconds
    )


def clock_of(at: float) -> str:
    """A time as people read it: with the date, unless that is today's."""
    then, now = time.localtime(at), time.localtime()
    today = then[:3] == now[:3]
    return time.strftime("%H:%M:%S" if today else "%Y-%m-%d %H:%M:%S", then)
