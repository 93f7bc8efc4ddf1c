"""Dependencies: what those who wait are told, and restarting in order."""

from __future__ import annotations

from msgspec.structs import replace

from tests.core.test_fleet import NOW, Play, named, names
from watchdog.core.effects import Answer, Signal, Spawn
from watchdog.core.events import Exited, Granted, Refused, Spawned, Stop
from watchdog.core.model import Cause, Exit, Moment, Need, Outcome, RestartPolicy

SLOW = {"start_seconds": 5.0}


def reason(play: Play, name: str) -> str:
    """Why it waits."""
    return play.fleet.programs[name].reason


def chain() -> Play:
    """bot waits for web, which waits for db, which takes 5 s to come up."""
    return Play(named("bot", "web"), named("web", "db", **SLOW), named("db", **SLOW))


def test_reason_names_the_root_of_a_chain() -> None:
    """Whoever waits for one that waits is told for whom that one waits."""
    play = chain()
    play.add(play.fleet.start_all(NOW))
    assert reason(play, "web") == "waiting for db (STARTING)"
    assert reason(play, "bot") == "waiting for web, which is waiting for db (STARTING)"


def test_failing_dependency_is_the_reason_all_the_way_up() -> None:
    """Its state and its own reason reach everybody who waits, at each change."""
    patient = RestartPolicy(initial=60.0)
    play = Play(named("bot", "web"), named("web", "db"), named("db", restart=patient, **SLOW))
    play.add(play.fleet.start_all(NOW))
    play.tell("db", Spawned(1, 7), Exited(1, Exit(code=1, detail="exit 1")))
    assert reason(play, "web") == "waiting for db (BACKOFF: exit 1)"
    assert reason(play, "bot") == "waiting for web, which is waiting for db (BACKOFF: exit 1)"


def test_all_that_is_missing_is_named() -> None:
    """Two dependencies that are not ready are both told."""
    play = Play(named("bot", "db", "web"), named("db", **SLOW), named("web", **SLOW))
    play.add(play.fleet.start_all(NOW))
    assert reason(play, "bot") == "waiting for db (STARTING) and web (STARTING)"


def test_start_is_answered_when_it_runs_if_its_dependency_is_on_its_way() -> None:
    """Whoever starts all of a chain is not told that the end of it waits."""
    play = Play(named("bot", "web"), named("web", autostart=False, **SLOW))
    effects = play.add(play.fleet.start({"bot": 1, "web": 2}, NOW))
    assert not names(effects, Answer)
    play.tell("web", Spawned(1, 7))
    due = play.fleet.due("web", 5.0)
    assert due is not None
    later = play.add(play.fleet.handle("web", due, Moment(5.0)))
    assert Answer("web", 2, Outcome.DONE) in later and names(later, Spawn) == ["bot"]
    assert Answer("bot", 1, Outcome.DONE) in play.tell("bot", Spawned(1, 8))


def test_restart_in_order_is_answered_when_the_last_of_several_levels_runs() -> None:
    """Nobody is told, while all are started at once, that one of several it waits for is down."""
    workers = [named(f"worker{n}", "web") for n in range(3)]
    bot = named("bot", "worker0", "worker1", "worker2")
    play = Play(named("web", **SLOW), *workers, bot)
    effects = play.add(play.fleet.restart(dict.fromkeys(play.fleet.programs, 1), NOW))
    assert not names(effects, Answer)
    assert "STOPPED" not in reason(play, "bot") and reason(play, "bot").count("STARTING") == 3
    seen: list[str] = []
    play = Play(named("web", **SLOW), *workers, bot)
    play.fleet.observe = lambda _, __, after: seen.append(after.policy.name)
    play.add(play.fleet.start_all(NOW))
    assert seen.count("bot") <= 3, "each change of what it waits for is told once"


def test_lock_that_a_dependency_has_asked_for_is_on_its_way_until_it_is_refused() -> None:
    """Whoever starts both is answered when they run, or once another holds that lock."""
    lock = frozenset({Need.LOCK})
    for verdict in (Granted(Need.LOCK, claim=0), Refused(Need.LOCK, "held by pid 7", claim=0)):
        play = Play(named("bot", "web"), named("web", needs=lock))
        effects = play.add(play.fleet.start({"bot": 1, "web": 2}, NOW))
        assert reason(play, "bot") == "waiting for web, which is waiting for the lock"
        assert not names(effects, Answer)
        claim = play.fleet.programs["web"].claim
        effects = play.tell("web", replace(verdict, claim=claim))
        refused = isinstance(verdict, Refused)
        assert (names(effects, Answer) == ["web", "bot"]) is refused
        assert (names(effects, Spawn) == ["web"]) is not refused


def test_lock_that_is_granted_meanwhile_leaves_the_reason_as_it_was() -> None:
    """A singleton that waits for another program says for whom, also once it has its own lock."""
    play = Play(named("bot", "web", needs=frozenset({Need.LOCK, Need.DEPENDENCIES})), named("web"))
    play.add(play.fleet.start({"bot": 1}, NOW))
    claim = play.fleet.programs["bot"].claim
    play.tell("bot", Granted(Need.LOCK, claim=claim))
    assert reason(play, "bot") == "waiting for web (STOPPED)"


