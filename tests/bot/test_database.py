"""The bot's database: migrations, transactions, rights, and what it says when it cannot be used."""

from __future__ import annotations

import sqlite3
import stat
from pathlib import Path

import pytest

from bot.database import Database, DatabaseError, Schema, default_path
from bot.exits import Exit, ExitCode
from bot.sessions import SCHEMA, Sessions

ONE = "CREATE TABLE things (name TEXT PRIMARY KEY)"
TWO = """
    ALTER TABLE things ADD COLUMN size INTEGER;
    CREATE TRIGGER growing AFTER INSERT ON things BEGIN
        UPDATE things SET size = 1 WHERE name = new.name;
        UPDATE things SET size = size + 1 WHERE name = new.name;
    END
"""


async def names(database: Database) -> list[tuple[str, ...]]:
    return await database.run(lambda db: [tuple(row) for row in db.execute("SELECT * FROM things")])


async def test_a_later_script_is_run_on_what_the_first_left(tmp_path: Path) -> None:
    """A new version of the bot adds what is missing, once, and keeps what there is."""
    path = tmp_path / "new" / "bot.sqlite3"
    with Database(path, [Schema("things", (ONE,))]) as database:
        await database.run(lambda db: db.execute("INSERT INTO things VALUES ('a')"))
    for _ in range(2):
        with Database(path, [Schema("things", (ONE, TWO))]) as database:
            assert await names(database) == [("a", None)]
    with Database(path, [Schema("things", (ONE, TWO))]) as database:
        await database.run(lambda db: db.execute("INSERT INTO things (name) VALUES ('b')"))
        assert await names(database) == [("a", None), ("b", 2)]


def test_a_script_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    """Half a migration is none, and the next start tries the whole of it again."""
    path = tmp_path / "bot.sqlite3"
    with pytest.raises(Exit), Database(path, [Schema("things", (ONE, f"{TWO}; NONSENSE"))]):
        pass
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT count(*) FROM schema_versions").fetchone() == (0,)
        assert not plain.execute("SELECT 1 FROM sqlite_master WHERE name = 'things'").fetchall()


def test_a_file_of_a_newer_bot_is_not_touched(tmp_path: Path) -> None:
    """An older bot ends with 78 and says why."""
    path = tmp_path / "bot.sqlite3"
    with Database(path, [Schema("things", (ONE, TWO))]):
        pass
    with pytest.raises(Exit, match="written by a newer bot") as caught:
        Database(path, [Schema("things", (ONE,))]).__enter__()
    assert caught.value.code is ExitCode.CONFIG


def test_what_is_no_database_is_named(tmp_path: Path) -> None:
    """A file that is something else, or a directory, is a configuration error with its path."""
    other = tmp_path / "notes.txt"
    other.write_text("this is not a database at all, it is a text" * 100)
    for path in (other, tmp_path):
        with pytest.raises(Exit, match="BOT_DATABASE") as caught:
            Database(path, []).__enter__()
        assert str(path) in caught.value.reason
    assert other.read_text().startswith("this is not")


async def test_a_failing_transaction_changes_nothing(tmp_path: Path) -> None:
    """Work that fails is undone; after the end nothing works any more."""
    with Database(tmp_path / "bot.sqlite3", [Schema("things", (ONE,))]) as database:

        def work(db: sqlite3.Connection) -> None:
            db.execute("INSERT INTO things VALUES ('a')")
            db.execute("INSERT INTO things VALUES ('a')")

        with pytest.raises(DatabaseError, match="UNIQUE"):
            await database.run(work)
        assert await names(database) == []
    with pytest.raises(DatabaseError):
        await names(database)


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """The file, what SQLite puts beside it, and the directory are closed to others."""
    path = tmp_path / "new" / "bot.sqlite3"
    with Database(path, [SCHEMA]):
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        assert modes == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_sessions_end_and_are_forgotten(tmp_path: Path) -> None:
    """A session goes on within its TTL, over a restart too; after that a new one begins."""
    path = tmp_path / "bot.sqlite3"
    with Database(path, [SCHEMA]) as database:
        sessions = Sessions(database, ttl=100)
        assert (await sessions.touch(1, 2, 1000)).messages == 1
        await sessions.touch(1, 3, 1001)
    with Database(path, [SCHEMA]) as database:
        sessions = Sessions(database, ttl=100)
        again = await sessions.touch(1, 2, 1099)
        assert (again.began, again.messages) == (1000, 2)
        assert await sessions.find(1, 3, 1101.5) is None
        new = await sessions.touch(1, 2, 1200)
        assert (new.began, new.messages) == (1200, 1)
        count = await database.run(lambda db: db.execute("SELECT count(*) FROM sessions"))
        assert count.fetchone()[0] == 1


def test_each_bot_has_a_file_of_its_own() -> None:
    """Two bots of one user do not meet in one file."""
    environ = {"XDG_STATE_HOME": "/state"}
    assert default_path(7, environ) == Path("/state/watchdog-bot/7.sqlite3")
    assert default_path(7, {}) != default_path(8, {})
    assert default_path(7, {}).is_absolute()
