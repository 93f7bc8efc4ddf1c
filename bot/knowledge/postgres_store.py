"""Notes in PostgreSQL (also Supabase's), found with its own full-text search.

Connections are made when they are needed, so that a server that was away is used again as soon as
it is back. Statements are prepared for one use only and limits are set within each transaction:
both work through a pooler such as Supabase's, which gives each transaction another connection.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

import asyncpg

from bot.knowledge import migrations
from bot.knowledge.snippets import MARK_FROM, MARK_TO, SNIPPET_WORDS
from bot.knowledge.store import PATIENCE, Found, Hit, Note, Stats, StoreError
from bot.os_reasons import os_reason

Result = TypeVar("Result")
Work = Callable[[Any], Awaitable[Result]]

_CONNECTIONS = 4
_SEARCH = """
SELECT number, title, ts_headline('english', body, query, $3), count(*) OVER ()
FROM kb_notes, websearch_to_tsquery('english', $1) AS query
WHERE words @@ query ORDER BY ts_rank_cd(words, query) DESC, number LIMIT $2
"""
_HEADLINE = (
    f'StartSel="{MARK_FROM}", StopSel="{MARK_TO}", MaxFragments=1, '
    f"MaxWords={SNIPPET_WORDS}, MinWords={SNIPPET_WORDS // 2}"
)
_STATS = """
SELECT count(*), coalesce(sum(length(title) + length(body)), 0), count(DISTINCT author),
       extract(epoch FROM max(added))::float8
FROM kb_notes
"""
_ADD = """
INSERT INTO kb_notes (key, title, body, author) VALUES ($1, $2, $3, $4)
ON CONFLICT (key) DO UPDATE SET key = excluded.key RETURNING number
"""
# The server went away under the statement, or has other tables than a moment ago: asked again, each
# statement does what it would have done.
_TRY_AGAIN = (
    asyncpg.UndefinedTableError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
)


class PostgresStore:
    """A store in the database at `url`."""

    def __init__(self, url: str, patience: float = PATIENCE) -> None:
        self.place = describe_url(url)
        self._url, self._patience = url, patience
        self._pool: Any = None
        self._migrated = False
        self._opening = asyncio.Lock()
        self._left: set[asyncio.Task[Any]] = set()  # given up on, but still at it

    async def check(self) -> None:
        async def look(connection: Any) -> None:
            await connection.execute("SELECT 1 FROM kb_notes LIMIT 1")

        await self._run(look)

    async def stats(self) -> Stats:
        row = await self._run(lambda connection: connection.fetchrow(_STATS))
        return Stats(*row)

    async def search(self, words: str, most: int) -> Found:
        rows = await self._run(lambda connection: connection.fetch(_SEARCH, words, most, _HEADLINE))
        return Found(tuple(Hit(*row[:3]) for row in rows), rows[0][3] if rows else 0)

    async def add(self, note: Note) -> int:
        values = (note.key, note.title, note.body, note.author)
        return int(await self._run(lambda connection: connection.fetchval(_ADD, *values)))

    async def close(self) -> None:
        for task in self._left:
            task.cancel()
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def _run(self, work: Work[Result]) -> Result:
        """Do `work` in a transaction; a lost connection is replaced and it is tried once more."""
        try:
            return await self._in_time(self._insist(work))
        except TimeoutError:
            if self._pool is not None:  # the way to the server may be lost for all of them
                await self._pool.expire_connections()
            raise StoreError(f"{self.place} gives no answer in {self._patience:g} s") from None
        except asyncpg.QueryCanceledError:
            raise StoreError(f"{self.place} takes longer than {self._patience:g} s") from None
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise StoreError(f"{self.place} cannot be used: {_explain(error)}") from None

    async def _in_time(self, work: Awaitable[Result]) -> Result:
        """As `asyncio.timeout`, but it does not wait for a cancelled work to end either.

        The driver tells the server of a cancellation first, and that may not answer.
        """
        task = asyncio.ensure_future(work)
        self._left.add(task)
        task.add_done_callback(self._left.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        done, _ = await asyncio.wait({task}, timeout=self._patience)
        if not done:
            task.cancel()
            raise TimeoutError
        return await task

    async def _insist(self, work: Work[Result]) -> Result:
        with contextlib.suppress(*_TRY_AGAIN):
            return await self._transact(work)
        self._migrated = False
        return await self._transact(work)

    async def _transact(self, work: Work[Result]) -> Result:
        async with (await self._open()).acquire() as connection:
            try:
                if not self._migrated:
                    await self._in_transaction(connection, migrate)
                    self._migrated = True
                return await self._in_transaction(connection, work)
            except BaseException:
                # The pool would wait for the server to take back what failed, perhaps for ever;
                # a server whose client is gone takes it back by itself.
                connection.terminate()
                raise

    async def _in_transaction(self, connection: Any, work: Work[Result]) -> Result:
        limit = int(self._patience * 1000)
        await connection.execute(f"BEGIN; SET LOCAL statement_timeout = {limit}")
        result = await work(connection)
        await connection.execute("COMMIT")
        return result

    async def _open(self) -> Any:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._url,
                    min_size=0,
                    max_size=_CONNECTIONS,
                    timeout=self._patience,
                    statement_cache_size=0,
                    server_settings={"application_name": "watchdog-bot"},
                )
            return self._pool


async def migrate(connection: Any) -> None:
    """Run the scripts that this database has not seen, within the caller's transaction."""
    await connection.execute("SELECT pg_advisory_xact_lock($1)", migrations.LOCK)
    # `IF NOT EXISTS` would ask for the right to create, also where there is nothing to create.
    if not await connection.fetchval("SELECT to_regclass('kb_versions') IS NOT NULL"):
        await connection.execute(migrations.VERSIONS)
    version = await connection.fetchval("SELECT coalesce(max(version), 0) FROM kb_versions")
    newest = len(migrations.SCRIPTS)
    if version > newest:
        raise asyncpg.InterfaceError(
            f"its tables are of version {version}, this bot knows {newest}: update the bot"
        )
    for number, script in enumerate(migrations.SCRIPTS[version:], start=version + 1):
        await connection.execute(script)
        await connection.execute("INSERT INTO kb_versions VALUES ($1)", number)


async def try_url(url: str, patience: float) -> tuple[str, str | None, bool]:
    """(where it is, why it does not let us in, whether that may pass); no table is touched."""
    place = describe_url(url)
    try:
        async with asyncio.timeout(patience):
            connection = await asyncpg.connect(url, timeout=patience)
        connection.terminate()
    except TimeoutError:
        return place, f"no answer in {patience:g} s", True
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        return place, _explain(error), isinstance(error, asyncpg.PostgresConnectionError)
    except OSError as error:
        return place, _explain(error), True
    return place, None, True


def describe_url(url: str) -> str:
    """Where the database is, for people: no user, no password, no options."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2] or "the local socket"
    return f"PostgreSQL at {host}, database {unquote(parts.path.strip('/')) or 'of the user'}"


def _explain(error: BaseException) -> str:
    if isinstance(error, OSError):
        return os_reason(error)
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
