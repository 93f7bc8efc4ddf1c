"""What the example platform takes from outside: settings, and signals over HTTP."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

GOOD = {"id": "a1", "symbol": "BTC", "quantity": "0.25"}


def test_a_signal_is_read() -> None:
    """Numbers may be written as text, so that no binary fraction comes of them."""
    from mimic.web.routes import read_signal

    assert read_signal(GOOD) == ("a1", "BTC", Decimal("0.25"))
    assert read_signal(GOOD | {"quantity": 3})[2] == Decimal(3)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, "a JSON object"),
        ([], "a JSON object"),
        (GOOD | {"id": ""}, "id: "),
        (GOOD | {"id": 5}, "id: "),
        (GOOD | {"id": "x" * 61}, "id: "),
        (GOOD | {"symbol": "DOGE"}, "allowed: BTC, ETH, SOL"),
        (GOOD | {"symbol": ["BTC"]}, "allowed: BTC, ETH, SOL"),
        (GOOD | {"quantity": "NaN"}, "quantity: "),
        (GOOD | {"quantity": "1e9"}, "quantity: "),
        (GOOD | {"quantity": -1}, "quantity: "),
        (GOOD | {"quantity": None}, "quantity: "),
    ],
)
def test_a_signal_that_is_none_is_told(wrong: Any, said: str) -> None:
    """What is wrong, and what is allowed, is in the answer."""
    from mimic.web.routes import BadSignal, read_signal

    with pytest.raises(BadSignal, match=said):
        read_signal(wrong)


def test_the_database_is_the_one_of_the_bot() -> None:
    """DATABASE_URL is read as the bot reads it; without it there is a file."""
    from mimic.settings import find_database

    state = Path("/srv/state")
    assert find_database({}, state) == "sqlite:////srv/state/mimic.sqlite3"
    for scheme in ("postgres", "postgresql"):
        found = find_database({"DATABASE_URL": f"{scheme}://a:b@h/d"}, state)
        assert found == "postgresql+psycopg://a:b@h/d"
