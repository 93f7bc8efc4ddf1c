"""Prices on paper: a pure function of symbol and time, so that every process sees the same."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

Market = Callable[[str, float], Decimal]
"""The price of a symbol at a time (Unix seconds)."""

BASE = {"BTC": 64000.0, "ETH": 3400.0, "SOL": 150.0}
SWING = 0.02  # how far a price goes from its base, as a fraction
_PERIODS = (47.0, 311.0, 3607.0)  # seconds


def price(symbol: str, at: float) -> Decimal:
    """Waves on top of each other, in cents. KeyError for a symbol that is not traded."""
    waves = sum(math.sin(2 * math.pi * at / period) for period in _PERIODS)
    return Decimal(BASE[symbol] * (1 + SWING * waves / len(_PERIODS))).quantize(Decimal("0.01"))
