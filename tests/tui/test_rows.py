"""What is remembered from one look to the next, and how rows are chosen and sorted."""

from __future__ import annotations

from typing import Any

from watchdog.tui.rows import Row, absorb, arrange, latencies, tally
from watchdog.wire.names import full_name


def told(name: str = "bot", **fields: Any) -> dict[str, Any]:
    return {"name": name, "group": name, "state": "RUNNING", "health": "healthy"} | fields


def look(
    before: dict[str, Row], now: float, *programs: dict[str, Any], **timeline: Any
) -> dict[str, Row]:
    return absorb(0, before, {"now": now, "programs": list(programs)}, timeline)


def row(name: str, **fields: Any) -> Row:
    told = {"source": 0, "state": "RUNNING", "health": "healthy", "seen": 0.0} | fields
    return Row(name=name, **told)


def test_cpu_is_what_was_used_between_two_looks() -> None:
    """Half a second in two is a quarter of a core; of a first look nothing is known."""
    first = look({}, 100.0, told(cpu_seconds=7.0, incarnation=3))
    assert first["bot"].cpu is None
    assert look(first, 102.0, told(cpu_seconds=7.5, incarnation=3))["bot"].cpu == 0.25
    assert look(first, 102.0, told(cpu_seconds=0.1, incarnation=4))["bot"].cpu is None


def test_a_restart_between_two_looks_is_not_missed() -> None:
    """The state is the same, but the incarnation tells."""
    first = look({}, 100.0, told(incarnation=1))
    second = look(first, 101.0, told(incarnation=2, uptime_seconds=0.4))
    states = [state for _, state in second["bot"].changes]
    assert states == ["RUNNING", "WAITING", "RUNNING"]
    assert second["bot"].changes[1][0] == 100.6


def test_the_timeline_goes_on_where_the_journal_ends() -> None:
    """What the journal has comes first, then what is seen."""
    rows = look({}, 100.0, told(), bot=[[40.0, "STARTING"], [41.0, "RUNNING"]])
    rows = look(rows, 101.0, told(state="BACKOFF", retry_at=105.0))
    assert rows["bot"].changes == ((40.0, "STARTING"), (41.0, "RUNNING"), (101.0, "BACKOFF"))
    assert rows["bot"].retry_in(103.0) == 2.0 and rows["bot"].retry_in(106.0) == 0.0


def test_a_probe_is_kept_once_and_the_role_that_tells_most_is_shown() -> None:
    """The same result sent twice is one result."""
    one, two = [1.0, "startup", False, 0.5], [2.0, "liveness", True, 0.01]
    rows = look({}, 100.0, told(probes=[one, two]))
    rows = look(rows, 101.0, told(probes=[two, [3.0, "liveness", False, 2.0]]))
    assert len(rows["bot"].probes) == 3
    assert latencies(rows["bot"]) == [(True, 0.01), (False, 2.0)]


def test_what_is_kept_is_bounded() -> None:
    """A view that is open for months does not grow."""
    rows: dict[str, Row] = {}
    for second in range(1000):
        state = ("RUNNING", "BACKOFF")[second % 2]
        probes = [[float(second), "liveness", True, 0.01]]
        rows = look(rows, float(second), told(state=state, probes=probes))
    assert len(rows["bot"].changes) == 400 and len(rows["bot"].probes) == 60


def test_a_program_that_left_is_forgotten() -> None:
    """Only what the watchdog names is there."""
    rows = look({}, 100.0, told("a"), told("b"))
    assert list(look(rows, 101.0, told("b"))) == ["b"]


def test_a_member_of_a_group_has_the_name_that_commands_take() -> None:
    """group:name, unless both are the same."""
    assert full_name("a", "web") == full_name("web:a", "web") == "web:a"
    assert full_name("a", "a") == full_name("a", "") == "a"


def test_every_word_of_a_filter_must_match() -> None:
    """In any column; a minus excludes."""
    rows = [
        row("bot", reason="HTTP 503"),
        row("web", state="FATAL"),
        row("bot2", health="unhealthy"),
    ]
    names = lambda wanted: [r.name for r in arrange(rows, wanted, "order", False)]  # noqa: E731
    assert names("") == ["bot", "web", "bot2"]
    assert names("BOT") == ["bot", "bot2"]
    assert names("bot 503") == ["bot"]
    assert names("-running") == ["web"]
    assert names("nothing") == []


def test_rows_are_sorted_and_equal_ones_keep_their_order() -> None:
    """The urgent first; the configuration's order where nothing else says."""
    rows = [
        row("a", cpu=0.1, resident=5, restarts=2),
        row("b", state="FATAL"),
        row("c", cpu=0.9, resident=9),
        row("d", state="STOPPED"),
    ]
    order = lambda by, back=False: "".join(r.name for r in arrange(rows, "", by, back))  # noqa: E731
    assert order("order") == "abcd" and order("order", True) == "dcba"
    assert order("state") == "bacd"
    assert order("cpu") == "cabd" and order("memory") == "cabd" and order("restarts") == "abcd"


def test_an_unhealthy_program_is_as_urgent_as_one_that_backs_off() -> None:
    """It runs, and is of no use."""
    rows = [row("a"), row("b", health="unhealthy"), row("c", state="FATAL")]
    assert [r.name for r in arrange(rows, "", "state", False)] == ["c", "b", "a"]
    assert tally(rows) == {"FATAL": 1, "RUNNING": 2}
