"""A file that cannot be used, or a search that takes too long, costs an answer and no more."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from bot.knowledge import sqlite_store
from bot.knowledge.sqlite_store import SqliteStore
from bot.knowledge.store import Note, StoreError


async def test_a_file_that_cannot_be_used_is_used_once_it_can(tmp_path: Path) -> None:
    """What is no database is named; when it is moved away, the next question is answered."""
    path = tmp_path / "notes.sqlite3"
    path.write_text("this is a letter, and no database at all\n" * 100)
    store = SqliteStore(path)
    with pytest.raises(StoreError, match=r"notes\.sqlite3"):
        await store.check()
    path.unlink()
    await store.check()
    await store.close()


async def test_a_file_in_use_is_private(tmp_path: Path) -> None:
    """Nobody else can read the notes."""
    store = SqliteStore(tmp_path / "new" / "notes.sqlite3")
    await store.add(Note("a", "x", "y", 1))
    assert {path.stat().st_mode & 0o077 for path in (tmp_path / "new").iterdir()} == {0}
    await store.close()


async def test_long_work_is_ended_and_the_loop_runs_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement that would take minutes ends in time, while the loop turns as ever."""
    monkeypatch.setattr(sqlite_store, "PATIENCE", 0.5)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        "SELECT count(*), count(*), count(*), count(*) FROM n"
    )
    monkeypatch.setattr(sqlite_store, "_STATS", endless)
    store = SqliteStore(tmp_path / "notes.sqlite3")
    await store.check()
    began = time.monotonic()
    asking = asyncio.create_task(store.stats())
    turns = 0
    while not asking.done():
        await asyncio.sleep(0.01)
        turns += 1
    with pytest.raises(StoreError, match="interrupted"):
        await asking
    assert time.monotonic() - began < 5
    assert turns > 5
    await store.check()
    await store.close()
