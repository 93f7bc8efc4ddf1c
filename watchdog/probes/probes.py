"""Runs the probes that the core asks for, each alone and under a deadline of its own.

What it keeps true: every probe that was asked for and not stopped is answered by exactly one
Probed; none waits for another; whatever a target does, the answer comes within the timeout.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from watchdog.core.events import Event, Probed
from watchdog.core.model import Role
from watchdog.probes.attempt import Attempt, Check, ProbeTarget, Surroundings, Verdict
from watchdog.probes.names import Resolver
from watchdog.probes.text import brief, keep_as_is, one_line

Post = Callable[[str, Event], None]
Redact = Callable[[str], str]
Key = tuple[str, int]  # program, incarnation

# A timer of a loop that runs freely fires within a few milliseconds of its time. One that is later
# than this many seconds tells that the watchdog itself did not run.
PAUSE = 0.1


class Probes:
    """The probes of all programs: their targets, and those under way."""

    def __init__(self, post: Post, redact: Redact = keep_as_is) -> None:
        self._post = post
        self._redact = redact
        self._resolver = Resolver()
        self._targets: dict[str, Mapping[Role, ProbeTarget]] = {}
        self._surroundings: dict[str, Surroundings] = {}
        self._flights: dict[Key, set[_Flight]] = {}
        self._memories: dict[Key, dict[str, int]] = {}

    def configure(
        self,
        program: str,
        targets: Mapping[Role, ProbeTarget],
        surroundings: Surroundings | None = None,
    ) -> None:
        """What to probe from now on; probes under way are left alone. Commands run in the
        surroundings."""
        self._targets[program] = dict(targets)
        self._surroundings[program] = surroundings or Surroundings()

    def forget(self, program: str) -> None:
        """The program is no longer configured."""
        self._targets.pop(program, None)
        self._surroundings.pop(program, None)
        for key in [key for key in {**self._flights, **self._memories} if key[0] == program]:
            self.stop(*key)

    def probe(self, program: str, incarnation: int, role: Role, timeout: float) -> None:
        """Run one probe; exactly one Probed is posted within `timeout` seconds, never at once."""
        flights = self._flights.setdefault((program, incarnation), set())

        def land(flight: _Flight, verdict: Verdict, latency: float) -> None:
            self._remove((program, incarnation), flight)
            self._post(program, self._report(incarnation, role, verdict, latency))

        target = self._targets.get(program, {}).get(role)
        around = self._surroundings.get(program, Surroundings())
        memory = self._memories.setdefault((program, incarnation), {})
        attempt = Attempt(around, self._resolver, timeout, memory)
        flights.add(_Flight(target, attempt, timeout, land))

    def stop(self, program: str, incarnation: int) -> None:
        """Abandon the probes of this incarnation that are under way; nothing more is posted."""
        self._memories.pop((program, incarnation), None)
        for flight in self._flights.pop((program, incarnation), ()):
            flight.abandon()

    def close(self) -> None:
        """Abandon everything."""
        for key in {**self._flights, **self._memories}:
            self.stop(*key)

    def _report(self, incarnation: int, role: Role, verdict: Verdict, latency: float) -> Probed:
        return Probed(
            incarnation,
            role,
            verdict.ok,
            one_line(self._redact(verdict.reason)),
            latency,
            one_line(self._redact(verdict.note)),
            verdict.rival,
            verdict.fatal,
        )

    def _remove(self, key: Key, flight: _Flight) -> None:
        self._flights[key].discard(flight)
        if not self._flights[key]:
            del self._flights[key]


class _Flight:
    """One probe under way. It ends once: by a verdict, at its deadline, or abandoned."""

    def __init__(
        self,
        target: ProbeTarget | None,
        attempt: Attempt,
        timeout: float,
        land: Callable[[_Flight, Verdict, float], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._attempt = attempt
        self._timeout = timeout
        self._land = land
        self._began = self._loop.time()
        self._timer = self._loop.call_at(self._began + timeout, self._overdue)
        self._task = self._loop.create_task(_check(target, attempt))
        self._task.add_done_callback(self._arrived)

    def abandon(self) -> None:
        """End it without a verdict."""
        self._timer.cancel()
        self._task.remove_done_callback(self._arrived)
        self._task.cancel()

    def _arrived(self, task: asyncio.Task[Verdict]) -> None:
        self._timer.cancel()
        self._land(self, _outcome(task), self._loop.time() - self._began)

    def _overdue(self) -> None:
        # The watchdog may have been stopped, or its machine suspended, or its loop blocked. Then
        # nobody looked at the socket, perhaps nobody even sent the request, and the program is not
        # to blame: the time that was lost is given back, once, and whatever lies in the socket is
        # read first. Without this, a laptop that wakes up would kill every healthy program.
        late = self._loop.time() - self._timer.when()
        if late > PAUSE:
            again = self._loop.time() + min(late, self._timeout)
            self._timer = self._loop.call_at(again, self._expire)
        else:
            self._expire()

    def _expire(self) -> None:
        self.abandon()
        attempt = self._attempt
        reason = f"{attempt.waiting} within {brief(self._timeout)}"
        if attempt.detail:
            reason = f"{reason}: {attempt.detail}"
        verdict = Verdict(True, note=reason) if attempt.excused else Verdict(False, reason)
        self._land(self, verdict, self._loop.time() - self._began)


async def _check(target: ProbeTarget | None, attempt: Attempt) -> Verdict:
    check = _kind(target.kind) if target else None
    if not target or not check:
        return Verdict(False, "no such probe is configured")
    return await check(target, attempt)


def _kind(kind: str) -> Check | None:
    """The check of this kind, loaded when it is first needed."""
    if kind == "http":
        from watchdog.probes import http

        return http.check
    if kind == "tcp":
        from watchdog.probes import tcp

        return tcp.check
    if kind == "exec":
        from watchdog.probes import exec

        return exec.check
    if kind == "telegram":
        from watchdog.probes import telegram

        return telegram.check
    return None


def _outcome(task: asyncio.Task[Verdict]) -> Verdict:
    """The verdict; a fault of our own must not leave the core without an answer."""
    if task.cancelled():
        return Verdict(False, "the probe was cancelled")
    if error := task.exception():
        return Verdict(False, f"the probe itself failed: {type(error).__name__}: {error}")
    return task.result()
