"""What a running bot tells the person in TG_CHAT_ID, and sending in order."""

from __future__ import annotations

import signal
import time
from typing import Any

USER = 42


def told(bench: Any) -> list[str]:
    return [one["text"] for one in bench.sandbox.messages(bench.id) if one["from_bot"]]


def test_starts_and_stops_are_told(bench: Any) -> None:
    """Up, and stops; a stop is still quick."""
    bot = bench.start_well(TG_CHAT_ID=str(USER))
    bench.wait_until(lambda: told(bench), "the notice of the start")
    began = time.monotonic()
    assert bot.terminate() == 0
    assert time.monotonic() - began < 5
    name = f"@sandbox_{bench.id}_bot"
    assert told(bench) == [f"{name} is up.", f"{name} stops. It was told to."]


def test_a_crash_is_told_at_the_next_start_that_is_told(bench: Any) -> None:
    """SIGKILL: the start that follows at once is only counted, so a crash loop is no flood."""
    bot = bench.start_well(TG_CHAT_ID=str(USER))
    bench.wait_until(lambda: told(bench), "the notice of the start")
    bot.process.send_signal(signal.SIGKILL)
    bot.wait_exit()
    bench.start_well(TG_CHAT_ID=str(USER)).terminate()
    assert len(told(bench)) == 1


def test_nothing_is_told_without_a_chat_or_when_switched_off(bench: Any) -> None:
    """And /health says what is missing."""
    bot = bench.start_well(TG_CHAT_ID=str(USER), TG_ENABLED="false")
    capability = bot.health()[1]["capabilities"]["notifications"]
    assert capability["missing"] == "set TG_ENABLED=true"
    bot.terminate()
    assert told(bench) == []


def test_a_chat_that_cannot_be_told_harms_nobody(bench: Any) -> None:
    """The bot answers all the same, and stops in time; the log says why there was no notice."""
    bot = bench.start_well(TG_CHAT_ID="-100777")
    assert bench.ask("hello") == ["hello"]
    bench.wait_until(lambda: "Chat not found" in bot.log, "the line in the log")
    assert bot.health()[1]["capabilities"]["notifications"]["lost"] == 1
    assert bot.terminate() == 0


def test_a_message_that_must_wait_is_not_overtaken(bench: Any) -> None:
    """A 429 for the first of two answers in a chat: both come, in the order they were asked for."""
    bench.start_well()
    bench.sandbox.fault(
        "answer", method="sendMessage", bot=bench.id, status=429, retry_after=1, count=1
    )
    first = bench.sandbox.send("first", bench.id, USER)
    bench.sandbox.send("second", bench.id, USER)
    replies = bench.sandbox.wait_for_replies(first, bench.id, count=2, timeout=30)
    assert [one["text"] for one in replies] == ["first", "second"]


def test_another_chat_does_not_wait(bench: Any) -> None:
    """While one chat's message waits for Telegram, the answer in another comes at once."""
    bench.start_well()
    bench.sandbox.add_user(43, "Ben")
    fault = bench.sandbox.fault(
        "answer", method="sendMessage", bot=bench.id, status=429, retry_after=8, count=1
    )
    bench.sandbox.send("slow", bench.id, USER)
    bench.wait_until(lambda: fault not in [f["id"] for f in bench.sandbox.faults()], "the 429")
    began = time.monotonic()
    assert bench.sandbox.ask("quick", bench.id, 43, timeout=30) == ["quick"]
    assert time.monotonic() - began < 7
