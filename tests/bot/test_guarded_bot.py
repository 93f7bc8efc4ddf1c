"""The guards and the everyday commands of the real bot, asked by users in a chat."""

from __future__ import annotations

import sqlite3
from typing import Any

USER = 42
STRANGER = 4343


def test_strangers_are_kept_out(bench: Any) -> None:
    """Who is not in ALLOWED_USERS learns their id once; others are served as always."""
    bench.sandbox.add_user(STRANGER)
    bot = bench.start_well(ALLOWED_USERS=f"{USER}, 7")
    update = bench.sandbox.send("/start", bench.id, STRANGER)
    replies = bench.sandbox.wait_for_replies(update, bench.id, STRANGER, timeout=30)
    assert f"Your user id is {STRANGER}" in replies[0]["text"]
    bench.sandbox.send("/status", bench.id, STRANGER)
    assert f"user id is {USER}" in bench.ask("/start")[0]
    assert "on the list of users: yes" in bench.ask("/whoami")[0]
    assert len(written(bench, STRANGER)) == 1
    guards = bot.health()[1]["capabilities"]["guards"]
    assert guards["refused"] == {"stranger": 2, "rate": 0, "length": 0}
    assert "User whitelist: 2 of ALLOWED_USERS" in bot.log
    assert f"User ID: {USER}" in bot.log


def test_a_flood_is_answered_up_to_the_limit_once_told_and_then_met_with_silence(
    bench: Any,
) -> None:
    """Of 300 messages at once 10 are answered, and one answer says why the others are not."""
    bot = bench.start_well(RATE_LIMIT_PER_MINUTE="")
    bench.sandbox.add_user(STRANGER)
    for number in range(300):
        bench.sandbox.send(f"message {number}", bench.id, USER)
    refused = lambda: bot.health()[1]["capabilities"]["guards"]["refused"]["rate"]  # noqa: E731
    bench.wait_until(lambda: refused() == 290, "the flood to be over")
    update = bench.sandbox.send("hello", bench.id, STRANGER)
    assert bench.sandbox.wait_for_replies(update, bench.id, STRANGER, timeout=30)
    texts = written(bench, USER)
    assert sum(text.startswith("message ") for text in texts) == 10
    assert sum("more than 10 messages in a minute" in text for text in texts) == 1
    assert len(texts) == 11


def test_a_message_that_is_too_long_is_answered(bench: Any) -> None:
    """4000 characters are taken, 4001 and a hundred thousand are refused with both numbers."""
    bench.start_well()
    assert bench.ask("x" * 4000) == ["x" * 4000]
    assert "has 4001 characters; 4000 are the most" in bench.ask("x" * 4001)[0]
    assert "has 100000 characters" in bench.ask("x" * 100_000)[0]


def test_a_session_survives_a_kill(bench: Any) -> None:
    """After SIGKILL the next bot knows since when the user has been here."""
    bot = bench.start_well()
    bench.ask("hello")
    first = bench.ask("/whoami")[0]
    assert "messages: 2" in first
    bot.process.kill()
    bot.wait_exit()
    bench.start_well()
    bench.ask("hello again")  # what was not confirmed before the kill is sent again, and counts
    second = session_line(bench.ask("/whoami")[0])
    assert second.partition(",")[0] == session_line(first).partition(",")[0]
    assert int(second.partition("messages: ")[2].partition(",")[0]) >= 4


def test_personal_data_is_not_sent_on_nor_logged(bench: Any) -> None:
    """What is sent back has no e-mail address in it, and the most talkative log neither."""
    bot = bench.start_well(LOG_LEVEL="DEBUG")
    secret = "ann@mail.example.com, 4111 1111 1111 1111"
    assert bench.ask(f"I am {secret}") == ["I am [e-mail], [card]"]
    bot.terminate()
    assert "[e-mail]" in bot.log
    assert "ann@mail" not in bot.log
    assert "1111 1111" not in bot.log


def test_a_text_that_grows_by_masking_is_answered_in_two(bench: Any) -> None:
    """What no longer fits into one message is parted, and nothing is lost."""
    bot = bench.start_well()
    bench.sandbox.send("a@b.co " * 570, bench.id, USER)
    bench.wait_until(lambda: len(written(bench, USER)) == 2, "two messages")
    assert " ".join(written(bench, USER)).split() == ["[e-mail]"] * 570
    assert bot.health()[1]["queue"]["failed"] == 0


def test_the_filter_can_be_switched_off(bench: Any) -> None:
    """PII_FILTER=false leaves texts as they are."""
    bench.start_well(PII_FILTER="false")
    assert bench.ask("ann@mail.example.com") == ["ann@mail.example.com"]


def test_a_database_that_fails_makes_nobody_mute(bench: Any) -> None:
    """Without its tables the bot answers all the same, and /health says what is amiss."""
    bot = bench.start_well()
    with sqlite3.connect(bench.directory / "bot.sqlite3") as database:
        database.execute("DROP TABLE sessions")
    assert bench.ask("hello") == ["hello"]
    assert "session: none" in bench.ask("/whoami")[0]
    document = bot.wait_health("degraded")
    assert "The database of sessions does not work" in document["reason"]
    assert "no such table" in document["capabilities"]["guards"]["reason"]
    assert bot.log.count("no such table") == 1


def test_a_database_that_cannot_be_opened_is_a_bad_configuration(bench: Any) -> None:
    """78, with the variable and the path."""
    bot = bench.start(BOT_DATABASE="/proc/nowhere/bot.sqlite3")
    assert bot.wait_exit() == 78
    assert "BOT_DATABASE: /proc/nowhere/bot.sqlite3 cannot be used" in bot.log


def test_status_says_plainly_that_there_is_no_watchdog(bench: Any) -> None:
    """Without a watchdog the bot's own view is all, and that is said."""
    bench.start_well()
    text = bench.ask("/status")[0]
    assert "status: running" in text
    assert "watchdog: none, I was not started by one" in text


def test_a_watchdog_that_is_gone_is_told(bench: Any) -> None:
    """An address where nobody listens is named; the answer still comes."""
    address = {"SUPERVISOR_SERVER_URL": f"unix://{bench.directory}/none", "WATCHDOG_PROGRAM": "bot"}
    bench.start_well(ALLOWED_USERS=str(USER), **address)
    assert "there is no answer" in bench.ask("/status")[0]


def test_only_listed_users_see_the_watchdog(bench: Any) -> None:
    """Where everybody may write to the bot, nobody is shown the watchdog."""
    address = {"SUPERVISOR_SERVER_URL": f"unix://{bench.directory}/none", "WATCHDOG_PROGRAM": "bot"}
    bench.start_well(**address)
    assert "only users in ALLOWED_USERS" in bench.ask("/status")[0]


def written(bench: Any, user: int) -> list[str]:
    """What the bot wrote to a user."""
    messages = bench.sandbox.messages(bench.id, user)
    return [message["text"] for message in messages if message["from_bot"]]


def session_line(text: str) -> str:
    return next(line for line in text.splitlines() if line.startswith("session"))
