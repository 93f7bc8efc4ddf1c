"""A rolling restart as a plan: who comes next, when it stops, and what each is told."""

from __future__ import annotations

from typing import Any

from msgspec.msgpack import decode, encode

from tests.core.builders import policy, probed
from watchdog.core.effects import Answer, Effect, RollOver, Spawn
from watchdog.core.events import Event, Exited, Probed, Spawned, Start, Stop, TreeEmpty
from watchdog.core.fleet import Fleet
from watchdog.core.model import Exit, Moment, Outcome, Policy, Role
from watchdog.core.plans import Plans
from watchdog.core.program import Program
from watchdog.core.rolling import Roll

NAMES = ("a", "b", "c")


class Play:
    """A fleet whose processes obey; each is up as soon as it is spawned, unless it is told."""

    def __init__(self, *policies: Policy) -> None:
        self.fleet = Fleet(policies)
        self.now = 0.0
        self.told: list[Effect] = []
        self.failing: set[str] = set()
        for one in policies:
            self.do(self.fleet.handle(one.name, Start(0), self.moment))

    @property
    def moment(self) -> Moment:
        return Moment(self.now)

    def tell(self, name: str, event: Event) -> None:
        self.do(self.fleet.handle(name, event, self.moment))

    def do(self, effects: list[Effect]) -> None:
        """Processes start at once, and end at once when they are to."""
        for effect in effects:
            name, number = effect.program, getattr(effect, "incarnation", 0)
            if isinstance(effect, Spawn):
                self.tell(name, Spawned(number, 1))
                if name in self.failing:
                    self.end(name, number, Exit(3, detail="exit status 3"))
            elif type(effect).__name__ in ("Signal", "Kill"):
                self.end(name, number, Exit(signal=15))
            elif isinstance(effect, Answer | RollOver):
                self.told.append(effect)

    def end(self, name: str, number: int, exit: Exit) -> None:
        self.tell(name, Exited(number, exit))
        self.tell(name, TreeEmpty(number))

    def roll(self, width: int = 1, within: float | None = None, first: int = 1) -> None:
        names = list(self.fleet.programs)
        requests = {name: first + at for at, name in enumerate(names)}
        self.do(self.fleet.roll(Roll(names, requests, width, within), self.moment))

    @property
    def incarnations(self) -> list[int]:
        return [self.fleet.programs[name].incarnation for name in sorted(self.fleet.programs)]

    @property
    def answers(self) -> list[tuple[str, Outcome]]:
        return [(one.program, one.outcome) for one in self.told if isinstance(one, Answer)]

    @property
    def over(self) -> list[RollOver]:
        return [one for one in self.told if isinstance(one, RollOver)]


def plain(**changes: Any) -> Play:
    return Play(*(policy(name=name, **changes) for name in NAMES))


def with_readiness(**changes: Any) -> Play:
    """Three that must pass a probe before they are ready, and have."""
    play = Play(*(policy(name=n, probes=probed(Role.READINESS).probes, **changes) for n in NAMES))
    for name in NAMES:
        play.tell(name, Probed(1, Role.READINESS, True))
    return play


def test_the_next_follows_when_the_last_is_ready() -> None:
    """RUNNING is not enough where there is a readiness probe."""
    play = with_readiness()
    play.roll()
    assert play.incarnations == [2, 1, 1] and not play.told
    play.tell("a", Probed(2, Role.READINESS, False, "503"))
    assert play.incarnations == [2, 1, 1]
    play.tell("a", Probed(2, Role.READINESS, True))
    assert play.incarnations == [2, 2, 1] and play.answers == [("a", Outcome.DONE)]
    play.tell("b", Probed(2, Role.READINESS, True))
    play.tell("c", Probed(2, Role.READINESS, True))
    assert [outcome for _, outcome in play.answers] == [Outcome.DONE] * 3
    assert play.over == [RollOver("", NAMES, (), "")]


def test_several_may_be_down_at_a_time() -> None:
    """As many as were allowed, and no more."""
    play = with_readiness()
    play.roll(width=2)
    assert play.incarnations == [2, 2, 1]
    play.tell("b", Probed(2, Role.READINESS, True))
    assert play.incarnations == [2, 2, 2]


