"""An exchange that only pretends, with the one property of real ones that a panic relies on.

An order has an id that its sender chose (a "client order id"). Sent again, for whatever reason, it
is not filled a second time: the answer is the first fill.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import IntegrityError

from mimic.engine.market import Market
from mimic.engine.tables import orders


class Side(StrEnum):
    """What an order does."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True)
class Order:
    """One order."""

    id: str
    symbol: str
    side: Side
    quantity: Decimal


@dataclass(frozen=True)
class Fill:
    """What became of it; `fresh` if this very call has filled it."""

    price: Decimal
    fresh: bool


class PaperExchange:
    """Fills every order at once, at the market's price."""

    def __init__(
        self,
        engine: Engine,
        market: Market,
        latency: float = 0.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._engine, self._market = engine, market
        self._latency, self._clock = latency, clock

    def place(self, order: Order) -> Fill:
        """Fill the order, once."""
        time.sleep(self._latency)  # the way to an exchange and back
        now = self._clock()
        price = self._market(order.symbol, now)
        values = {
            "id": order.id,
            "symbol": order.symbol,
            "side": order.side,
            "quantity": order.quantity,
            "price": price,
            "filled_at": now,
        }
        try:
            with self._engine.begin() as connection:
                connection.execute(insert(orders).values(values))
        except IntegrityError:
            return Fill(self._price_of(order.id), fresh=False)
        return Fill(price, fresh=True)

    def list_orders(self) -> list[Order]:
        """Everything that was filled, oldest first."""
        columns = [orders.c[name] for name in ("id", "symbol", "side", "quantity")]
        query = select(*columns).order_by(orders.c.filled_at)
        with self._engine.connect() as connection:
            return [
                Order(order, symbol, Side(side), quantity)
                for order, symbol, side, quantity in connection.execute(query)
            ]

    def _price_of(self, order: str) -> Decimal:
        query = select(orders.c.price).where(orders.c.id == order)
        with self._engine.connect() as connection:
            price: Decimal = connection.execute(query).scalar_one()
        return price
