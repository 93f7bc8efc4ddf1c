"""A server that is restarted, away, silent, slow or not ours: told in words and in time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from bot.knowledge.postgres_store import PostgresStore, describe_url
from bot.knowledge.store import Note, StoreError

PATIENCE = 1.0  # seconds; the bot has more


@pytest.fixture
async def store(database: str) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(database)
    yield store
    await store.close()


async def complaint(store: PostgresStore) -> str:
    with pytest.raises(StoreError) as caught:
        await store.check()
    await store.close()
    return str(caught.value)


async def test_a_restarted_server_is_used_again(store: Any, server: Any) -> None:
    """The connections are gone, and the very next question is answered."""
    await store.add(Note("a", "before", "the restart", 1))
    await asyncio.to_thread(server.restart)
    assert (await store.stats()).notes == 1
    await asyncio.to_thread(server.stop)
    with pytest.raises(StoreError, match="cannot be used"):
        await store.stats()
    await asyncio.to_thread(server.start)
    assert (await store.search("restart", 5)).total == 1


_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE {} AND wait_event_type = 'Lock'"
_CUT = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {}"
_OURS = "application_name = 'watchdog-bot' AND datname = current_database()"


async def test_a_connection_cut_in_the_middle_is_tried_again(
    store: Any, server: Any, database: str
) -> None:
    """A statement whose connection is ended by the server is asked once more."""
    await store.check()
    async with server.holding(database):
        adding = asyncio.create_task(store.add(Note("a", "once", "only", 1)))
        async with asyncio.timeout(10):
            # The server tells nobody when a lock is waited for.
            while not await server.execute(database, _WAITING.format(_OURS)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await server.execute(database, _CUT.format(_OURS)) == 1
    assert await adding
    assert (await store.stats()).notes == 1


async def test_a_table_that_is_held_costs_a_few_seconds(server: Any, database: str) -> None:
    """A statement that cannot go on is ended, and the loop runs meanwhile."""
    store = PostgresStore(database, PATIENCE)
    await store.check()
    async with server.holding(database):
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"1 s"):
            await store.stats()
        assert time.monotonic() - began < 2.5
        async with asyncio.timeout(10):  # nor does the server go on with it
            while await server.execute(database, _WAITING.format(_OURS)):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
    assert (await store.stats()).notes == 0
    await store.close()


class Wire:
    """A way to the server that can be lost without a word, as when a router forgets it."""

    def __init__(self, home: Any) -> None:
        self._socket = home / ".s.PGSQL.5432"
        self._lost = asyncio.Event()

    def lose(self) -> None:
        """Nothing passes on the connections there are, and none of them ends."""
        self._lost.set()
        self._lost = asyncio.Event()

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_unix_connection(self._socket)
        lost = self._lost
        await asyncio.gather(
            self._copy(reader, far_writer, lost), self._copy(far_reader, writer, lost)
        )

    @staticmethod
    async def _copy(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: asyncio.Event
    ) -> None:
        while data := await reader.read(65536):
            if lost.is_set():
                await asyncio.Event().wait()
            writer.write(data)
        writer.close()


async def test_a_way_that_is_lost_without_a_word_costs_one_question(
    server: Any, database: str
) -> None:
    """All connections are dead and none says so: one question times out, the next is answered."""
    wire = Wire(server.home)
    listener = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    name = database.partition("?")[0].rpartition("/")[2]
    store = PostgresStore(f"postgresql://bot@127.0.0.1:{port}/{name}?sslmode=disable", PATIENCE)
    await asyncio.gather(*(store.add(Note(str(i), "x", "y", 1)) for i in range(8)))
    for _ in range(2):
        wire.lose()
        with pytest.raises(StoreError, match="no answer in 1 s"):
            await store.stats()
        assert (await store.stats()).notes == 8
    await store.close()
    listener.close()


async def test_nobody_there_is_said_at_once() -> None:
    """A port on which nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    store = PostgresStore(f"postgresql://bot:s3cret@127.0.0.1:{port}/notes")
    text = await complaint(store)
    assert f"127.0.0.1:{port}" in text
    assert "s3cret" not in text


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where connections are taken and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


async def test_a_silent_server_costs_a_few_seconds(silent: int) -> None:
    """The question ends in time, also the second one."""
    store = PostgresStore(f"postgresql://bot:s3cret@127.0.0.1:{silent}/notes", PATIENCE)
    for _ in range(2):
        began = time.monotonic()
        assert "no answer in 1 s" in await complaint(store)
        assert time.monotonic() - began < 2.5


async def test_a_missing_database_is_named(server: Any) -> None:
    """What the server says is passed on."""
    assert 'database "nowhere" does not exist' in await complaint(
        PostgresStore(server.url("nowhere"))
    )


async def test_tables_of_a_newer_bot_are_left_alone(server: Any, database: str) -> None:
    """An older bot says that it is older, and writes nothing."""
    store = PostgresStore(database)
    await store.check()
    await server.execute(database, "INSERT INTO kb_versions VALUES (99) RETURNING 99")
    older = PostgresStore(database)
    assert "version 99" in await complaint(older)
    await store.close()


async def test_tables_that_went_away_are_made_again(store: Any, server: Any, database: str) -> None:
    """A database that was put back empty works without a restart of the bot."""
    await store.add(Note("a", "x", "y", 1))
    await server.execute(database, "DROP TABLE kb_notes, kb_versions")
    assert (await store.stats()).notes == 0


async def test_a_user_without_the_right_to_create_is_enough_later(
    server: Any, database: str
) -> None:
    """Once the tables are there, reading and adding are all the rights that it takes."""
    first = PostgresStore(database)
    await first.check()
    await first.close()
    grants = (
        "CREATE ROLE reader LOGIN",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        "GRANT SELECT, INSERT, UPDATE ON kb_notes, kb_versions TO reader",
    )
    for grant in grants:
        await server.execute(database, grant)
    store = PostgresStore(database.replace("bot:", "reader:"))
    assert await store.add(Note("a", "x", "y", 1)) == 1
    await store.close()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p%40ss@db.example.com:6543/notes?sslmode=require", "db.example.com:6543"),
        ("postgres://u:p@[::1]/n", "[::1]"),
        ("postgresql:///notes?host=/run/postgresql", "the local socket"),
    ],
)
def test_a_place_has_no_secret(url: str, shown: str) -> None:
    """Host and database are named; user, password and options are not."""
    place = describe_url(url)
    assert shown in place
    assert "u:p" not in place
    assert "sslmode" not in place
