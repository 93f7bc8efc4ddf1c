"""Which updates were begun and never ended, and what is done with them then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Update

from bot.begun import MOST_STRIKES, Begun, read_strikes
from bot.caution import Caution
from bot.figures import Figures
from bot.poison_store import MOST_KEPT, SCHEMA, Poison, PoisonStore
from bot.quarantine import Quarantine
from tests.bot.conftest import open_database


def test_a_process_that_dies_leaves_a_strike_and_one_that_ends_none(tmp_path: Path) -> None:
    """Three deaths at one update are three strikes; what ended meanwhile has none."""
    path = tmp_path / "begun"
    for death in range(MOST_STRIKES + 1):
        begun = Begun(path)
        assert begun.strikes(7) == death
        assert begun.strikes(8) == 0
        begun.begin(7)
        begun.begin(8)
        begun.end(8)
        begun.close()
    begun = Begun(path)
    begun.begin(7)
    begun.end(7)
    begun.close()
    assert Begun(path).strikes(7) == 0
    assert path.stat().st_mode & 0o777 == 0o600


def test_work_behind_a_handler_counts_until_it_has_ended(tmp_path: Path) -> None:
    """An agent that is at it after the handler keeps its update begun."""
    path = tmp_path / "begun"
    begun = Begun(path)
    told: list[int] = []
    begun.when_over(7, lambda: told.append(7))
    for work in (begun.begin, begun.begin, begun.end):
        work(7)
    assert Begun(path).strikes(7) == 1
    assert not told
    begun.end(7)
    assert told == [7]


def test_what_telegram_has_forgotten_is_forgotten(tmp_path: Path) -> None:
    """A confirmed update cannot come again: neither strikes nor memory are kept of it."""
    begun = Begun(tmp_path / "begun")
    told: list[int] = []
    begun.begin(7)
    begun.when_over(7, lambda: told.append(7))
    begun.begin(8)
    begun.forget_below(8)
    assert told == [7]
    begun.end(7)  # as late as it likes
    assert read_strikes((tmp_path / "begun").read_text().splitlines()) == {7: 1, 8: 1}
    again = Begun(tmp_path / "begun")
    again.forget_below(8)
    assert (again.strikes(7), again.strikes(8)) == (0, 1)


def test_the_file_stays_small(tmp_path: Path) -> None:
    """A hundred thousand updates leave less than half a megabyte, and what still runs in it."""
    path = tmp_path / "begun"
    begun = Begun(path)
    begun.begin(1)
    for number in range(2, 100_000):
        begun.begin(number)
        begun.end(number)
    assert path.stat().st_size < 300_000
    assert Begun(path).strikes(1) == 1


def test_a_place_that_cannot_be_written_costs_the_protection_only(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A warning, and updates are begun all the same."""
    begun = Begun(tmp_path / "nowhere" / "begun")
    begun.begin(7)
    begun.end(7)
    assert caplog.text.count("cannot be written") == 1


@given(st.lists(st.text(max_size=12) | st.sampled_from(["+1", "-1", "1 2", "+2", "2 -5"])))
def test_damage_is_skipped(lines: list[str]) -> None:
    """Whatever the file holds, it is read; strikes are numbers of updates and counts."""
    assert all(isinstance(number, int) for pair in read_strikes(lines).items() for number in pair)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 5)), max_size=40))
def test_only_open_updates_have_strikes(steps: list[tuple[bool, int]]) -> None:
    """Exactly those that were begun after their last end."""
    lines = [f"{'+' if begins else '-'}{number}" for begins, number in steps]
    last = {number: begins for begins, number in steps}
    assert read_strikes(lines) == {number: 1 for number, begins in sorted(last.items()) if begins}


async def test_suspects_run_alone_and_the_guilty_one_is_set_aside(tmp_path: Path) -> None:
    """Nothing else is begun while a suspect is at work; with three strikes it is not begun."""
    path = tmp_path / "begun"
    path.write_text("1 1\n2 3\n3 1\n")
    order: list[str] = []

    async def work(name: str, seconds: float) -> None:
        order.append(f"begin {name}")
        await asyncio.sleep(seconds)
        order.append(f"end {name}")

    figures = Figures(123456789)
    with open_database(tmp_path, SCHEMA) as database:
        begun = Begun(path)
        caution = Caution(begun, Quarantine(database, figures))
        jobs = [("a", 1, 0.05), ("b", 2, 0.0), ("c", 3, 0.05), ("d", 4, 0.02), ("e", 5, 0.0)]
        async with asyncio.TaskGroup() as group:
            for name, number, seconds in jobs:
                group.create_task(caution.handle(Update(number), work(name, seconds)))
        kept = await PoisonStore(database).all()
    assert order[:4] == ["begin a", "end a", "begin c", "end c"]
    assert order[4:6] == ["begin d", "begin e"]
    assert [(one.update_id, one.kind) for one in kept] == [(2, "deadly")]
    assert (figures.poison.deadly, figures.poison.kept) == (1, 1)
    assert [begun.strikes(number) for number in (1, 3)] == [0, 0]


async def test_a_suspect_that_never_ends_holds_nobody_up_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the bot to itself for a bounded time."""
    monkeypatch.setattr("bot.caution.LONGEST_ALONE", 0.05)
    (tmp_path / "begun").write_text("1 1\n")
    with open_database(tmp_path, SCHEMA) as database:
        begun = Begun(tmp_path / "begun")
        caution = Caution(begun, Quarantine(database, Figures(1)))
        stuck = asyncio.create_task(caution.handle(Update(1), asyncio.Event().wait()))
        done: list[int] = []

        async def work() -> None:
            done.append(2)

        await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await caution.handle(Update(2), work())
        assert done == [2]
        stuck.cancel()


async def test_no_more_is_kept_than_may_be(tmp_path: Path) -> None:
    """A hundred, the newest; the same update is kept once."""
    with open_database(tmp_path, SCHEMA) as database:
        store = PoisonStore(database)
        for number in range(MOST_KEPT + 20):
            kept = await store.add(Poison(0, number, 1.0, "unreadable", "e", "{}"))
            assert kept <= MOST_KEPT
        assert await store.add(Poison(0, 50, 2.0, "unreadable", "e", "{}")) == MOST_KEPT
        assert [one.update_id for one in await store.all()] == list(range(20, MOST_KEPT + 20))
        assert len(await store.forget(None)) == MOST_KEPT
        assert await store.count() == 0
