"""Sessions: who spoke with the bot where, since when; they end some time after the last message.

They are kept in the database, so a restart ends none. What becomes of a session when a message
comes is a pure function of the session and the time (seconds since 1970: it has to mean something
after a restart).
"""

import sqlite3
from dataclasses import dataclass, replace

from bot.database import Database, Schema

SCHEMA = Schema(
    "sessions",
    (
        """
        CREATE TABLE sessions (
            chat INTEGER NOT NULL,
            user INTEGER NOT NULL,
            began REAL NOT NULL,
            seen REAL NOT NULL,
            messages INTEGER NOT NULL,
            PRIMARY KEY (chat, user)
        ) WITHOUT ROWID;
        CREATE INDEX sessions_by_seen ON sessions (seen)
        """,
    ),
)


@dataclass(frozen=True)
class Session:
    """One user in one chat."""

    chat: int
    user: int
    began: float
    seen: float
    messages: int = 1


def renew(session: Session, now: float) -> Session:
    """The session after one more message; a clock that was put back does not shorten it."""
    return replace(session, seen=max(session.seen, now), messages=session.messages + 1)


def is_over(session: Session, now: float, ttl: float) -> bool:
    """Whether the session has ended, `ttl` seconds after its last message."""
    return now - session.seen > ttl


class Sessions:
    """The sessions of one bot."""

    def __init__(self, database: Database, ttl: float) -> None:
        self._database = database
        self.ttl = ttl

    async def touch(self, chat: int, user: int, now: float) -> Session:
        """The session that a message continues or begins; raises `DatabaseError`."""

        def work(connection: sqlite3.Connection) -> Session:
            connection.execute("DELETE FROM sessions WHERE seen < ?", (now - self.ttl,))
            known = _read(connection, chat, user)
            session = renew(known, now) if known else Session(chat, user, now, now)
            connection.execute(
                "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)",
                (chat, user, session.began, session.seen, session.messages),
            )
            return session

        return await self._database.run(work)

    async def find(self, chat: int, user: int, now: float) -> Session | None:
        """The session that goes on, if there is one; raises `DatabaseError`."""
        session = await self._database.run(lambda connection: _read(connection, chat, user))
        return None if session is None or is_over(session, now, self.ttl) else session


def _read(connection: sqlite3.Connection, chat: int, user: int) -> Session | None:
    row = connection.execute(
        "SELECT * FROM sessions WHERE chat = ? AND user = ?", (chat, user)
    ).fetchone()
    return Session(**dict(row)) if row else None
