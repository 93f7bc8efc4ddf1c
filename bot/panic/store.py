"""What the panic command remembers: attempts, the last step accepted, and each run of the action.

A run is stored in the same transaction that accepts its code, so before anything is done; and its
outcome after. A run without an outcome, found at the start of the bot, was cut off: nobody knows
how far it came, and it is never run again.
"""

import hashlib
import json
import sqlite3
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from bot.database import Database, Schema
from bot.panic.action import Run
from bot.panic.judge import Codes, Judgement, Ledger, Track, judge

SCHEMA = Schema(
    "panic",
    (
        """
        CREATE TABLE panic_tracks (
            who TEXT PRIMARY KEY,
            attempts TEXT NOT NULL,
            failures INTEGER NOT NULL,
            locked_until REAL NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE panic_steps (secret TEXT PRIMARY KEY, step INTEGER NOT NULL) WITHOUT ROWID;
        CREATE TABLE panic_runs (
            number TEXT PRIMARY KEY,
            user INTEGER NOT NULL,
            chat INTEGER NOT NULL,
            message INTEGER NOT NULL,
            began REAL NOT NULL,
            outcome TEXT,
            told INTEGER NOT NULL DEFAULT 0,
            UNIQUE (chat, message)
        )
        """,
    ),
)


@dataclass(frozen=True)
class Attempt:
    """Who tried what, where; `message` is the id of the message in its chat."""

    user: int
    chat: int
    message: int
    code: str


@dataclass(frozen=True)
class PastRun:
    """A run that its chat has not heard the end of; None is an outcome that nobody knows."""

    run: Run
    began: float
    outcome: str | None


class PanicStore:
    """The panic command's part of the database. Every method raises `DatabaseError`."""

    def __init__(self, database: Database, secret: str) -> None:
        self._database = database
        # Enough to tell secrets apart, and no way back to one.
        self._secret = hashlib.sha256(f"panic {secret}".encode()).hexdigest()[:16]

    async def judge(
        self, attempt: Attempt, now: float, codes: Codes
    ) -> tuple[Judgement, Run | None] | None:
        """Judge and remember; with a run if the code was accepted. None: this message has had one.

        Telegram sends a message again if the bot was killed before it could confirm it.
        """

        def work(db: sqlite3.Connection) -> tuple[Judgement, Run | None] | None:
            if _has_run(db, attempt):
                return None
            user = f"user {attempt.user} {self._secret}"
            ledger, judgement = judge(self._read(db, user), attempt.code, now, codes)
            self._write(db, user, ledger)
            run = _begin(db, attempt, now) if judgement.step is not None else None
            return judgement, run

        return await self._database.run(work)

    async def finish(self, run: Run, outcome: str) -> None:
        """Keep what became of a run."""
        await self._update(
            "UPDATE panic_runs SET outcome = ? WHERE number = ?", outcome, run.number
        )

    async def settle(self, run: Run) -> None:
        """The chat has been told."""
        await self._update("UPDATE panic_runs SET told = 1 WHERE number = ?", run.number)

    async def untold(self) -> list[PastRun]:
        """The runs whose chats have not been told the outcome, oldest first."""

        def work(db: sqlite3.Connection) -> list[PastRun]:
            rows = db.execute("SELECT * FROM panic_runs WHERE told = 0 ORDER BY began").fetchall()
            return [
                PastRun(Run(row["number"], row["user"], row["chat"]), row["began"], row["outcome"])
                for row in rows
            ]

        return await self._database.run(work)

    async def _update(self, statement: str, *values: str) -> None:
        await self._database.run(lambda db: db.execute(statement, values))

    def _read(self, db: sqlite3.Connection, user: str) -> Ledger:
        step = db.execute(
            "SELECT step FROM panic_steps WHERE secret = ?", (self._secret,)
        ).fetchone()
        return Ledger(
            _read_track(db, user), _read_track(db, self._secret), step["step"] if step else -1
        )

    def _write(self, db: sqlite3.Connection, user: str, ledger: Ledger) -> None:
        tracks: Mapping[str, Track] = {user: ledger.user, self._secret: ledger.secret}
        db.executemany(
            "INSERT OR REPLACE INTO panic_tracks VALUES (?, ?, ?, ?)",
            [
                (who, json.dumps(track.attempts), track.failures, track.locked_until)
                for who, track in tracks.items()
            ],
        )
        db.execute(
            "INSERT OR REPLACE INTO panic_steps VALUES (?, ?)", (self._secret, ledger.last_step)
        )


def _has_run(db: sqlite3.Connection, attempt: Attempt) -> bool:
    place = (attempt.chat, attempt.message)
    found = db.execute("SELECT 1 FROM panic_runs WHERE chat = ? AND message = ?", place)
    return found.fetchone() is not None


def _read_track(db: sqlite3.Connection, who: str) -> Track:
    row = db.execute("SELECT * FROM panic_tracks WHERE who = ?", (who,)).fetchone()
    if row is None:
        return Track()
    return Track(tuple(json.loads(row["attempts"])), row["failures"], row["locked_until"])


def _begin(db: sqlite3.Connection, attempt: Attempt, now: float) -> Run:
    run = Run(uuid.uuid4().hex, attempt.user, attempt.chat)
    db.execute(
        "INSERT INTO panic_runs (number, user, chat, message, began) VALUES (?, ?, ?, ?, ?)",
        (run.number, run.user, run.chat, attempt.message, now),
    )
    return run
