"""The tables, in SQLite or PostgreSQL, and how a process gets at them."""

from __future__ import annotations

import time
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
    insert,
    select,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator

from mimic.settings import Settings

ATTEMPTS = 20
PAUSE = 0.2  # seconds between them


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
    """The database with its tables; for one process, to be called after a fork."""
    settings.state.mkdir(parents=True, exist_ok=True)
    engine = create_engine(settings.database_url, pool_pre_ping=True)
    for attempt in range(ATTEMPTS):
        try:
            _prepare(engine)
            break
        except DBAPIError:
            # All processes of the platform start at once: another one was making the same tables.
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(PAUSE)
    return engine


def _prepare(engine: Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":  # readers do not wait for the one who writes
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        metadata.create_all(connection)
        if connection.execute(select(switch.c.id)).first() is None:
            connection.execute(insert(switch).values(id=1, halted=False, reason="", passed=0))
