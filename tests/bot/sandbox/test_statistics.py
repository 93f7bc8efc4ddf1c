"""The figures: conflicts, overlaps and gaps in virtual time."""

from __future__ import annotations

from bot.sandbox.rules import Outcome
from bot.sandbox.statistics import PollStatistics


def test_two_live_polls_are_an_overlap_with_its_seconds() -> None:
    """An overlap counts once, names both peers, and lasts while both polls live."""
    figures = PollStatistics()
    figures.arrive(1, "a", 0.0)
    figures.arrive(2, "b", 5.0)
    assert figures.overlap_seconds(6.0) == 1.0
    figures.leave(1, 8.0)
    assert (figures.overlaps, figures.overlap_seconds(20.0)) == (1, 3.0)
    assert (figures.recent_overlaps[0].peer, figures.recent_overlaps[0].others) == ("b", ("a",))


def test_a_dead_poll_overlaps_with_nobody() -> None:
    """After a kill the newcomer is alone, although the rules still hold the dead poll."""
    figures = PollStatistics()
    figures.arrive(1, "a", 0.0)
    figures.leave(1, 1.0)
    figures.arrive(2, "b", 1.1)
    figures.decide(1, Outcome.CONFLICT, 0)
    assert (figures.overlaps, figures.conflicts, figures.conflicts_unseen) == (0, 0, 1)


def test_a_conflict_that_a_live_poll_gets_is_counted() -> None:
    """Conflicts with another poll and with a webhook are counted apart."""
    figures = PollStatistics()
    figures.arrive(1, "a", 0.0)
    figures.arrive(2, "b", 0.5)
    figures.decide(1, Outcome.CONFLICT, 0)
    figures.decide(2, Outcome.WEBHOOK, 0)
    assert (figures.conflicts, figures.webhook_conflicts) == (1, 1)


def test_a_gap_lasts_from_the_last_live_poll_to_the_next() -> None:
    """Short pauses are none; the silence that runs now is shown as well."""
    figures = PollStatistics()
    assert figures.silence(0.0) is None
    figures.arrive(1, "a", 0.0)
    assert figures.silence(9.0) == 0.0
    figures.leave(1, 10.0)
    figures.arrive(2, "a", 10.1)
    figures.leave(2, 20.0)
    assert figures.silence(21.5) == 1.5
    figures.arrive(3, "b", 22.0)
    assert [(gap.start, gap.end, gap.peer) for gap in figures.gaps] == [(20.0, 22.0, "b")]


def test_the_document_shows_times_in_the_reader_s_clock() -> None:
    """Every time in the document went through the given clock."""
    figures = PollStatistics()
    figures.arrive(1, "a", 1.0)
    figures.leave(1, 2.0)
    figures.arrive(2, "a", 4.0)
    document = figures.describe(5.0, lambda moment: moment + 1000)
    assert (document["first_poll"], document["last_poll"]) == (1001.0, 1004.0)
    assert document["gaps"] == [{"from": 1002.0, "first_poll": 1004.0, "seconds": 2.0}]
    assert document["polls_by_peer"] == {"a": 2}


def test_leaving_twice_changes_nothing() -> None:
    """A poll leaves once, whoever says so first."""
    figures = PollStatistics()
    figures.arrive(1, "a", 0.0)
    figures.leave(1, 1.0)
    figures.leave(1, 5.0)
    assert figures.last_end == 1.0
