"""Poison and the real bot: kept, shown, forgotten; and no update ends it for ever."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

USER = 42


def poison(bench: Any, *words: str) -> subprocess.CompletedProcess[str]:
    """`python -m bot poison` with the bot's own settings."""
    return subprocess.run(
        [sys.executable, "-m", "bot", "poison", *words],
        cwd=bench.directory,
        env=bench.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_poison_is_kept_shown_and_forgotten(bench: Any) -> None:
    """The status tells of it until it is forgotten; personal data and codes are not in it."""
    bot = bench.start_well()
    text = "ann@mail.example.com says /panic_close_all 123456"
    update = bench.sandbox.inject({"message": {"message_id": 1, "text": text}}, bot=bench.id)
    assert bench.ask("after") == ["after"]
    document = bot.wait_health("poisoned")
    assert bot.health()[0] == 200
    assert document["trouble"] == "poison"
    assert "1 could not be read" in document["reason"]
    assert document["poison"] | {"last_seconds": 0} == {
        "unreadable": 1, "deadly": 0, "kept": 1, "last_seconds": 0,
    }  # fmt: skip
    listed = poison(bench)
    assert listed.stdout.startswith("1  20")
    assert f"update {update}  unreadable: KeyError: 'date'" in listed.stdout
    shown = poison(bench, "show", "1").stdout
    assert "[e-mail] says /panic_close_all ***" in shown
    assert json.loads(poison(bench, "list", "--json").stdout)["update_id"] == update
    assert "123456" not in shown + bot.log
    assert poison(bench, "forget", "7").returncode == 1
    assert poison(bench, "forget", "1").stdout == "forgotten: 1\n"
    assert poison(bench).stdout == "No poison: every update could be handled.\n"
    for name in ("bot.sqlite3", "bot.sqlite3-wal", "bot.sqlite3.begun"):
        assert (bench.directory / name).stat().st_mode & 0o077 == 0


def test_a_flood_of_poison_stays_bounded(bench: Any) -> None:
    """300 updates that nobody can read cost a few polls; 100 are kept; others are answered."""
    bot = bench.start_well()
    for _ in range(300):
        bench.sandbox.inject({"message": {"text": "x" * 3000}}, bot=bench.id)
    assert bench.ask("after") == ["after"]
    figures = bot.health()[1]["poison"]
    assert (figures["unreadable"], figures["kept"]) == (300, 100)
    assert bench.statistics()["polls"] < 310  # one each at worst, as each came while it polled
    assert (bench.directory / "bot.sqlite3").stat().st_size < 3_000_000


def inject_text(bench: Any, text: str) -> int:
    """A message without a sender, for which no guard waits for the database."""
    chat = {"id": USER, "type": "private", "first_name": "Ann"}
    message = {"message_id": 1, "date": int(time.time()), "chat": chat, "text": text}
    return int(bench.sandbox.inject({"message": message}, bot=bench.id))


def texts(bench: Any) -> list[str]:
    return [one["text"] for one in bench.sandbox.messages(bench.id, USER) if one["from_bot"]]


def test_an_update_that_ends_the_bot_is_set_aside_after_three_times(bench: Any) -> None:
    """The fourth start lives; what came with the deadly one is answered, before and after it."""
    deadly = {"command": (sys.executable, "-m", "tests.bot.deadly_bot")}
    inject_text(bench, "slow before")
    update = inject_text(bench, "die at once")
    inject_text(bench, "after")
    for _ in range(3):
        assert bench.start(deadly, LOSE_CONFIRMATIONS="yes").wait_exit() == 139
    bot = bench.start(deadly)
    assert bot.wait_health("poisoned")["poison"]["deadly"] == 1
    bench.wait_until(lambda: {"slow before", "after"} <= set(texts(bench)), "the innocent ones")
    assert texts(bench).count("after") == 1  # it was never begun before
    assert "1 ended the bot each time" in bot.health()[1]["reason"]
    assert f"update {update}  deadly" in poison(bench).stdout
    assert '"die at once"' in poison(bench, "show", "1").stdout
    assert poison(bench, "forget", "all").stdout == "forgotten: 1\n"
    assert bench.ask("hello") == ["hello"]
