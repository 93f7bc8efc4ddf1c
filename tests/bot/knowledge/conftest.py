"""A real PostgreSQL for each worker: private, on a unix socket in a directory of its own."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False
# PostgreSQL refuses to run as root.
ACCOUNT: dict[str, Any] = {"user": "nobody", "group": "nogroup", "extra_groups": []} if ROOT else {}
_OPTIONS = ("fsync=off", "full_page_writes=off", "listen_addresses=", "max_connections=30")
_START_UP = 30.0  # seconds, for a slow machine


def find_programs() -> Path:
    """The directory of initdb and postgres; Debian has them out of the way."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if places := sorted(Path("/usr/lib/postgresql").glob("*/bin")):
        return places[-1]
    pytest.skip("there is no PostgreSQL: apt-get install postgresql")


class Postgres:
    """One server; `restart` is what an operator's restart is to its clients."""

    def __init__(self, programs: Path, home: Path) -> None:
        self._programs, self.home = programs, home
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    def make(self) -> None:
        command = [self._programs / "initdb", "-D", self.home / "data", "-U", "bot", "-A", "trust"]
        subprocess.run(
            [*command, "--no-sync", "-E", "UTF8", "--no-locale"],
            check=True,
            capture_output=True,
            cwd=self.home,
            **ACCOUNT,
        )

    def start(self) -> None:
        options = [*_OPTIONS, f"unix_socket_directories={self.home}"]
        words = [word for option in options for word in ("-c", option)]
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.home / "data", *words],
                cwd=self.home,
                stdout=log,
                stderr=log,
                **ACCOUNT,
            )
        asyncio.run(self._await_answer())

    def stop(self) -> None:
        """Every client is cut off."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def kill(self) -> None:
        """The end, whatever state it is in."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(30)

    def restart(self) -> None:
        self.stop()
        self.start()

    def make_database(self) -> str:
        """The URL of a new and empty database, with a password in it."""
        name = f"notes_{next(self._numbers)}"
        asyncio.run(self.execute(self.url("postgres"), f"CREATE DATABASE {name}"))
        return self.url(name)

    def url(self, database: str) -> str:
        return f"postgresql://bot:s3cret%2Fpass@/{database}?host={self.home}"

    @staticmethod
    async def execute(url: str, statement: str) -> Any:
        """Run one statement as somebody else would; returns its first value."""
        import asyncpg

        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    @staticmethod
    @contextlib.asynccontextmanager
    async def holding(url: str) -> AsyncIterator[None]:
        """While in it, nobody else can use the notes."""
        import asyncpg

        connection = await asyncpg.connect(url, timeout=10)
        try:
            async with connection.transaction():
                await connection.execute("LOCK TABLE kb_notes")
                yield
        finally:
            await connection.close()

    async def _await_answer(self) -> None:
        async with asyncio.timeout(_START_UP):
            while True:
                try:
                    await self.execute(self.url("postgres"), "SELECT 1")
                    return
                except Exception:  # whatever a server says that is starting
                    await asyncio.sleep(0.05)


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    """A running server, with a home that its unprivileged user can reach."""
    programs = find_programs()
    home = Path(tempfile.mkdtemp(prefix="bot-pg-"))
    if ROOT:
        shutil.chown(home, "nobody", "nogroup")
    server = Postgres(programs, home)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.kill()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def database(server: Postgres) -> str:
    """The URL of an empty database."""
    return server.make_database()


@pytest.fixture(params=["sqlite", "postgres"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Any]:
    """Makes stores on one and the same database, of either kind."""
    if request.param == "sqlite":
        from bot.knowledge.sqlite_store import SqliteStore

        return lambda: SqliteStore(tmp_path / "notes.sqlite3")
    from bot.knowledge.postgres_store import PostgresStore

    url = request.getfixturevalue("server").make_database()
    return lambda: PostgresStore(url)