def test_start_is_answered_with_waiting_once_its_dependency_fails() -> None:
    """An answer does not wait for what may never come up."""
    patient = RestartPolicy(initial=60.0)
    play = Play(named("bot", "web"), named("web", restart=patient, **SLOW))
    play.add(play.fleet.start({"bot": 1, "web": 2}, NOW))
    effects = play.tell("web", Spawned(1, 7), Exited(1, Exit(code=1, detail="exit 1")))
    text = "waiting for web (BACKOFF: exit 1)"
    assert Answer("bot", 1, Outcome.WAITING, text) in effects


def test_restart_leaves_who_depends_on_it_alone() -> None:
    """Restarting web touches neither worker nor bot."""
    play = Play(named("bot", "web"), named("web")).up()
    assert names(play.add(play.fleet.restart({"web": 1}, NOW)), Signal) == ["web"]
    assert names(play.gone("web"), Spawn) == ["web"]
    assert play.state("bot") == "RUNNING"


def test_dependents_are_found_through_others_and_only_if_they_are_up() -> None:
    """A program that is stopped is not started because something below it is restarted."""
    play = Play(
        named("job", "web", autostart=False), named("bot", "web"), named("web", "db"), named("db")
    ).up()
    assert play.fleet.with_dependents(["db"]) == ["db", "web", "bot"]


def test_restart_in_order_stops_upwards_and_starts_downwards() -> None:
    """Whoever depends on it goes first and comes last, when it is ready."""
    play = Play(named("bot", "web"), named("web")).up()
    requests = {"web": 1, "bot": 2}
    assert names(play.add(play.fleet.restart(requests, NOW)), Signal) == ["bot"]
    assert names(play.gone("bot"), Signal) == ["web"]
    assert names(play.gone("web"), Spawn) == ["web"]
    assert play.state("bot") == "WAITING"
    effects = play.tell("web", Spawned(2, 9))
    assert Answer("web", 1, Outcome.DONE) in effects and names(effects, Spawn) == ["bot"]
    assert Answer("bot", 2, Outcome.DONE) in play.tell("bot", Spawned(2, 10))


def test_restart_in_order_is_a_restart_to_whoever_asks_for_the_cause() -> None:
    """Hooks, journal and metrics tell it from a stop; a stop that comes in between is one again."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.restart({"web": 1, "bot": 2}, NOW))
    play.gone("bot")
    assert play.fleet.programs["bot"].cause is Cause.RESTART
    assert reason(play, "web") == "restarted by the operator"
    play.add(play.fleet.stop({"bot": 3}, NOW))
    assert play.fleet.programs["bot"].cause is Cause.OPERATOR


def test_stop_outweighs_a_restart_in_order() -> None:
    """Who is stopped meanwhile is not started at its end, and who asked is told."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.restart({"web": 1, "bot": 2}, NOW))
    effects = play.add(play.fleet.stop({"bot": 3}, NOW))
    assert Answer("bot", 2, Outcome.SUPERSEDED, "it was stopped meanwhile") in effects
    play.gone("bot")
    play.gone("web")
    play.tell("web", Spawned(2, 9))
    assert play.state("web") == "RUNNING" and play.state("bot") == "STOPPED"


def test_restart_outweighs_an_earlier_stop_in_order() -> None:
    """What the stop has not reached yet is restarted; the stop is answered."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.stop({"web": 1, "bot": 2}, NOW))
    effects = play.add(play.fleet.restart({"web": 3, "bot": 4}, NOW))
    assert Answer("web", 1, Outcome.SUPERSEDED, "it was restarted meanwhile") in effects
    play.gone("bot")
    play.gone("web")
    play.tell("web", Spawned(2, 9))
    play.tell("bot", Spawned(2, 10))
    assert play.state("web") == play.state("bot") == "RUNNING"


def test_restart_in_order_goes_on_in_a_new_watchdog() -> None:
    """An upgrade in the middle forgets nobody."""
    old = Play(named("bot", "web"), named("web")).up()
    old.add(old.fleet.restart({"web": 1, "bot": 2}, NOW))
    new = Play()
    new.add(new.fleet.take_over(old.fleet.programs, old.fleet.plans(), NOW))
    assert names(new.gone("bot"), Signal) == ["web"]
    assert names(new.gone("web"), Spawn) == ["web"]
    assert names(new.tell("web", Spawned(2, 9)), Spawn) == ["bot"]


def test_replaced_program_comes_back_after_a_restart_in_order() -> None:
    """A reload that meets it while it is down for the restart knows that it was wanted."""
    play = Play(named("bot", "web"), named("web")).up()
    play.add(play.fleet.restart({"web": 1, "bot": 2}, NOW))
    play.gone("bot")
    play.add(play.fleet.replace(named("bot", "web", priority=5), NOW))
    play.gone("web")
    play.tell("web", Spawned(2, 9))
    assert play.state("bot") == "STARTING"


def test_grant_of_the_dependencies_is_asked_for_anew_after_a_stop() -> None:
    """A dependency that was ready once is no reason to start beside one that is not."""
    play = Play(named("bot", "web"), named("web")).up()
    play.tell("bot", Stop(1))
    play.gone("bot")
    play.tell("web", Exited(1, Exit(1)))
    play.add(play.fleet.start({"bot": 2}, NOW))
    assert play.state("bot") == "WAITING"
    assert play.fleet.programs["bot"].barred_by == (Need.DEPENDENCIES,)
