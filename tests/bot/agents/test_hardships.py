"""Agents and users that behave badly."""

from __future__ import annotations

from typing import Any

USER = 42
OTHER = 4444

MODULE = """
import asyncio

async def floods(question):
    for number in range(1000):
        yield "x" * 10_000 + " "

async def clings(question):
    while question.text == "cling":
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            pass
    return "let go"

class Object:
    async def __call__(self, question):
        return "of an object"

called = Object()
"""


def start(bench: Any, begin: Any, name: str, **more: str) -> Any:
    (bench.directory / "bad_agents.py").write_text(MODULE)
    return begin(AGENT_CALL=f"bad_agents:{name}", **more)


def test_an_answer_without_end_is_cut(bench: Any, begin: Any) -> None:
    """Eight messages that Telegram takes; the last one shows that something is missing."""
    talk = start(bench, begin, "floods")
    talk.send("go on")
    talk.wait_figure("answered", 1)
    talk.wait_figure("running", 0)
    texts = talk.texts()
    assert len(texts) == 8
    assert texts[-1].endswith("…")
    assert not any(text.endswith("…") for text in texts[:-1])


def test_an_agent_that_does_not_let_go_is_left_behind(bench: Any, begin: Any) -> None:
    """One that swallows its cancellation holds up its chat for some seconds, and no other."""
    talk = start(bench, begin, "clings", AGENT_TIMEOUT_SECONDS="0.5")
    talk.send("cling")
    talk.wait_figure("running", 1)
    talk.send("hello", OTHER)
    talk.wait_text("let go", OTHER)
    talk.wait_figure("running", 0)
    talk.send("hello")
    talk.wait_text("let go")


def test_an_update_is_begun_for_as_long_as_its_agent_is_at_it(bench: Any, begin: Any) -> None:
    """An agent that ends the bot is held against its update, although the handler has ended."""
    talk = start(bench, begin, "clings", AGENT_TIMEOUT_SECONDS="600", POLL_TIMEOUT="50")
    bench.wait_until(lambda: bench.sandbox.wait_for_polling(bench.id), "a poll of 50 s")
    number = talk.send("cling")
    talk.wait_figure("running", 1)
    bench.wait_until(lambda: talk.bot.health()[1]["queue"]["running_handlers"] == 1, "its handler")
    lines = (bench.directory / "bot.sqlite3.begun").read_text().splitlines()
    assert f"+{number}" in lines
    assert f"-{number}" not in lines


def test_an_object_may_be_called(bench: Any, begin: Any) -> None:
    """An object with an async __call__ is as good as a function."""
    talk = start(bench, begin, "called")
    talk.send("hello")
    talk.wait_text("of an object")


def test_a_user_who_blocked_the_bot_ends_the_answer(bench: Any, begin: Any, endpoint: Any) -> None:
    """The connection to the endpoint is closed, and no stack is in the log."""
    talk = begin(**endpoint.variables("drips"))
    bench.sandbox.fault("answer", method="sendMessage", bot=bench.id, status=403, count=9)
    talk.send("hello")
    assert endpoint.hung_up.wait(30)
    talk.wait_figure("running", 0)
    assert "An answer could not be shown: Forbidden" in talk.bot.log
    assert "Traceback" not in talk.bot.log


def test_flood_control_and_a_failing_server_lose_nothing(
    bench: Any, begin: Any, endpoint: Any
) -> None:
    """429 and 500 on edits delay them; the whole answer is there in the end, once."""
    talk = begin(**endpoint.variables("echoes"))
    talk.send("hang")
    talk.wait_text("first")
    faults = {"method": "editMessageText", "bot": bench.id}
    bench.sandbox.fault("answer", status=429, retry_after=1, count=1, **faults)
    bench.sandbox.fault("answer", status=500, count=2, **faults)
    endpoint.go_on.set()
    assert talk.wait_text("you said: hang") == "first you said: hang"
    assert len(talk.texts()) == 1


def test_a_stop_of_the_bot_ends_an_answer_in_time(bench: Any, begin: Any, endpoint: Any) -> None:
    """Exit code 0, and the chat sees that no more will come."""
    talk = begin(**endpoint.variables("drips"))
    talk.send("hello")
    talk.wait_text("drop")
    assert talk.bot.terminate() == 0
    assert talk.texts()[-1].endswith("[stopped]")
    assert "took too long" not in talk.bot.log
    assert "never retrieved" not in talk.bot.log
