"""What people with bad intentions send: floods, monsters, nonsense and other languages' syntax."""

from __future__ import annotations

import itertools
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

USER = 42
GROUP = -1001234567890
HUGE = 5_000_000
_numbers = itertools.count(1)


def message(text: Any, user: int = USER, chat: int = USER, **more: Any) -> dict[str, Any]:
    """An update with a message as Telegram writes it."""
    place = {"id": chat, "type": "private", "first_name": "Ann"}
    if chat < 0:
        place = {"id": chat, "type": "supergroup", "title": "All"}
    sender = {"id": user, "is_bot": False, "first_name": "Ann"}
    content = {"message_id": next(_numbers), "date": int(time.time()), "chat": place}
    return {"message": {**content, "from": sender, "text": text, **more}}


def memory_of(bot: Any) -> int:
    """Its resident memory in MiB."""
    lines = Path(f"/proc/{bot.process.pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) // 1024


def written(bench: Any, chat: int) -> list[str]:
    return [one["text"] for one in bench.sandbox.messages(bench.id, chat) if one["from_bot"]]


def starts(bench: Any, length: int) -> list[str]:
    return [text[:length] for text in written(bench, USER)]


def queue(bot: Any) -> Any:
    """The part of /health; it is answered, and quickly, whatever goes on."""
    began = time.monotonic()
    code, document = bot.health()
    assert time.monotonic() - began < 5
    assert code == 200, document["reason"]
    return document["queue"]


def test_ten_thousand_messages_of_one_user(bench: Any) -> None:
    """Ten are answered, once is said why no more are; others are served; memory stays as it is."""
    bot = bench.start_well(RATE_LIMIT_PER_MINUTE="")
    bench.sandbox.add_user(USER + 1)
    bench.ask("hello")
    before = memory_of(bot)
    for first in range(0, 10_000, 500):
        flood = [message(f"message {number}") for number in range(first, first + 500)]
        bench.sandbox.inject_all(flood, bench.id)
        queue(bot)
    update = bench.sandbox.send("hello", bench.id, USER + 1)
    assert bench.sandbox.wait_for_replies(update, bench.id, USER + 1, timeout=60)
    bench.wait_until(lambda: queue(bot)["updates"] == 10_002, "the end of the flood", 90)
    texts = written(bench, USER)
    assert sum(text.startswith("message ") for text in texts) == 9
    assert sum("more than 10 messages in a minute" in text for text in texts) == 1
    assert len(texts) == 11
    assert memory_of(bot) - before < 30
    assert len(bot.log) < 2_000_000


def test_a_crowd_of_users_waits_at_telegram(bench: Any) -> None:
    """While no answer goes out, only so many updates are fetched; later the rest is."""
    bot = bench.start_well(RATE_LIMIT_PER_MINUTE="", POLL_TIMEOUT="1")
    bench.sandbox.add_chat(GROUP, "supergroup")
    fault = bench.sandbox.fault("hang", method="sendMessage", bot=bench.id)
    before = memory_of(bot)
    crowd = [message("x" * 3000, user, GROUP) for user in range(1000, 3000)]
    for first in range(0, len(crowd), 300):
        bench.sandbox.inject_all(crowd[first : first + 300], bench.id)
    # From here on they come in hundreds, as a few time out.
    bench.wait_until(lambda: queue(bot)["waiting"] > 900, "a crowd", 90)
    assert queue(bot)["waiting"] < 1100
    assert queue(bot)["running_handlers"] <= 256
    assert bench.statistics()["updates_pending"] > 0
    assert memory_of(bot) - before < 60
    bench.sandbox.clear_faults(fault)
    bench.wait_until(lambda: bench.statistics()["updates_pending"] == 0, "the rest", 90)
    assert bot.wait_health("running")["polling"]["consecutive_failures"] == 0


def test_monsters_are_refused_with_a_word_and_forgotten(bench: Any) -> None:
    """Five megabytes as a text, command, caption, button or name: no crash, no long log."""
    bot = bench.start_well(ALLOWED_USERS=str(USER))
    bench.ask("hello")
    before = memory_of(bot)
    huge = "ann@mail.example.com " * (HUGE // 21)
    assert "has 5000" in bench.ask("x" * (HUGE + 321))[0]
    assert "characters; 4000 are the most" in bench.ask("/kb_add " + huge)[0]
    caption = message(None, caption=huge)
    button = {"callback_query": {"id": "1", "chat_instance": "1", "data": huge}}
    button["callback_query"]["from"] = message("x")["message"]["from"]
    named = message("/whoami")
    named["message"]["from"]["first_name"] = huge
    poison = {"message": {"text": huge}}
    for update in (caption, button, named, poison):
        bench.sandbox.inject(update, bot=bench.id)
    assert bench.ask("still here")[-1] == "still here"
    assert bot.wait_health("poisoned")["queue"]["failed"] == 0
    assert len(bot.log) < 20_000
    assert memory_of(bot) - before < 100
    assert (bench.directory / "bot.sqlite3").stat().st_size < 500_000


FROM = {"id": USER, "is_bot": False, "first_name": "Ann"}
NONSENSE: list[dict[str, Any]] = [
    {},
    {"no_such_kind": {"id": 1}},
    {"message": None},
    {"message": []},
    {"message": "text"},
    {"callback_query": {"id": "1", "from": FROM, "chat_instance": "1"}},
    {"callback_query": {"id": "1", "from": FROM, "chat_instance": "1", "data": ""}},
    {"callback_query": {"id": "1", "from": FROM, "chat_instance": "1", "data": 7}},
    {"callback_query": {"id": "1", "from": FROM, "chat_instance": "1", "data": "\x00\ud800'--"}},
    {"callback_query": {"id": None, "from": None}},
    {"callback_query": {"id": "1", "from": FROM, "chat_instance": "1", "message": {"date": 0}}},
    {"inline_query": {"id": "1", "from": FROM, "query": "x" * 10_000, "offset": ""}},
    message("/start", entities=[{"type": "bot_command", "offset": 900, "length": 900}]),
    message("/start", entities=[{"type": "bot_command", "offset": -5, "length": -1}]),
    message("/start", entities=[{"type": "bot_command", "offset": 0, "length": 0}]),
    message("/help@" + "x" * 300, entities=[{"type": "bot_command", "offset": 0, "length": 306}]),
    message("\ud800 half a character"),
    message("\x00\x01\u202e\ufeff"),
    message(""),
    message("/"),
    message("text", date=-(10**12)),
    message("text", user=-1),
    message("text", reply_to_message={"message_id": 1, "date": 0, "chat": {"id": 1}}),
]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_nonsense_hurts_nobody(bench: Any) -> None:
    """Malformed buttons, entities, senders and kinds: each is taken once, and the bot goes on."""
    bot = bench.start_well(LOG_FORMAT="json")
    for update in NONSENSE:
        bench.sandbox.inject(update, bot=bench.id)
    bench.sandbox.send("still here", bench.id, USER)
    bench.wait_until(lambda: "still here" in written(bench, USER), "the answer to a good one")
    code, document = bot.health()
    assert (code, document["queue"]["waiting"]) == (200, 0)
    bench.wait_until(lambda: bench.statistics()["updates_pending"] == 0, "all to be confirmed")
    assert bench.statistics()["polls"] < 3 * len(NONSENSE)
    assert bot.process.poll() is None


INJECTIONS = [
    "'; DROP TABLE sessions; --",
    '" OR 1=1 --',
    "Robert'); DELETE FROM kb_notes; --",
    "*bold* _it_ [link](https://evil.example) `code` ||x||",
    "</b><a href='https://evil.example'>here</a>",
    "{0} {user} %s %(name)s ${HOME} $(id) `id`",
    "&lt;b&gt; &#x3c;b&#x3e;",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_one_bot_takes_no_syntax_for_its_own(shared: Any, text: str) -> None:
    """Sent back as it is; kept and found as text; in a name it is nothing at all."""
    bench = shared
    assert bench.ask(text) == [text]
    kept = bench.ask(f"/kb_add {text}\n{text}")[0]
    assert kept.startswith("Kept as #")
    shown = bench.ask(f"/kb_search {text}")[0]
    for answer in (kept, shown):
        assert "<a href" not in answer
        assert "</b><a" not in answer
    named = message("/whoami")
    named["message"]["from"] |= {"first_name": text, "username": text}
    named["message"]["entities"] = [{"type": "bot_command", "offset": 0, "length": 7}]
    bench.sandbox.inject(named, bot=bench.id)
    shown = f"user id: {USER} (@{text})\n"
    bench.wait_until(lambda: any(map(shown.__eq__, starts(bench, len(shown)))), shown)
    with sqlite3.connect(bench.directory / "bot.sqlite3") as database:
        assert database.execute("SELECT count(*) FROM sessions").fetchone() == (1,)


@pytest.fixture(scope="module")
def shared(sandbox: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One bot for all injections."""
    from tests.bot.conftest import BotBench

    bench = BotBench(sandbox, tmp_path_factory.mktemp("injections"))
    bench.start_well(ALLOWED_USERS=str(USER))
    yield bench
    for bot in bench.bots:
        bot.process.kill()
        bot.process.wait()
