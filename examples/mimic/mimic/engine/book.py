"""The book of positions: what we want, what is open, what was closed and by whom.

A position is written down *before* its order goes out. So whoever halts trading and then reads the
book misses none: it is in there, or it is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from mimic.engine.tables import positions, switch


@dataclass(frozen=True)
class Position:
    """One that is not closed."""

    id: str
    symbol: str
    quantity: Decimal
    entry: Decimal | None  # None: its order may be on its way
    peak: Decimal | None


class Halted(Exception):
    """No position may be opened now; the text says since which event."""


class Book:
    """Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def want(self, position: str, symbol: str, quantity: Decimal, now: float) -> None:
        """Write down a position that is about to be opened; twice is once. Raises Halted."""
        values = {"id": position, "symbol": symbol, "quantity": quantity, "wanted_at": now}
        try:
            with self._engine.begin() as connection:
                _pass_switch(connection)
                connection.execute(insert(positions).values(values))
        except IntegrityError:
            return  # it was written down before; the caller goes on where it was

    def open(self, position: str, price: Decimal) -> None:
        """Its order was filled."""
        change = update(positions).where(positions.c.id == position, positions.c.entry.is_(None))
        with self._engine.begin() as connection:
            connection.execute(change.values(entry=price, peak=price))

    def list_open(self) -> list[Position]:
        """What is not closed, oldest first."""
        columns = [positions.c[name] for name in ("id", "symbol", "quantity", "entry", "peak")]
        query = select(*columns).where(positions.c.exit.is_(None)).order_by(positions.c.wanted_at)
        with self._engine.connect() as connection:
            return [Position(*row) for row in connection.execute(query)]

    def raise_peak(self, position: str, price: Decimal) -> None:
        """The price has never been as high."""
        with self._engine.begin() as connection:
            connection.execute(
                update(positions).where(positions.c.id == position).values(peak=price)
            )

    def close(self, position: str, price: Decimal, by: str, now: float) -> bool:
        """It was sold. False: somebody else has written that down already."""
        change = update(positions).where(positions.c.id == position, positions.c.exit.is_(None))
        with self._engine.begin() as connection:
            done = connection.execute(change.values(exit=price, closed_by=by, closed_at=now))
        return done.rowcount == 1

    def halt(self, reason: str) -> None:
        """Let no new position through, from now on; those that passed are in the book."""
        self._set(True, reason)

    def resume(self) -> None:
        """Let them through again."""
        self._set(False, "")

    def halted_by(self) -> str | None:
        """Why nothing is opened; None if it is."""
        with self._engine.connect() as connection:
            row = connection.execute(select(switch.c.halted, switch.c.reason)).one()
        return row.reason if row.halted else None

    def _set(self, halted: bool, reason: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(update(switch).values(halted=halted, reason=reason))


def _pass_switch(connection: Connection) -> None:
    """A write, so that in both databases a halt waits for us, or we for it."""
    passed = update(switch).where(switch.c.halted.is_(False)).values(passed=switch.c.passed + 1)
    if connection.execute(passed).rowcount == 0:
        reason = connection.execute(select(switch.c.reason)).scalar_one()
        raise Halted(f"trading is halted: {reason}")
