"""All programs together: who starts after whom, who stops before whom, and leaving."""

from __future__ import annotations

from msgspec.structs import replace

from tests.core.builders import GRACE, policy
from watchdog.core import ordering
from watchdog.core.effects import Acquire, Answer, Effect, Finish, Kill, Remove, Signal, Spawn
from watchdog.core.events import Bereaved, Event, Exited, Restart, Spawned, Start, Stop, TreeEmpty
from watchdog.core.fleet import Fleet
from watchdog.core.model import Exit, Moment, Need, Outcome, Policy, RestartPolicy

NOW = Moment(0.0)


def named(name: str, *depends_on: str, **changes: object) -> Policy:
    """A policy of this name."""
    needs = frozenset({Need.DEPENDENCIES}) if depends_on else frozenset()
    plain = replace(policy(needs=needs), name=name, depends_on=depends_on)
    return replace(plain, **changes)


class Play:
    """A fleet that is driven by hand; what it wants is kept in order."""

    def __init__(self, *policies: Policy) -> None:
        self.fleet = Fleet(policies)
        self.wanted: list[Effect] = []

    def add(self, effects: list[Effect]) -> list[Effect]:
        """Remember effects, and give them back."""
        self.wanted += effects
        return effects

    def tell(self, name: str, *events: Event) -> list[Effect]:
        """Let events happen to one program."""
        return [e for event in events for e in self.add(self.fleet.handle(name, event, NOW))]

    def up(self) -> Play:
        """Everything started, and spawned."""
        todo = self.add(self.fleet.start_all(NOW))
        while todo:
            effect = todo.pop(0)
            if isinstance(effect, Spawn):
                todo += self.tell(effect.program, Spawned(effect.incarnation, 1))
        return self

    def gone(self, name: str) -> list[Effect]:
        """The process obeys, and nothing is left."""
        incarnation = self.fleet.programs[name].incarnation
        return self.tell(name, Exited(incarnation, Exit(0)), TreeEmpty(incarnation))

    def state(self, name: str) -> str:
        """Where a program stands."""
        return str(self.fleet.programs[name].state)


def names(effects: list[Effect], kind: type[Effect]) -> list[str]:
    """Whom the effects of a kind are about."""
    return [effect.program for effect in effects if isinstance(effect, kind)]


def test_start_order_follows_dependencies_then_priority() -> None:
    """Dependencies first; among equals the lower priority."""
    policies = [named("bot", "web", "db"), named("web", "db"), named("db"), named("x", priority=1)]
    by_name = {each.name: each for each in policies}
    assert ordering.start_order(by_name) == ["x", "db", "web", "bot"]


def test_stop_stages_are_the_start_order_backwards_and_equals_together() -> None:
    """Only a dependency or a priority makes a stage."""
    policies = [named("bot", "db"), named("job", "db"), named("db"), named("x", priority=1)]
    by_name = {each.name: each for each in policies}
    assert ordering.stop_stages(by_name, by_name) == [["bot", "job"], ["db"], ["x"]]


def test_circle_of_dependencies_does_not_hang_the_order() -> None:
    """The configuration refuses circles; the core survives one."""
    policies = {each.name: each for each in (named("a", "b"), named("b", "a"))}
    assert sorted(ordering.start_order(policies)) == ["a", "b"]


def test_dependent_starts_when_its_dependency_is_ready() -> None:
    """It waits, says for whom, and goes on by itself."""
    play = Play(named("bot", "web"), named("web", start_seconds=5.0))
    effects = play.add(play.fleet.start_all(NOW))
    assert names(effects, Spawn) == ["web"]
    assert play.fleet.programs["bot"].reason == "waiting for web (STARTING)"
    play.tell("web", Spawned(1, 1))
    web = play.fleet.due("web", 5.0)
    assert web is not None
    assert names(play.fleet.handle("web", web, Moment(5.0)), Spawn) == ["bot"]


def test_dependency_that_crashes_leaves_who_runs_alone() -> None:
    """Only who has not started yet waits for it."""
    play = Play(named("bot", "web"), named("web"), named("job", "web", autostart=False)).up()
    play.tell("web", Exited(1, Exit(1)))
    play.tell("job", Start(0))
    assert play.state("bot") == "RUNNING" and play.state("job") == "WAITING"


def test_dependency_that_is_removed_frees_who_waits_for_it() -> None:
    """Nobody waits for a program that is no more."""
    play = Play(named("bot", "web"), named("web", autostart=False))
    play.add(play.fleet.start_all(NOW))
    assert play.state("bot") == "WAITING"
    assert names(play.fleet.remove({"web": 0}, NOW), Spawn) == ["bot"]


def test_shut_down_stops_in_order_and_finishes_once() -> None:
    """Each stage is down before the next is told; then comes Finish, once."""
    play = Play(named("bot", "web"), named("web")).up()
    assert names(play.add(play.fleet.shut_down(0, NOW)), Signal) == ["bot"]
    assert names(play.gone("bot"), Signal) == ["web"]
    assert play.gone("web")[-1:] == [Finish("", 0)]
    play.add(play.fleet.shut_down(3, NOW))
    assert names(play.wanted, Finish) == [""]


def test_shut_down_of_nothing_finishes_at_once() -> None:
    """An empty fleet is down."""
    assert Fleet([]).shut_down(0, NOW) == [Finish("", 0)]


