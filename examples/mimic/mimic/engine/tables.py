"""The tables, in SQLite or PostgreSQL, and how a process gets at them; `migrate` makes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Dialect,
    Engine,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
)
from sqlalchemy.types import TypeDecorator

from mimic.settings import Settings


class Amount(TypeDecorator[Decimal]):
    """A Decimal, kept as text: SQLite would make a binary fraction of it."""

    impl = String(40)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


metadata = MetaData()

positions = Table(
    "positions",
    metadata,
    Column("id", String(80), primary_key=True),  # that of the order that opens it
    Column("symbol", String(20), nullable=False),
    Column("quantity", Amount, nullable=False),
    Column("wanted_at", Float, nullable=False),
    Column("entry", Amount),  # the price; empty until the order was filled
    Column("peak", Amount),  # the highest price since
    Column("exit", Amount),  # the price; empty as long as it is open
    Column("closed_by", String(80)),
    Column("closed_at", Float),
)

orders = Table(  # the exchange's own: what was filled
    "orders",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("symbol", String(20), nullable=False),
    Column("side", String(4), nullable=False),
    Column("quantity", Amount, nullable=False),
    Column("price", Amount, nullable=False),
    Column("filled_at", Float, nullable=False),
)

switch = Table(  # one row: whether new positions may be opened
    "switch",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("halted", Boolean, nullable=False),
    Column("reason", String(80), nullable=False),
    Column("passed", Integer, nullable=False),  # how many positions it let through
)


def connect(settings: Settings) -> Engine:
    """The database; for one process, to be called after a fork. Its tables are there already."""
    return create_engine(settings.database_url, pool_pre_ping=True)
