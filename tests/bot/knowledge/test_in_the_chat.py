"""The knowledge base as its users have it: the bot as a process, commands in a chat."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

USER = 42
NAME = "knowledge base"


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    listed = {"ALLOWED_USERS": str(USER)}
    if request.param == "sqlite":
        return listed | {"KB_PATH": str(tmp_path / "notes.sqlite3")}
    return listed | {"DATABASE_URL": request.getfixturevalue("server").make_database()}


def state(bot: Any) -> Any:
    return bot.health()[1]["capabilities"][NAME]["state"]


def test_a_user_keeps_finds_and_counts(bench: Any, settings: dict[str, str]) -> None:
    """/kb_add, /kb_search and /kb_stats, also after a restart, with markup and quotes as text."""
    bot = bench.start_well(**settings)
    assert bench.ask("/kb_stats")[0].startswith("No notes yet.")
    kept = bench.ask("/kb_add How to restart <b> & 'co'\nFirst ask who holds the lock.")
    assert kept == ["Kept as #1: How to restart &lt;b&gt; &amp; &#x27;co&#x27;"]
    bot.terminate()
    bot = bench.start_well(**settings)
    found = bench.ask("/kb_search locks")[0]
    assert found.startswith("1 note\n")
    assert "who holds the <b>lock</b>" in found
    assert "&lt;b&gt;" in found
    assert bench.ask("/kb_search '; DROP TABLE notes; --")[0].startswith("Nothing found")
    assert bench.ask("/kb_search")[0].startswith("/kb_search WORDS")
    assert bench.ask("/kb_add")[0].startswith("/kb_add TITLE")
    assert bench.ask("/kb_stats")[0].startswith("1 note, ")
    assert state(bot) == "well"
    assert bot.terminate() == 0


def test_without_a_list_everybody_reads_and_nobody_adds(bench: Any, tmp_path: Path) -> None:
    """Adding is for users in ALLOWED_USERS; the banner says so."""
    bot = bench.start_well(KB_PATH=str(tmp_path / "notes.sqlite3"))
    assert "Only users in ALLOWED_USERS" in bench.ask("/kb_add mine")[0]
    assert bench.ask("/kb_stats")[0].startswith("No notes yet.")
    assert "nobody can add: set ALLOWED_USERS" in bot.log


def test_personal_data_is_not_kept(bench: Any, tmp_path: Path) -> None:
    """An e-mail address goes before the note is stored."""
    bench.start_well(KB_PATH=str(tmp_path / "notes.sqlite3"), ALLOWED_USERS=str(USER))
    assert bench.ask("/kb_add ask ann@example.com") == [
        "Kept as #1: ask [e-mail]\n(Personal data in it was masked.)"
    ]
    assert b"ann@example" not in (tmp_path / "notes.sqlite3-wal").read_bytes()


def test_an_unreachable_database_costs_the_knowledge_base_only(bench: Any, server: Any) -> None:
    """Degraded with 200, told in /help and in words; everything else works; then it is well."""
    url = server.make_database()
    server.stop()
    try:
        bot = bench.start(DATABASE_URL=url, ALLOWED_USERS=str(USER))
        document = bot.wait_health("degraded")
        assert bot.health()[0] == 200
        assert "The knowledge base does not work: PostgreSQL at" in document["reason"]
        began = time.monotonic()
        assert "does not work now" in bench.ask("/kb_search lock")[0]
        assert time.monotonic() - began < 8
        assert re.search("knowledge base: does not work now", bench.ask("/help")[0])
        assert bench.ask("hello") == ["hello"]
    finally:
        server.start()
    bot.wait_health("running")
    assert bench.ask("/kb_stats")[0].startswith("No notes yet.")
    server.stop()
    assert "does not work now" in bench.ask("/kb_stats")[0]
    server.start()
    assert bench.ask("/kb_stats")[0].startswith("No notes yet.")
    assert state(bot) == "well"
    assert "s3cret" not in bot.log


def test_where_the_notes_are_is_for_listed_users(bench: Any, tmp_path: Path) -> None:
    """Without a list nobody is told paths and hosts: not by figures, errors, /help or /status."""
    bench.start_well(KB_PATH=str(tmp_path / "notes.sqlite3"))
    assert bench.ask("/kb_stats") == ["No notes yet."]
    bench.bots[-1].terminate()
    bot = bench.start(DATABASE_URL="postgresql://bot:s3cret@127.0.0.1:1/notes")
    bot.wait_health("degraded")
    answers = [bench.ask(text)[0] for text in ("/kb_stats", "/kb_search x", "/help", "/status")]
    assert "127.0.0.1" not in "".join(answers)
    assert answers[0].startswith("The knowledge base does not work now.")
    assert "\nknowledge base: does not work now\n" in answers[2]
    assert "127.0.0.1:1, database notes cannot be used: Connection refused" in bot.log


def test_a_url_that_is_none_is_a_mistake_at_the_start(bench: Any) -> None:
    """78, with what is allowed, and without what may be a password."""
    bot = bench.start(DATABASE_URL="mysql://bot:s3cret@db/notes")
    assert bot.wait_exit() == 78
    assert "DATABASE_URL in the environment" in bot.log
    assert "postgresql://" in bot.log
    assert "s3cret" not in bot.log
