"""What outlives the bot so that its starts can be told well: how the last one ended, and when a
start was told last. A bot that is started every few seconds must not flood a chat with that.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass

from bot.database import Database, Schema

QUIET_SECONDS = 60.0  # starts within this time of one that was told are only counted

SCHEMA = Schema(
    "notices",
    (
        """
        CREATE TABLE life (
            one INTEGER PRIMARY KEY CHECK (one = 1),
            ended INTEGER NOT NULL,
            told REAL NOT NULL,
            untold INTEGER NOT NULL
        )
        """,
    ),
)


@dataclass(frozen=True)
class Life:
    """A start: whether it is told, how many before it were not, whether the last end was proper."""

    worth_telling: bool = True
    untold: int = 0
    ended_well: bool = True

    def remarks(self) -> Iterator[str]:
        """What is said of it besides that it is."""
        if not self.ended_well:
            yield "The one before did not stop in order: it crashed, or was killed."
        if self.untold:
            yield f"Starts since the last that was told: {self.untold}."


def judge_start(row: tuple[bool, float, int] | None, now: float) -> Life:
    """What to make of a start; `row` is (ended well, told when, untold since). Pure."""
    if row is None:
        return Life()
    ended_well, told, untold = row
    recent = 0 <= now - told < QUIET_SECONDS
    return Life(not recent, untold + 1 if recent else untold, ended_well)


class LifeStore:
    """The one row in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, now: float) -> Life:
        """Note a start at `now` (seconds since 1970); raises DatabaseError."""

        def work(connection: sqlite3.Connection) -> Life:
            found = connection.execute("SELECT ended, told, untold FROM life").fetchone()
            row = (bool(found[0]), float(found[1]), int(found[2])) if found else None
            life = judge_start(row, now)
            told = now if life.worth_telling or row is None else row[1]
            untold = 0 if life.worth_telling else life.untold
            connection.execute("REPLACE INTO life VALUES (1, 0, ?, ?)", (told, untold))
            return life

        return await self._database.run(work)

    async def end(self) -> None:
        """Note a stop in order; raises DatabaseError."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("UPDATE life SET ended = 1")

        await self._database.run(work)
