"""Notes in an SQLite file of their own, with FTS5: the store of a bot that has no DATABASE_URL.

The file is opened at the first use and again after a failure, so that a disk that was full or
not mounted yet costs the knowledge base alone, and only for as long as that lasts.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from bot.database import Database, DatabaseError, Schema
from bot.exits import Exit
from bot.knowledge.query import match_expression
from bot.knowledge.snippets import MARK_FROM, MARK_TO, SNIPPET_WORDS
from bot.knowledge.store import PATIENCE, Found, Hit, Note, Stats, StoreError

Result = TypeVar("Result")

SCHEMA = Schema(
    "notes",
    (
        """
        CREATE TABLE notes (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            key TEXT NOT NULL UNIQUE,
            title TEXT NOT NULL,
            body TEXT NOT NULL,
            author INTEGER NOT NULL,
            added REAL NOT NULL
        );
        CREATE VIRTUAL TABLE notes_index USING fts5 (
            title, body, content = 'notes', content_rowid = 'number',
            tokenize = 'porter unicode61 remove_diacritics 2'
        );
        CREATE TRIGGER notes_added AFTER INSERT ON notes BEGIN
            INSERT INTO notes_index (rowid, title, body) VALUES (new.number, new.title, new.body);
        END;
        CREATE TRIGGER notes_removed AFTER DELETE ON notes BEGIN
            INSERT INTO notes_index (notes_index, rowid, title, body)
            VALUES ('delete', old.number, old.title, old.body);
        END;
        CREATE TRIGGER notes_changed AFTER UPDATE ON notes BEGIN
            INSERT INTO notes_index (notes_index, rowid, title, body)
            VALUES ('delete', old.number, old.title, old.body);
            INSERT INTO notes_index (rowid, title, body) VALUES (new.number, new.title, new.body);
        END
        """,
    ),
)

# A word in the title weighs five times as much as one in the text.
_SEARCH = """
SELECT rowid, title, snippet(notes_index, 1, ?, ?, '…', ?)
FROM notes_index WHERE notes_index MATCH ? ORDER BY bm25(notes_index, 5.0, 1.0), rowid LIMIT ?
"""
_COUNT = "SELECT count(*) FROM notes_index WHERE notes_index MATCH ?"
_STATS = """
SELECT count(*), coalesce(sum(length(title) + length(body)), 0), count(DISTINCT author), max(added)
FROM notes
"""
# How many steps of SQLite's machine between two looks at the clock: well under a millisecond.
_STEPS = 10_000


class SqliteStore:
    """A store in the file at `path`."""

    def __init__(self, path: Path) -> None:
        self.place = str(path)
        self._path = path
        self._database: Database | None = None
        self._opening = asyncio.Lock()

    async def check(self) -> None:
        await self._run(lambda connection: connection.execute("SELECT 1 FROM notes LIMIT 1"))

    async def stats(self) -> Stats:
        def work(connection: sqlite3.Connection) -> Stats:
            return Stats(*connection.execute(_STATS).fetchone())

        return await self._run(work)

    async def search(self, words: str, most: int) -> Found:
        expression = match_expression(words)
        if expression is None:
            return Found((), 0)

        def work(connection: sqlite3.Connection) -> Found:
            total = connection.execute(_COUNT, (expression,)).fetchone()[0]
            marks = (MARK_FROM, MARK_TO, SNIPPET_WORDS)
            rows = connection.execute(_SEARCH, (*marks, expression, most)).fetchall()
            return Found(tuple(Hit(*row) for row in rows), total)

        return await self._run(work)

    async def add(self, note: Note) -> int:
        values = (note.key, note.title, note.body, note.author, time.time())

        def work(connection: sqlite3.Connection) -> int:
            connection.execute(
                "INSERT INTO notes (key, title, body, author, added) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (key) DO NOTHING",
                values,
            )
            row = connection.execute("SELECT number FROM notes WHERE key = ?", (note.key,))
            return int(row.fetchone()[0])

        return await self._run(work)

    async def close(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            await asyncio.to_thread(database.__exit__, None, None, None)

    async def _run(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        database = await self._open()
        try:
            return await database.run(lambda connection: _in_time(connection, work))
        except DatabaseError as error:
            await self.close()
            raise StoreError(f"{self.place} cannot be used: {error}") from None

    async def _open(self) -> Database:
        async with self._opening:
            if self._database is None:
                database = Database(self._path, (SCHEMA,))
                try:
                    self._database = await asyncio.to_thread(database.__enter__)
                except Exit as error:
                    raise StoreError(error.reason) from None
            return self._database


def _in_time(
    connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], Result]
) -> Result:
    """Do `work`, which is interrupted once it has taken too long."""
    end = time.monotonic() + PATIENCE
    connection.set_progress_handler(lambda: time.monotonic() > end, _STEPS)
    try:
        return work(connection)
    finally:
        connection.set_progress_handler(None, 0)
