"""The example's paper-trading engine, on both databases: nothing is bought or sold twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.examples.conftest import MIMIC

QUANTITY = Decimal("0.5")


class Run(NamedTuple):
    """What the bot says of a run."""

    number: str = "run-1"


class Prices:
    """A market that a test moves."""

    def __init__(self) -> None:
        self.of = {"BTC": Decimal(60000), "ETH": Decimal(3000), "SOL": Decimal(150)}

    def __call__(self, symbol: str, at: float) -> Decimal:
        return self.of[symbol]


class Office:
    """A database, and desks on it: each as another process would have it."""

    def __init__(self, settings: Any) -> None:
        self.settings, self.prices = settings, Prices()

    def desk(self) -> Any:
        from mimic.engine.book import Book
        from mimic.engine.desk import Desk
        from mimic.engine.exchange import PaperExchange
        from mimic.engine.tables import connect

        engine = connect(self.settings)
        return Desk(Book(engine), PaperExchange(engine, self.prices), self.prices)

    def sells(self, desk: Any) -> list[str]:
        return [one.id for one in desk.exchange.list_orders() if one.side == "sell"]


@pytest.fixture(params=["sqlite", "postgres"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Settings for an empty database of either kind."""
    settings = {"MIMIC_STATE": str(tmp_path / "state"), "PAPER_LATENCY": "0.15"}
    if request.param == "postgres":
        settings["DATABASE_URL"] = request.getfixturevalue("server").make_database()
    return settings


@pytest.fixture
def office(environment: dict[str, str]) -> Iterator[Office]:
    from mimic.migrate import migrate
    from mimic.settings import read_settings

    settings = read_settings(environment)
    migrate(settings)
    yield Office(settings)


def open_three(desk: Any) -> None:
    for symbol in ("SOL", "BTC", "ETH"):
        desk.buy(f"order-{symbol}", symbol, QUANTITY)


def test_an_order_that_is_sent_again_is_filled_once(office: Office) -> None:
    """A job that runs twice opens one position, at the first price."""
    desk = office.desk()
    assert desk.buy("a", "BTC", QUANTITY).fresh
    office.prices.of["BTC"] = Decimal(1)
    again = office.desk().buy("a", "BTC", QUANTITY)
    assert (again.fresh, again.price) == (False, Decimal(60000))
    assert [one.entry for one in desk.book.list_open()] == [Decimal(60000)]


def test_a_panic_closes_all_in_order_and_reports(office: Office) -> None:
    """The largest position is sold first; the report names price and result of each."""
    from mimic.panic import close_all_of

    desk = office.desk()
    open_three(desk)
    office.prices.of["BTC"] = Decimal(61000)
    report = close_all_of(desk, "1")
    assert office.sells(desk) == ["close-order-BTC", "close-order-ETH", "close-order-SOL"]
    assert report.splitlines()[0] == "Closed 3 of 3:"
    assert "BTC 0.5 at 61000: +500.0" in report
    assert "Result: +500.00" in report
    assert desk.book.list_open() == []


def test_a_second_panic_closes_nothing(office: Office) -> None:
    """What is closed stays closed, once."""
    from mimic.panic import close_all_of

    desk = office.desk()
    open_three(desk)
    close_all_of(desk, "1")
    assert "Nothing was open." in close_all_of(office.desk(), "2")
    assert len(office.sells(desk)) == 3


def test_a_run_that_was_cut_off_is_completed(office: Office) -> None:
    """An order that went out before the crash is found, not placed again; the report says so."""
    from mimic.engine.exchange import Order, Side
    from mimic.panic import close_all_of

    desk = office.desk()
    open_three(desk)
    desk.exchange.place(Order("close-order-BTC", "BTC", Side.SELL, QUANTITY))
    report = close_all_of(office.desk(), "2")
    assert "BTC 0.5 at 60000: +0.00 (ordered by a run that was cut off)" in report
    assert len(office.sells(desk)) == 3
    assert desk.book.list_open() == []


