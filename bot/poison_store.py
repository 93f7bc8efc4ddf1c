"""Poison that is kept for somebody to look at: at most so many updates, at most so much of each."""

import sqlite3
from dataclasses import dataclass

from bot.database import Database, Schema

MOST_KEPT = 100  # the oldest go first

SCHEMA = Schema(
    "poison",
    (
        """
        CREATE TABLE poison (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            update_id INTEGER UNIQUE,
            at REAL NOT NULL,
            kind TEXT NOT NULL,
            error TEXT NOT NULL,
            content TEXT NOT NULL
        )
        """,
    ),
)


@dataclass(frozen=True)
class Poison:
    """One update that was left out. `at` is Unix time; the content is JSON, filtered and cut."""

    number: int
    update_id: int | None
    at: float
    kind: str  # "unreadable" or "deadly"
    error: str
    content: str


class PoisonStore:
    """The table of poison. Every method raises `DatabaseError`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, poison: Poison) -> int:
        """Keep one (its number is given here); how many are kept then. One that is kept stays."""

        def work(db: sqlite3.Connection) -> int:
            db.execute(
                "INSERT OR IGNORE INTO poison (update_id, at, kind, error, content) "
                "VALUES (?, ?, ?, ?, ?)",
                (poison.update_id, poison.at, poison.kind, poison.error, poison.content),
            )
            db.execute(
                "DELETE FROM poison WHERE number NOT IN "
                "(SELECT number FROM poison ORDER BY number DESC LIMIT ?)",
                (MOST_KEPT,),
            )
            return _count(db)

        return await self._database.run(work)

    async def count(self) -> int:
        """How many are kept."""
        return await self._database.run(_count)

    async def all(self) -> list[Poison]:
        """All of them, the oldest first."""

        def work(db: sqlite3.Connection) -> list[Poison]:
            return [Poison(**dict(row)) for row in db.execute("SELECT * FROM poison")]

        return await self._database.run(work)

    async def forget(self, numbers: list[int] | None) -> list[int]:
        """Forget these, or all if None; returns which were there."""

        def work(db: sqlite3.Connection) -> list[int]:
            kept = [int(row["number"]) for row in db.execute("SELECT number FROM poison")]
            gone = [number for number in kept if numbers is None or number in numbers]
            db.executemany("DELETE FROM poison WHERE number = ?", [(number,) for number in gone])
            return gone

        return await self._database.run(work)


def _count(db: sqlite3.Connection) -> int:
    return int(db.execute("SELECT count(*) FROM poison").fetchone()[0])