def test_it_stops_at_one_that_does_not_come_up() -> None:
    """Those that were not reached run on as they were, and that is told."""
    play = plain(start_seconds=1.0)
    for name in NAMES:
        play.now = 1.0
        event = play.fleet.due(name, play.now)
        assert event is not None
        play.tell(name, event)
    play.failing = {"a"}
    play.roll()
    assert play.answers[0] == ("a", Outcome.FAILED)
    assert play.answers[1:] == [("b", Outcome.SPARED), ("c", Outcome.SPARED)]
    assert play.over == [RollOver("a", (), ("b", "c"), "exit status 3")]
    assert play.incarnations[1:] == [1, 1]


def test_one_that_never_becomes_ready_stops_it_in_time() -> None:
    """By the given time, or by what its policy gives; the fleet asks to be woken for that."""
    for within, at in ((5.0, 5.0), (None, 60.0)):
        play = with_readiness()
        play.roll(within=within)
        play.tell("a", Probed(2, Role.READINESS, False, "503"))
        while not play.over:
            due = play.fleet.earliest("a")
            assert due is not None and due <= 60.0
            play.now = max(play.now, due)
            event = play.fleet.due("a", play.now)
            assert event is not None
            play.tell("a", event)
        assert play.now == at
        assert play.over[0].program == "a" and "not ready" in play.over[0].text
        assert play.incarnations == [2, 1, 1]


def test_one_that_fails_again_stops_it_too() -> None:
    """Also after it was done: what it shows of the new version counts."""
    play = with_readiness()
    play.roll()
    play.tell("a", Probed(2, Role.READINESS, True))
    play.end("a", 2, Exit(1, detail="exit status 1"))
    assert play.over[0].program == "a" and play.over[0].text.startswith("it came up, and failed")
    assert ("c", Outcome.SPARED) in play.answers and play.incarnations[2] == 1


def test_who_is_stopped_stays_so() -> None:
    """Before it and meanwhile; a stop of the one under way ends it."""
    play = with_readiness()
    play.do(play.fleet.stop({"a": 9}, play.moment))
    play.roll()
    assert ("a", Outcome.NOT_RUNNING) in play.answers and play.incarnations == [1, 2, 1]
    play.tell("b", Stop(10))
    assert ("b", Outcome.FAILED) in play.answers and ("c", Outcome.SPARED) in play.answers
    assert play.over[0].text == "stopped by the operator"


def test_there_is_one_at_a_time_for_each_program() -> None:
    """A second is refused, and the first goes on."""
    play = with_readiness()
    play.roll()
    play.roll(first=11)
    assert [(one.request, one.outcome) for one in play.told if isinstance(one, Answer)] == [
        (number, Outcome.FAILED) for number in (11, 12, 13)
    ]
    play.tell("a", Probed(2, Role.READINESS, True))
    assert play.incarnations == [2, 2, 1]


def test_that_of_a_reload_takes_another_over() -> None:
    """Nobody waits for it; what the other had still to do is done after it."""
    play = with_readiness()
    play.roll()
    play.do(play.fleet.roll(Roll(["a"], {}), play.moment))
    assert [name for name, outcome in play.answers if outcome is Outcome.SPARED] == ["b", "c"]
    for number in (2, 3):
        play.tell("a", Probed(number, Role.READINESS, True))
    play.tell("b", Probed(2, Role.READINESS, True))
    play.tell("c", Probed(2, Role.READINESS, True))
    assert play.incarnations == [3, 2, 2]
    assert [one.text for one in play.over] == ["a reload restarts them anew", ""]


def test_a_shutdown_ends_it() -> None:
    """Everybody gets an answer."""
    play = with_readiness()
    play.roll()
    play.do(play.fleet.shut_down(0, play.moment))
    assert dict(play.answers).keys() == set(NAMES) and len(play.over) == 1


def test_it_goes_on_in_the_next_version() -> None:
    """Plans are plain values; whoever asked has had an answer by then."""
    play = with_readiness()
    play.roll()
    plans = decode(encode(play.fleet.plans()), type=Plans)
    programs = {
        name: decode(encode(program), type=Program) for name, program in play.fleet.programs.items()
    }
    play.fleet = Fleet([program.policy for program in programs.values()])
    play.do(play.fleet.take_over(programs, plans, play.moment))
    for name in NAMES:
        play.tell(name, Probed(2, Role.READINESS, True))
    assert play.incarnations == [2, 2, 2] and not play.answers
    assert play.over == [RollOver("", NAMES, (), "")]