def test_hurry_stops_all_stages_at_once_and_kills() -> None:
    """A second SIGTERM waits for nobody."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.shut_down(0, NOW))
    assert sorted(names(play.fleet.hurry(NOW), Kill)) == ["bot", "web"]


def test_nothing_starts_while_the_watchdog_leaves() -> None:
    """A start is refused in words, and the stop is not disturbed."""
    play = Play(named("bot")).up()
    play.add(play.fleet.shut_down(0, NOW))
    (answer,) = play.tell("bot", Restart(1))
    assert isinstance(answer, Answer) and answer.outcome is Outcome.FAILED
    assert Finish("", 0) in play.gone("bot")


def test_start_overtakes_a_stop_that_has_not_reached_it() -> None:
    """Whoever is started while it awaits its turn is passed by; the stop is answered so."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.stop({"bot": 1, "web": 2}, NOW))
    effects = play.tell("web", Start(3))
    said = {e.request: e.outcome for e in effects if isinstance(e, Answer)}
    assert said == {2: Outcome.SUPERSEDED, 3: Outcome.ALREADY_STARTED}
    play.gone("bot")
    assert play.state("web") == "RUNNING"


def test_start_in_an_early_stage_does_not_hold_up_the_later_ones() -> None:
    """A stop in order goes on though one of its programs is wanted again."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.stop({"bot": 1, "web": 2}, NOW))
    play.tell("bot", Start(3))
    assert names(play.wanted, Signal) == ["bot", "web"]


def test_program_that_ends_the_watchdog_stops_the_others_first() -> None:
    """With then = "exit" the others are stopped in order, and the code is the child's."""
    leaver = RestartPolicy(when="never", then="exit")
    play = Play(named("bot", restart=leaver), named("web")).up()
    effects = play.tell("bot", Exited(1, Exit(3)), TreeEmpty(1))
    assert names(effects, Signal) == ["web"]
    assert play.gone("web")[-1:] == [Finish("", 3)]


def test_removed_program_is_forgotten_when_it_is_down() -> None:
    """Remove follows the empty tree; requests after that are answered all the same."""
    play = Play(named("bot")).up()
    effects = play.add(play.fleet.remove({"bot": 0}, NOW))
    assert not names(effects, Remove)
    assert names(play.gone("bot"), Remove) == ["bot"]
    (answer,) = play.tell("bot", Stop(1))
    assert isinstance(answer, Answer) and "no program" in answer.text


def test_remove_of_an_unknown_name_is_nothing() -> None:
    """There is nobody to stop."""
    assert Fleet([]).remove({"bot": 0}, NOW) == []


def test_added_again_while_going_down_waits_for_the_old_one() -> None:
    """Removed and added, it is spawned when nothing of the old one lives, and counts on."""
    play = Play(named("bot")).up()
    play.add(play.fleet.remove({"bot": 0}, NOW))
    assert not names(play.add(play.fleet.add(named("bot"), NOW)), Spawn)
    effects = play.gone("bot")
    assert [e for e in effects if isinstance(e, Spawn)] == [Spawn("bot", 2)]
    assert names(effects, Remove) == ["bot"]


def test_late_events_of_a_forgotten_program_find_nobody() -> None:
    """A name that comes back goes on counting, so that nothing old is taken for new."""
    play = Play(named("bot")).up()
    play.add(play.fleet.remove({"bot": 0}, NOW))
    play.gone("bot")
    play.add(play.fleet.add(named("bot"), NOW))
    assert play.fleet.programs["bot"].incarnation == 2
    assert play.tell("bot", Exited(1, Exit(1)), TreeEmpty(1)) == []


def test_replaced_program_comes_back_if_it_was_wanted() -> None:
    """A reload that the process would notice stops it and starts it anew; a stop outweighs it."""
    play = Play(named("bot")).up()
    play.add(play.fleet.replace(named("bot", priority=5), NOW))
    assert names(play.gone("bot"), Spawn) == ["bot"]
    play = Play(named("bot")).up()
    play.add(play.fleet.replace(named("bot", priority=5), NOW))
    play.tell("bot", Stop(1))
    assert names(play.gone("bot"), Spawn) == [] and play.state("bot") == "STOPPED"


def test_fleet_keeps_the_clock_of_each_program() -> None:
    """What is due for whom is asked by name; an unknown name has nothing due."""
    play = Play(named("bot")).up()
    play.tell("bot", Stop(1))
    assert play.fleet.earliest("bot") == GRACE and play.fleet.earliest("x") is None
    assert play.fleet.due("bot", GRACE) is not None and play.fleet.due("x", GRACE) is None


def test_nobody_asks_for_a_lock_that_the_old_tree_may_have() -> None:
    """Taken over while its old tree is mourned, a program asks for its lock only after that."""
    bot = named("bot", needs=frozenset({Need.LOCK}))
    old = Play(bot)
    old.tell("bot", Bereaved(4, Exit(detail="unseen")), Start(0))
    assert old.state("bot") == "WAITING"
    play = Play(bot)
    taken = play.fleet.take_over(old.fleet.programs, old.fleet.plans(), NOW)
    assert names(taken, Acquire) == []
    assert names(play.tell("bot", TreeEmpty(4)), Acquire) == ["bot"]