def test_sigkill_in_the_middle_of_a_panic(office: Office, environment: dict[str, str]) -> None:
    """A process that is killed while it closes leaves the rest to the next, and nothing twice."""
    from mimic.panic import close_all_of

    desk = office.desk()
    for number in range(8):
        desk.buy(f"order-{number}", "SOL", QUANTITY)
    code = "import mimic.panic as p, types; p.close_all(types.SimpleNamespace(number='1'))"
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=MIMIC, env={**os.environ, **environment}
    )
    end = time.monotonic() + 60
    while len(office.sells(desk)) < 2 and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    sold = len(office.sells(desk))
    assert 2 <= sold < 8, "it was not killed in the middle"
    report = close_all_of(desk, "2")
    assert len(office.sells(desk)) == 8
    assert desk.book.list_open() == []
    assert f"Closed {8 - sold} of {8 - sold}:" in report or f"Closed {9 - sold}" in report


def test_two_panics_at_once(office: Office) -> None:
    """Two of them race for the same positions: each is sold once."""
    from mimic.panic import close_all_of

    open_three(office.desk())
    desks = [office.desk(), office.desk()]
    threads = [threading.Thread(target=close_all_of, args=(desk, "1")) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(office.sells(desks[0])) == 3
    assert desks[0].book.list_open() == []


def test_nothing_is_opened_after_a_panic(office: Office) -> None:
    """Signals and plans are refused until somebody resumes trading."""
    from mimic.engine.book import Halted
    from mimic.panic import close_all_of

    desk = office.desk()
    close_all_of(desk, "7")
    with pytest.raises(Halted, match="panic 7"):
        desk.buy("late", "SOL", QUANTITY)
    with pytest.raises(Halted):
        desk.follow_plans()
    assert desk.exchange.list_orders() == []
    desk.book.resume()
    assert desk.buy("late", "SOL", QUANTITY).fresh


def test_an_order_that_was_on_its_way_is_closed_too(office: Office) -> None:
    """A position that was wanted, and not yet filled, when trading was halted is in the book."""
    from mimic.panic import close_all_of

    desk = office.desk()
    desk.book.want("on-its-way", "SOL", QUANTITY, time.time())
    assert "Closed 1 of 1" in close_all_of(office.desk(), "1")
    assert office.sells(desk) == ["close-on-its-way"]
    assert desk.book.list_open() == []


def test_one_that_cannot_be_closed_keeps_no_other_open(office: Office) -> None:
    """The others are closed, and the report begins with what is still open."""
    from mimic.panic import Incomplete, close_all_of

    desk = office.desk()
    open_three(desk)
    place = desk.exchange.place

    def refuse(order: Any) -> Any:
        if order.symbol == "BTC":
            raise ConnectionError("the exchange is away")
        return place(order)

    desk.exchange.place = refuse
    with pytest.raises(Incomplete, match=r"STILL OPEN: BTC 0\.5: ConnectionError") as raised:
        close_all_of(desk, "1")
    assert "Closed 2 of 3:" in str(raised.value)
    assert [one.symbol for one in desk.book.list_open()] == ["BTC"]


def test_trailing_stops_follow_the_price(office: Office) -> None:
    """The stop rises with the price and never falls; at the stop the position is closed."""
    desk = office.desk()
    desk.buy("a", "SOL", QUANTITY)
    for price, closed in ((200, 0), (196, 0), (194, 1), (150, 0)):
        office.prices.of["SOL"] = Decimal(price)
        assert len(desk.trail_stops()) == closed, price
    assert office.sells(desk) == ["close-a"]


def test_a_plan_buys_once_in_its_period(office: Office) -> None:
    """Two workers that run the same cron job place one order."""
    from mimic.engine.rules import PLANS, order_of

    at = 1_000_000_007.0
    assert order_of(PLANS[0], at) == order_of(PLANS[0], at + 1)
    assert order_of(PLANS[0], at) != order_of(PLANS[0], at + PLANS[0].every)
    desks = [office.desk(), office.desk()]
    for desk in desks:
        desk._clock = lambda: at
    assert len(desks[0].follow_plans()) == len(PLANS)
    assert desks[1].follow_plans() == []


def test_tables_may_be_made_by_several_at_once(environment: dict[str, str]) -> None:
    """Processes that start together and find an empty database all succeed, with one switch."""
    words = [sys.executable, "-m", "mimic.migrate"]
    started = [
        subprocess.Popen(words, cwd=MIMIC, env={**os.environ, **environment}) for _ in range(4)
    ]
    assert [process.wait(60) for process in started] == [0] * 4
