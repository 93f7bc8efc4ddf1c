"""All programs together: dependencies, stopping in order, leaving.

A `Fleet` holds the programs and passes each event to `machine.step`. What it adds is only what one
program cannot know: whether its dependencies are ready, whose turn it is to stop, and when the last
one is down. It does no I/O and reads no clock: like the machine, it is driven by events and answers
with effects. `observe` is told of every step, for the journal.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from watchdog.core import drains, ordering
from watchdog.core.answers import answer_later, answer_superseded, refuse
from watchdog.core.dependencies import (
    Askers,
    are_related,
    ask_anew,
    find_dependents,
    invert_dependencies,
    looks_different,
)
from watchdog.core.drains import Drain, Drains
from watchdog.core.effects import Acquire, Effect, Finish, Quit, Release, Remove
from watchdog.core.events import Event, Hurry, Restart, Retuned, Start, Stop
from watchdog.core.machine import step
from watchdog.core.model import Moment, Need, Policy
from watchdog.core.plans import Plans, Successor
from watchdog.core.program import Program, follow
from watchdog.core.rolling import Roll, Rolls

Observer = Callable[[Program, Event, Program], None]


class Fleet:
    """Every program of one watchdog."""

    def __init__(self, policies: Iterable[Policy], observe: Observer | None = None) -> None:
        self.programs = {policy.name: Program(policy) for policy in policies}
        self.observe = observe
        self.exit_code: int | None = None  # set once the watchdog is leaving
        self._drains = Drains()
        self._rolls = Rolls()
        self._leaving: set[str] = set()  # removed from the configuration, to be forgotten when down
        self._successors: dict[str, Successor] = {}  # who takes the place of one that leaves
        # The last incarnation and claim of who was forgotten: a late event must not find another.
        self._numbers: dict[str, tuple[int, int]] = {}
        self._inbox: deque[tuple[str, Event]] = deque()
        self._askers = Askers()
        self._finished = False
        self._dependents = invert_dependencies(self._policies())

    # --- what happens

    def handle(self, name: str, event: Event, moment: Moment) -> list[Effect]:
        """Let one event happen to one program, and all that follows from it inside the fleet."""
        self._inbox.append((name, event))
        return self._settle(moment)

    def start_all(self, moment: Moment) -> list[Effect]:
        """Start every program that starts by itself, dependencies first."""
        for name in ordering.start_order(self._policies()):
            if self.programs[name].policy.autostart:
                self._inbox.append((name, Start(0)))
        return self._settle(moment)

    def start(self, requests: dict[str, int], moment: Moment) -> list[Effect]:
        """Start these programs, dependencies first; each has the number of its request, or 0."""
        self._start_in_order(requests)
        return self._settle(moment)

    def stop(self, requests: dict[str, int], moment: Moment) -> list[Effect]:
        """Stop these programs in order; each has the number of the request it answers, or 0."""
        return self._drain(requests) + self._settle(moment)

    def restart(self, requests: dict[str, int], moment: Moment) -> list[Effect]:
        """Restart these programs; in order, if one of them depends on another.

        In order is: whoever depends on others stops first, and once all are down they start again,
        each when what it depends on is ready.
        """
        free = [name for name in requests if name in self.programs and name not in self._leaving]
        ordered = self.exit_code is None and are_related(self._dependents, free)
        at_once = [name for name in requests if not ordered or name not in free]
        self._inbox.extend((name, Restart(requests[name])) for name in at_once)
        answers = self._restart_in_order({n: requests[n] for n in free}) if ordered else []
        return answers + self._settle(moment)

    def roll(self, roll: Roll, moment: Moment) -> list[Effect]:
        """Restart programs one after the other, each when the one before is ready."""
        return self._rolls.begin(roll) + self._settle(moment)

    def with_dependents(self, names: Iterable[str]) -> list[str]:
        """These programs, and those that are wanted up and depend on them, through others too."""
        chosen = list(names)
        others = find_dependents(self._dependents, chosen)
        order = ordering.start_order(self._policies())
        return chosen + [name for name in order if name in others and self.programs[name].wanted]

    def shut_down(self, code: int, moment: Moment) -> list[Effect]:
        """Stop everything in order; Finish follows. The first caller's exit code counts."""
        return self._leave(code) + self._settle(moment)

    def hurry(self, moment: Moment) -> list[Effect]:
        """No more grace for whoever is being stopped, nor for whoever is to be stopped later."""
        self._inbox.extend(self._drains.hurry())
        for name in self.programs:
            self._inbox.append((name, Hurry()))
        return self._settle(moment)

    def add(self, policy: Policy, moment: Moment, request: int = 0) -> list[Effect]:
        """A program that a reload brought; where a request wants it, it is started in any case."""
        wanted = policy.autostart or request > 0
        if policy.name in self.programs:  # an earlier reload took it away, and it is not down yet
            answers = answer_later(policy.name, request)
            return answers + self._succeed(Successor(policy, wanted), moment)
        incarnation, claim = self._numbers.pop(policy.name, (0, 0))
        self.programs[policy.name] = Program(policy, incarnation=incarnation, claim=claim)
        self._dependents = invert_dependencies(self._policies())
        return self.handle(policy.name, Start(request), moment) if wanted else []

    def remove(self, requests: dict[str, int], moment: Moment) -> list[Effect]:
        """Programs that a reload took away: stop them in order, then forget them (Remove).

        Each has the number of the request that it answers, or 0.
        """
        known = {name for name in requests if name in self.programs}
        self._leaving |= known
        for name in known:
            self._successors.pop(name, None)
        return self.stop(requests, moment) if requests else []

    def replace(self, policy: Policy, moment: Moment) -> list[Effect]:
        """A program that a reload changed so that its process would notice.

        It is stopped and forgotten (Remove), and comes back under the new policy if it was wanted.
        """
        earlier = self._successors.get(policy.name)
        wanted = earlier.wanted if earlier else self.programs[policy.name].wanted
        wanted = wanted or self._drains.restarts(policy.name)
        return self._succeed(Successor(policy, wanted), moment)

    def retune(self, policy: Policy, moment: Moment) -> list[Effect]:
        """A program that a reload changed, without its process having to notice."""
        effects = self.handle(policy.name, Retuned(policy), moment)
        self._dependents = invert_dependencies(self._policies())
        return effects

    # --- going on in a new version of the watchdog

    def plans(self) -> Plans:
        """What is still to be done, beside what stands in the programs."""
        leaving, drains, rolls = sorted(self._leaving), self._drains.pack(), self._rolls.pack()
        return Plans(drains, leaving, self._successors, self._numbers, rolls)

    def take_over(self, programs: dict[str, Program], plans: Plans, moment: Moment) -> list[Effect]:
        """Go on where another fleet ended; whoever waits asks anew for what it waits for."""
        self.programs |= programs
        self._drains, self._rolls = drains.unpack(plans.drains), Rolls(plans.rolls)
        self._leaving, self._successors = set(plans.leaving), plans.successors
        self._numbers = plans.numbers
        self._dependents = invert_dependencies(self._policies())
        asked = [effect for program in programs.values() for effect in ask_anew(program)]
        return [kept for effect in asked for kept in self._keep(effect)] + self._settle(moment)

    # --- when to come back

    def due(self, name: str, now: float) -> Event | None:
        """What is due for this program now."""
        program = self.programs.get(name)
        return self._rolls.due(program, now) if program else None

    def earliest(self, name: str) -> float | None:
        """When something will be due for this program; None is never."""
        program = self.programs.get(name)
        return self._rolls.earliest(program) if program else None

    # --- inside

    def _policies(self) -> dict[str, Policy]:
        return {name: program.policy for name, program in self.programs.items()}

    def _succeed(self, successor: Successor, moment: Moment) -> list[Effect]:
        name = successor.policy.name
        self._successors[name] = successor
        self._leaving.add(name)
        return self.stop({name: 0}, moment)

    def _drain(self, requests: dict[str, int]) -> list[Effect]:
        known = [name for name in requests if name in self.programs]
        unknown = [name for name in requests if name not in self.programs]
        answers = self._forget_restarts(known, "it was stopped meanwhile")
        self._inbox.extend((name, Stop(requests[name])) for name in unknown)
        stages = ordering.stop_stages(self._policies(), known)
        self._drains.add(Drain(stages, requests))
        return answers

    def _restart_in_order(self, requests: dict[str, int]) -> list[Effect]:
        answers = self._overtake(requests, "it was restarted meanwhile")
        stages = ordering.stop_stages(self._policies(), requests)
        self._drains.add(Drain(stages, dict.fromkeys(requests, 0), again=requests))
        return answers

    def _overtake(self, names: Iterable[str], text: str) -> list[Effect]:
        """Stops in order that have not reached these pass them by; so do restarts in order."""
        return [
            answer
            for name in names
            for answer in answer_superseded(name, self._drains.overtake(name), text)
        ]

    def _forget_restarts(self, names: Iterable[str], text: str) -> list[Effect]:
        """Restarts in order that are under way do not start these again."""
        overtaken = [(name, self._drains.forget_restart(name)) for name in names]
        return [a for name, who in overtaken for a in answer_superseded(name, who, text)]

    def _leave(self, code: int) -> list[Effect]:
        if self.exit_code is not None:
            return []
        self.exit_code = code
        told = self._rolls.abandon("the watchdog is shutting down")
        return told + self._drain(dict.fromkeys(self.programs, 0))

    def _settle(self, moment: Moment) -> list[Effect]:
        """Work until nothing follows from anything any more."""
        effects: list[Effect] = []
        while True:
            while self._inbox or self._go_on():
                name, event = self._inbox.popleft()
                effects += self._step(name, event, moment)
            effects += self._roll_on(moment)
            farewells = self._farewells()
            effects += farewells
            if not (self._inbox or self._askers or farewells):
                return effects

    def _step(self, name: str, event: Event, moment: Moment) -> list[Effect]:
        before = self.programs.get(name)
        if before is None:
            return refuse(name, event, f"there is no program {name}")
        if isinstance(event, Start | Restart):
            if self.exit_code is not None:
                return refuse(name, event, "the watchdog is shutting down")
            if name in self._leaving:
                return refuse(name, event, "a reload is removing or replacing it")
        if isinstance(event, Stop) and event.request and name in self._successors:
            self._successors[name].wanted = False
        spared = self._spare(name, event)
        after, effects = step(before, event, moment)
        if after is before:
            return spared
        self.programs[name] = after
        if self.observe:
            self.observe(before, event, after)
        if name in self._dependents and looks_different(before, after):
            self._tell_dependents(name)
        return spared + [kept for effect in effects for kept in self._keep(effect)]

    def _spare(self, name: str, event: Event) -> list[Effect]:
        """Somebody overtakes what is to come: a stop in order, or the start that ends a restart."""
        if isinstance(event, Start | Restart) and event.request:
            return self._overtake([name], "it was started meanwhile")
        if isinstance(event, Stop) and event.request:
            return self._forget_restarts([name], "it was stopped meanwhile")
        return []

    def _keep(self, effect: Effect) -> list[Effect]:
        """Serve the effects that are the fleet's own business, and pass on the others."""
        match effect:
            case Acquire(name, Need.DEPENDENCIES, claim):
                self._askers.ask(name, claim)
            case Release(_, Need.DEPENDENCIES):
                pass
            case Quit(_, code):
                return self._leave(code)
            case _:
                return [effect]
        return []

    def _tell_dependents(self, name: str) -> None:
        for other in self._dependents.get(name, ()):
            program = self.programs.get(other)
            if program is not None and Need.DEPENDENCIES in program.barred_by:
                self._askers.ask(other, program.claim)

    def _go_on(self) -> bool:
        """Tell one who asked how its dependencies are, or let a drain go on; False if none can."""
        if self._askers.tell(self.programs, self._inbox):
            return True
        self._inbox.extend(self._drains.next_stops(self._is_settled))
        if not self._inbox:
            self._start_in_order(self._drains.finish(self._is_settled))
        return bool(self._inbox)

    def _roll_on(self, moment: Moment) -> list[Effect]:
        """Let rolling restarts go on, as far as they may."""
        names, told = self._rolls.advance(self.programs, self._successors, moment.now)
        self._inbox.extend((name, Restart(0)) for name in names)
        return told

    def _start_in_order(self, requests: dict[str, int]) -> None:
        """Dependencies first: nobody is then told that it waits for one that is STOPPED."""
        if not requests:
            return
        order = [name for name in ordering.start_order(self._policies()) if name in requests]
        unknown = [name for name in requests if name not in self.programs]
        self._inbox.extend((name, Start(requests[name])) for name in (*order, *unknown))

    def _is_settled(self, name: str) -> bool:
        """Whether nobody needs to wait for it: it is down, or wanted up again meanwhile."""
        return self._is_down(name) or self.programs[name].wanted

    def _is_down(self, name: str) -> bool:
        """Nothing runs, nothing is owed, and nothing will start by itself."""
        program = self.programs.get(name)
        return program is None or program.is_down

    def _farewells(self) -> list[Effect]:
        """Forget who left; and once all are down and the watchdog is leaving, leave."""
        effects: list[Effect] = []
        for name in [name for name in self._leaving if self._is_down(name)]:
            self._leaving.discard(name)
            effects.append(Remove(name))
            self._install_successor(self.programs.pop(name))
        if self.exit_code is not None and not self._finished and not self._drains:
            self._finished = True
            effects.append(Finish("", self.exit_code))
        return effects

    def _install_successor(self, old: Program) -> None:
        """Let the successor, if there is one, take the place of a program that is down."""
        name = old.policy.name
        successor = self._successors.pop(name, None)
        if successor is None:
            self._numbers[name] = (old.incarnation, old.claim + 1)
        else:
            self.programs[name] = follow(old, successor.policy)
            if successor.wanted:
                self._inbox.append((name, Start(0)))
        self._dependents = invert_dependencies(self._policies())
        self._tell_dependents(name)
