"""`python -m mimic.migrate`: make the tables that are missing. Any number may do so at once.

The watchdog runs it before each start of the web server (`hooks.pre_start`), and everything that
depends on web waits for that.
"""

from __future__ import annotations

import time

from sqlalchemy import Engine, insert, select
from sqlalchemy.exc import DBAPIError

from mimic.engine.tables import connect, metadata, switch
from mimic.settings import Settings, read_settings

ATTEMPTS = 20
PAUSE = 0.2  # seconds between them


def migrate(settings: Settings) -> None:
    """Make what is missing. Raises DBAPIError if the database cannot be used."""
    settings.state.mkdir(parents=True, exist_ok=True)
    engine = connect(settings)
    for _ in range(ATTEMPTS):
        try:
            _prepare(engine)
        except DBAPIError:  # somebody else may be making the same tables at this moment
            time.sleep(PAUSE)
        else:
            return
    _prepare(engine)


def _prepare(engine: Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":  # readers do not wait for the one who writes
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        metadata.create_all(connection)
        if connection.execute(select(switch.c.id)).first() is None:
            connection.execute(insert(switch).values(id=1, halted=False, reason="", passed=0))


if __name__ == "__main__":
    migrate(read_settings())
