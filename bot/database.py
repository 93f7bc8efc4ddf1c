"""The bot's own database: one SQLite file (WAL), one thread that uses it, and its migrations.

Each capability that keeps something brings a `Schema` of its own: a name, and scripts that are run
once each, in order, and never changed afterwards. Work is done in one transaction, on a thread, so
that a slow disk does not hold up the event loop; what was committed survives a power cut.
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.exits import Exit, ExitCode

Result = TypeVar("Result")
Work = Callable[[sqlite3.Connection], Result]

_PATIENCE = 5.0  # seconds to wait for somebody else's transaction, such as a backup's
_SETUP = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
CREATE TABLE IF NOT EXISTS schema_versions (name TEXT PRIMARY KEY, version INTEGER NOT NULL);
"""


class DatabaseError(Exception):
    """The database cannot be used now; the text says why."""


@dataclass(frozen=True)
class Schema:
    """The tables of one capability, as the scripts that lead from nothing to the present."""

    name: str
    scripts: tuple[str, ...]


def default_path(bot_id: int, environ: Mapping[str, str] = os.environ) -> Path:
    """Where the database of this bot is unless BOT_DATABASE says otherwise."""
    return _state_directory(environ) / "watchdog-bot" / f"{bot_id}.sqlite3"


def _state_directory(environ: Mapping[str, str]) -> Path:
    """A service of root often sees no home directory, so root's place is another."""
    if home := environ.get("XDG_STATE_HOME") or environ.get("LOCALAPPDATA"):
        return Path(home)
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return Path("/var/lib") if root else Path("~/.local/state").expanduser()


class Database:
    """Open while in the `with` block; `Exit` 78 if it cannot be opened or is not ours."""

    def __init__(self, path: Path, schemas: Sequence[Schema]) -> None:
        self.path = path
        self._schemas = schemas
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")
        self._connection: sqlite3.Connection | None = None

    def __enter__(self) -> "Database":
        try:
            self._connection = _connect(self.path)
            for schema in self._schemas:
                _migrate(self._connection, schema)
        except (OSError, sqlite3.Error, DatabaseError) as error:
            self._close()
            raise Exit(
                ExitCode.CONFIG,
                f"BOT_DATABASE: {self.path} cannot be used: {error}; "
                "name a file that this user can write, or move that one away",
            ) from None
        return self

    def __exit__(self, *exception: object) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown()

    async def run(self, work: Work[Result]) -> Result:
        """Do `work` in one transaction; raises `DatabaseError`, and then nothing was changed."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, self._transact, work)
        except (sqlite3.Error, OSError, RuntimeError) as error:
            raise DatabaseError(f"{type(error).__name__}: {error}") from error

    def _transact(self, work: Work[Result]) -> Result:
        connection = self._connection
        if connection is None:
            raise sqlite3.ProgrammingError("the database is closed")
        return _in_transaction(connection, work)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Made by us before SQLite does: what it makes beside it gets the same rights.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(
        path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
    )
    connection.row_factory = sqlite3.Row
    connection.executescript(_SETUP)
    return connection


def _migrate(connection: sqlite3.Connection, schema: Schema) -> None:
    """Run the scripts that this file has not seen, all or none of them."""

    def work(connection: sqlite3.Connection) -> None:
        found = connection.execute(
            "SELECT version FROM schema_versions WHERE name = ?", (schema.name,)
        ).fetchone()
        version, newest = (found[0] if found else 0), len(schema.scripts)
        if version > newest:
            raise DatabaseError(
                f"its {schema.name} are of version {version}, this bot knows {newest}: "
                "it was written by a newer bot"
            )
        for script in schema.scripts[version:]:
            for statement in _statements(script):
                connection.execute(statement)
        connection.execute(
            "INSERT INTO schema_versions VALUES (?, ?) "
            "ON CONFLICT (name) DO UPDATE SET version = excluded.version",
            (schema.name, newest),
        )

    _in_transaction(connection, work)


def _statements(script: str) -> Iterator[str]:
    """One at a time: `executescript` would commit first. A trigger has semicolons inside."""
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _in_transaction(connection: sqlite3.Connection, work: Work[Result]) -> Result:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result
