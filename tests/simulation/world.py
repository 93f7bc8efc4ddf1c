"""A world with a virtual clock, in which the real `Fleet` runs.

The world plays every adapter: it executes effects after delays drawn from a seeded generator, and
reports events. What it guarantees is what the adapters guarantee: of one incarnation, Spawned (or
SpawnFailed) is the first report, Exited comes before TreeEmpty, and the reports on one claim come
in order. Beyond that anything may be late, or come twice.

Time passes only from one entry of the queue to the next, so a day takes seconds.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable
from random import Random
from typing import Any

from tests.simulation import judge, rolls
from tests.simulation.claims import Claims
from tests.simulation.hooks import Hooks
from tests.simulation.ledger import Broken, Ledger
from tests.simulation.processes import Processes
from watchdog.core import effects as wanted
from watchdog.core import events
from watchdog.core.effects import Effect
from watchdog.core.events import Event
from watchdog.core.fleet import Fleet
from watchdog.core.model import Moment, Outcome, Policy, State
from watchdog.core.program import Program

TWICE = (
    events.Spawned,
    events.SpawnFailed,
    events.Exited,
    events.TreeEmpty,
    events.Overweight,
    events.Notified,
    events.Examined,
    events.HookDone,
)
"""What may be delivered twice, the second time late. (A probe has exactly one result.)"""

PATIENCE = 50  # reminders for one program at one moment; more would be an endless loop


class Asked:
    """A request that somebody typed."""

    def __init__(self, name: str, event: events.Request, at: float) -> None:
        self.name = name
        self.at = at
        self.event = event
        self.answer: wanted.Answer | None = None


class World:
    """Everything outside the core."""

    def __init__(self, policies: Iterable[Policy], seed: int | str, trace: bool = False) -> None:
        self.rng = Random(seed)
        self.now = 0.0
        self.paused = 0.0  # how long the watchdog did not run, altogether
        self.calm = False  # no more faults: locks are free, spawns work, processes are well
        self.leaving = False  # shutdown was asked for, or a program's end asked for it
        self.hurried = False
        self.finished: int | None = None
        self.faults = 0
        self.steps = 0
        self.lines: list[str] | None = [] if trace else None
        policies = list(policies)
        self.may_end_itself = any(policy.restart.then == "exit" for policy in policies)
        self.fleet = Fleet(policies, self._observe)
        self.ledgers = {policy.name: Ledger(policy, 0.0) for policy in policies}
        self.requests: dict[int, Asked] = {}
        self.rolls: dict[int, rolls.Rolling] = {}  # by the requests that belong to them
        self.claims = Claims(self)
        self.processes = Processes(self)
        self.hooks = Hooks(self)
        self._queue: list[tuple[float, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = 0
        self._changed: dict[str, None] = {}
        self._perform: dict[type[Effect], Callable[[Any, Ledger, Event | None], None]] = {
            wanted.Acquire: self.claims.acquire,
            wanted.Release: self.claims.release,
            wanted.Spawn: self.processes.spawn,
            wanted.RunHook: self.hooks.run,
            wanted.EndHook: self.hooks.end,
            wanted.Signal: self.processes.signal,
            wanted.Examine: self.processes.examine,
            wanted.Kill: self.processes.kill,
            wanted.Probe: self.processes.probe,
            wanted.StopProbing: lambda effect, ledger, event: None,
            wanted.Answer: self._answered,
            wanted.Remove: self._removed,
        }

    # --- time

    def at(self, when: float, do: Callable[..., None], *args: Any) -> None:
        """Have something happen later."""
        self._order += 1
        heapq.heappush(self._queue, (when, self._order, do, args))

    def run_until(self, when: float) -> None:
        """Let everything happen that happens up to then."""
        queue = self._queue
        while queue and queue[0][0] <= when:
            at, _, do, args = heapq.heappop(queue)
            if at > self.now:
                self.now = at
            do(*args)
        self.now = max(self.now, when)

    def pause(self, seconds: float) -> None:
        """The watchdog gets no time: all that was due meanwhile comes late."""
        self.now += seconds
        self.paused += seconds

    def moment(self) -> Moment:
        """Time and chance, as the driver supplies them."""
        return Moment(self.now, self.rng.random())

    # --- events and effects

    def post(self, name: str, event: Event, when: float) -> None:
        """Deliver an event then; perhaps twice."""
        self.at(when, self.deliver, name, event)
        ledger = self.ledgers[name]
        if ledger.doubles and isinstance(event, TWICE):
            ledger.doubles -= 1
            self.at(when + self.rng.random() * 2, self.deliver, name, event)

    def deliver(self, name: str, event: Event) -> None:
        """Tell the core, and do what it wants."""
        self.note("event ", name, event)
        ledger = self.ledgers[name]
        judge.hear(self, ledger, event)
        self.perform(self.fleet.handle(name, event, self.moment()), event, name)
        judge.check_after(ledger, event)

    def perform(self, effects: list[Effect], event: Event | None, name: str = "") -> None:
        """Execute effects in order; then look when the core wants to be woken next.

        Where an event to the program `name` has effects on others, it is not their event.
        """
        self.steps += 1
        for effect in effects:
            self.note("effect", effect.program, effect)
            if isinstance(effect, wanted.Finish):
                self._finish(effect)
            elif isinstance(effect, wanted.RollOver):
                rolls.check_over(self, effect)
            else:
                own = event if effect.program == name else None
                self._perform[type(effect)](effect, self.ledgers[effect.program], own)
        changed, self._changed = self._changed, {}
        for name in changed:
            self._wake(name)
            judge.check_state(self, self.ledgers[name], self.fleet.programs.get(name))

    def ask(self, name: str, make: Callable[[int], events.Request]) -> int:
        """Note a request, of which the answer is due; its number."""
        number = len(self.requests) + 1
        self.requests[number] = Asked(name, make(number), self.now)
        return number

    def note(self, what: str, name: str, value: object) -> None:
        """One line of the trace, if there is one."""
        if self.lines is not None:
            self.lines.append(f"{self.now:10.3f} {what} {name or '-':2} {value}")

    # --- inside

    def _observe(self, before: Program, event: Event, after: Program) -> None:
        name = after.policy.name
        self._changed[name] = None
        if before.state is after.state:
            return
        ledger = self.ledgers[name]
        if self.lines is not None:
            self.note("state ", name, f"{before.state} -> {after.state} ({after.reason})")
        if after.state is State.RUNNING:
            judge.note_running(self, ledger)
        if before.state is State.STOPPED:
            ledger.began = self.now

    def _wake(self, name: str) -> None:
        at, ledger = self.fleet.earliest(name), self.ledgers[name]
        if at != ledger.wake_at:
            ledger.wake_at = at
            if at is not None:
                self.at(at, self._remind, name, at)

    def _remind(self, name: str, at: float) -> None:
        """The timer that was set for then; nobody's, if it was set anew meanwhile."""
        ledger = self.ledgers[name]
        if at != ledger.wake_at:
            return None
        ledger.wake_at = None
        for _ in range(PATIENCE):
            event = self.fleet.due(name, self.now)
            if event is None:
                return self._wake(name)
            self.deliver(name, event)
        raise Broken("endless", f"{name} has always something due at {self.now}: {event}")

    def _answered(self, effect: wanted.Answer, ledger: Ledger, event: Event | None) -> None:
        asked = self.requests.get(effect.request)
        if asked is None or asked.answer is not None:
            raise Broken("answers", f"{effect} answers nothing, or a second time")
        asked.answer = effect
        ledger.open_stops.discard(effect.request)
        down = isinstance(asked.event, events.Stop)
        if (
            down
            and effect.outcome in (Outcome.DONE, Outcome.NOT_RUNNING)
            and effect.request > ledger.want_order
        ):
            ledger.want, ledger.want_order = False, effect.request
            ledger.want_after = False
        judge.check_answer(self, ledger, asked.event, effect)
        rolls.check_answer(self, ledger, effect)
        if effect.request in ledger.open_restarts:
            ledger.open_restarts.discard(effect.request)
            ledger.asked = ledger.asked or effect.outcome is Outcome.WAITING

    def _removed(self, effect: wanted.Remove, ledger: Ledger, event: Event | None) -> None:
        judge.check_removal(self, ledger)
        ledger.leaving = ledger.configured = False
        ledger.want = False
        if ledger.successor is not None:
            self.join(ledger, ledger.successor, ledger.want_after)
            ledger.successor = None

    def join(self, ledger: Ledger, policy: Policy, want: bool) -> None:
        """The program is in the configuration (again)."""
        ledger.policy, ledger.configured, ledger.asked = policy, True, True
        ledger.want = want and not self.is_leaving()
        ledger.began = self.now
        ledger.last_ready = self.now  # whoever started while it was absent did not have to wait
        ledger.may_rest = False

    def is_leaving(self) -> bool:
        """Whether the watchdog is on its way out: asked to, or because `then` is "exit"."""
        return self.leaving or self.fleet.exit_code is not None

    def _finish(self, effect: wanted.Finish) -> None:
        judge.check_finish(self)
        self.finished = effect.code
