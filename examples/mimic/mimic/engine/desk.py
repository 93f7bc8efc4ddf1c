"""The desk: what can be done with positions. Every step may be cut off, and done again.

The book is written, the order is placed, the book is written. An order's id is made from the
position's, so whoever comes after a crash places the same order and gets the first one's fill.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from mimic.engine.book import Book, Position
from mimic.engine.exchange import Fill, Order, PaperExchange, Side
from mimic.engine.market import Market, price
from mimic.engine.rules import PLANS, Plan, is_stopped_out, order_of
from mimic.engine.tables import connect
from mimic.settings import Settings


@dataclass(frozen=True)
class Closing:
    """A position that was closed, at which price, and what that brought."""

    position: Position
    price: Decimal
    profit: Decimal
    fresh: bool  # False: its order had been placed before, by a run that was cut off


class Desk:
    """Buys, sells and looks after what is open."""

    def __init__(
        self,
        book: Book,
        exchange: PaperExchange,
        market: Market = price,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.book, self.exchange = book, exchange
        self._market, self._clock = market, clock

    def buy(self, order: str, symbol: str, quantity: Decimal) -> Fill:
        """Open the position with this id; a second call changes nothing. Raises Halted."""
        self.book.want(order, symbol, quantity, self._clock())
        return self._fill(order, symbol, quantity)

    def close(self, position: Position, by: str) -> Closing:
        """Sell it, once, whoever else is at it or has begun before."""
        entry = position.entry
        if entry is None:  # its order may have been filled: find out, by placing it again
            entry = self._fill(position.id, position.symbol, position.quantity).price
        order = Order(f"close-{position.id}", position.symbol, Side.SELL, position.quantity)
        fill = self.exchange.place(order)
        self.book.close(position.id, fill.price, by, self._clock())
        profit = (fill.price - entry) * position.quantity
        return Closing(position, fill.price, profit, fill.fresh)

    def list_by_value(self) -> list[Position]:
        """What is open, the largest value first."""
        now = self._clock()
        return sorted(
            self.book.list_open(),
            key=lambda one: one.quantity * self._market(one.symbol, now),
            reverse=True,
        )

    def follow_plans(self, plans: tuple[Plan, ...] = PLANS) -> list[str]:
        """Place what is due of each plan; the ids of the orders that were filled now."""
        due = [(plan, order_of(plan, self._clock())) for plan in plans]
        return [order for plan, order in due if self.buy(order, plan.symbol, plan.quantity).fresh]

    def trail_stops(self) -> list[Closing]:
        """Move the stop of each position up, and close those that have reached it."""
        found = (self._trail(position) for position in self.book.list_open())
        return [closing for closing in found if closing is not None]

    def _trail(self, position: Position) -> Closing | None:
        now_at = self._market(position.symbol, self._clock())
        if position.peak is None:
            self._fill(position.id, position.symbol, position.quantity)
            return None
        if now_at > position.peak:
            self.book.raise_peak(position.id, now_at)
        if not is_stopped_out(position.peak, now_at):
            return None
        return self.close(position, "trailing stop")

    def _fill(self, order: str, symbol: str, quantity: Decimal) -> Fill:
        fill = self.exchange.place(Order(order, symbol, Side.BUY, quantity))
        self.book.open(order, fill.price)
        return fill


def open_desk(settings: Settings) -> Desk:
    """The desk of this process."""
    engine = connect(settings)
    return Desk(Book(engine), PaperExchange(engine, price, settings.latency))
