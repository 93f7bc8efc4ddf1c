"""When to buy and when to sell; pure, and the only place that decides it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

TRAIL = Decimal("0.03")
"""A position is closed once its price is so far (a fraction) below the highest it has seen."""


@dataclass(frozen=True)
class Plan:
    """Dollar-cost averaging: buy so much of a symbol, once in every `every` seconds."""

    symbol: str
    quantity: Decimal
    every: int


PLANS = (Plan("BTC", Decimal("0.01"), 60), Plan("ETH", Decimal("0.2"), 90))


def order_of(plan: Plan, now: float) -> str:
    """The id of the order that is due at this time.

    Whoever asks within the same period gets the same id: a job that runs twice, or a second worker,
    places no second order.
    """
    return f"dca-{plan.symbol}-{int(now // plan.every)}"


def is_stopped_out(peak: Decimal, price: Decimal, trail: Decimal = TRAIL) -> bool:
    """Whether the trailing stop is reached."""
    return price <= peak * (1 - trail)
