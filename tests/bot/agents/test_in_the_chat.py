"""Agents of the real bot: asked in a chat, answered by a real server or a real function."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

USER = 42
OTHER = 4444
KEY = "sk-example-0123456789abcdef"


def test_an_endpoint_answers_with_what_it_was_told(bench: Any, begin: Any, endpoint: Any) -> None:
    """It gets model, system text, message (without personal data) and key; the chat its pieces."""
    talk = begin(**endpoint.variables("echoes", AGENT_SYSTEM="Be kind."))
    talk.send("I am ann@mail.example.com")
    talk.wait_text("you said: I am [e-mail]")
    assert endpoint.keys == [f"Bearer {KEY}"]
    assert endpoint.asked[0] == {
        "path": "/v1/chat/completions",
        "model": "echoes",
        "stream": True,
        "messages": [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "I am [e-mail]"},
        ],
    }
    talk.wait_figure("answered", 1)
    assert len(talk.texts()) == 1
    assert "/stop" in bench.ask("/help")[0]
    assert "goes to the agent default" in bench.ask("/help")[0]
    assert f"default: echoes at {endpoint.url}" in talk.bot.log


def test_the_answer_grows_in_the_chat_and_stop_ends_it(
    bench: Any, begin: Any, endpoint: Any
) -> None:
    """What came is shown while the rest is awaited; /stop closes the connection and says so."""
    talk = begin(**endpoint.variables("drips"))
    talk.send("write")
    talk.wait_text("drop drop drop drop")
    talk.wait_figure("running", 1)
    assert talk.health()["oldest_seconds"] > 0
    assert talk.bot.health()[1]["queue"]["oldest_handler_seconds"] > 0
    assert bench.ask("/stop")[-1] == "Stopped."
    talk.wait_text("[stopped]")
    talk.wait_figure("running", 0)
    assert endpoint.hung_up.wait(30)
    assert talk.health()["stopped"] == 1
    assert bench.statistics()["messages_edited"] >= 1
    assert bench.ask("/stop") == ["Nothing is being answered in this chat."]


def test_a_stuck_agent_holds_up_its_own_chat_only(bench: Any, begin: Any, endpoint: Any) -> None:
    """Commands and another chat go on; the line of the chat is bounded, and /stop empties it."""
    talk = begin(**endpoint.variables("echoes", AGENT_QUEUE="2"))
    talk.send("hang here")
    talk.wait_text("first")
    talk.send("second")
    talk.send("third")
    talk.wait_figure("waiting", 2)
    assert "2 more are waiting" in bench.ask("fourth")[0]
    talk.send("hello", OTHER)
    talk.wait_text("you said: hello", OTHER)
    assert "status: running" in bench.ask("/status")[0]
    code, document = talk.bot.health()
    assert (code, document["status"]) == (200, "running")
    assert "2 waiting messages are dropped" in bench.ask("/stop")[-1]
    talk.wait_figure("running", 0)
    assert (talk.health()["refused"], talk.health()["waiting"]) == (1, 0)
    talk.send("fifth")
    talk.wait_text("you said: fifth")


def test_what_waits_is_answered_in_its_order(bench: Any, begin: Any, endpoint: Any) -> None:
    """One message of a chat after the other."""
    talk = begin(**endpoint.variables("echoes"))
    talk.send("hang one")
    talk.wait_text("first")
    for number, word in enumerate(("two", "three", "four"), start=1):
        talk.send(word)
        talk.wait_figure("waiting", number)
    endpoint.go_on.set()
    talk.wait_text("you said: four")
    said = [text.partition("said: ")[2] for text in talk.texts()]
    assert said[1:] == ["two", "three", "four"]
    asked = [one["messages"][-1]["content"] for one in endpoint.asked]
    assert said == asked


def test_an_answer_has_its_time(bench: Any, begin: Any, endpoint: Any) -> None:
    """What came stays, with a word about the limit; /health says degraded until one succeeds."""
    talk = begin(**endpoint.variables("echoes", AGENT_TIMEOUT_SECONDS="1"))
    talk.send("hang")
    assert talk.wait_text("did not finish within 1 s").startswith("first")
    document = talk.bot.wait_health("degraded")
    assert "The agent default does not work: it did not answer within 1 s" in document["reason"]
    assert talk.bot.health()[0] == 200
    assert talk.health()["late"] == 1
    assert "agents: does not work now" in bench.ask("/help")[0]
    talk.send("hello")
    talk.wait_text("you said: hello")
    talk.bot.wait_health("running")


def test_an_endpoint_that_is_down_degrades_and_comes_back(bench: Any, begin: Any) -> None:
    """The chat is told, /health stays 200."""
    with socket.socket() as holder:  # bound and not listening: nobody else takes the port
        holder.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{holder.getsockname()[1]}/v1"
        talk = begin(AGENT_URL=url, AGENT_MODEL="none")
        talk.send("hello")
        talk.wait_text("The agent default cannot answer: it cannot be reached.")
    document = talk.bot.wait_health("degraded")
    assert document["capabilities"]["agents"]["state"] == "degraded"
    assert talk.bot.health()[0] == 200
    assert bench.ask("/start")


@pytest.mark.parametrize(
    ("model", "words"),
    [
        ("refuses", "it refuses the key (HTTP 401)"),
        ("nonsense", "no chat completion"),
        ("breaks", "the answer broke off"),
        ("whole", "all"),
    ],
)
def test_other_answers_of_an_endpoint(
    bench: Any, begin: Any, endpoint: Any, model: str, words: str
) -> None:
    """In words, with what came so far, and never the key, whatever the server says."""
    talk = begin(LOG_LEVEL="DEBUG", **endpoint.variables(model))
    talk.send("hello")
    talk.wait_text(words)
    assert not any(KEY in text for text in talk.texts())
    if model == "breaks":
        assert talk.texts()[0].startswith("half an answ")
    talk.bot.terminate()
    assert KEY not in talk.bot.log


def test_a_long_answer_is_parted(bench: Any, begin: Any, endpoint: Any) -> None:
    """More than 4096 characters become several messages without a word lost or cut."""
    talk = begin(**endpoint.variables("writes"))
    talk.send("at length")
    talk.wait_text("END")
    talk.wait_figure("answered", 1)
    texts = talk.texts()
    assert len(texts) == 4
    assert all(len(text) <= 4096 for text in texts)
    assert " ".join(texts).split() == [*(f"word{number}" for number in range(1500)), "END"]


MODULE = """
import asyncio, time

async def coroutine(question):
    return f"coroutine {question.text} of {question.user} in {question.chat}"

async def stream(question):
    yield "one "
    await asyncio.sleep(0)
    yield "two"

def plain(question):
    return f"plain {question.text}"

def generator(question):
    yield from ("a", "b", "c")

def fails(question):
    raise ValueError("a secret of the function")

def blocks(question):
    time.sleep(3600)

def silent(question):
    return None
"""

RULES = """
default = "plain"
{agents}
[[rules]]
pattern = "^!(?i:stream)"
agent = "stream"
[[rules]]
user = 4444
pattern = "hello"
agent = "coroutine"
[[rules]]
chat = 4444
agent = "generator"
[[rules]]
pattern = "^!fails"
agent = "fails"
[[rules]]
pattern = "^!blocks"
agent = "blocks"
[[rules]]
pattern = "^!silent"
agent = "silent"
"""


def start_functions(bench: Any, begin: Any) -> Any:
    (bench.directory / "my_agents.py").write_text(MODULE)
    names = ("coroutine", "stream", "plain", "generator", "fails", "blocks", "silent")
    tables = "\n".join(f'[agents.{name}]\ncall = "my_agents:{name}"\n' for name in names)
    path = Path(bench.directory) / "agents.toml"
    path.write_text(RULES.format(agents=tables))
    return begin(AGENTS_FILE="agents.toml")


def test_functions_of_all_kinds_answer_by_the_rules(bench: Any, begin: Any) -> None:
    """Pattern, user, chat and default choose; async or not, returned or yielded, it arrives."""
    talk = start_functions(bench, begin)
    talk.send("!STREAM")
    talk.wait_text("one two")
    talk.send("hello", OTHER)
    talk.wait_text(f"coroutine hello of {OTHER} in {OTHER}", OTHER)
    talk.send("anything", OTHER)
    talk.wait_text("abc", OTHER)
    talk.send("anything")
    talk.wait_text("plain anything")
    talk.send("!silent")
    talk.wait_text("nothing to say")
    talk.send("!fails")
    talk.wait_text("The agent fails cannot answer: it failed (ValueError).")
    assert talk.bot.health()[1]["status"] == "running"
    assert "my_agents:fails failed" in talk.bot.log


def test_a_function_that_blocks_holds_up_neither_bot_nor_its_end(bench: Any, begin: Any) -> None:
    """It has its own thread: others are answered, /stop lets go of it, SIGTERM ends in time."""
    talk = start_functions(bench, begin)
    talk.send("!blocks")
    talk.wait_figure("running", 1)
    talk.send("hello", OTHER)
    talk.wait_text("coroutine hello", OTHER)
    bench.ask("/stop")
    talk.wait_figure("running", 0)
    talk.send("still there?")
    talk.wait_text("plain still there?")
    talk.send("!blocks")
    talk.wait_figure("running", 1)
    assert talk.bot.terminate() == 0
    assert "took too long" not in talk.bot.log


def test_a_restart_is_asked_for_only_if_that_is_configured(
    bench: Any, begin: Any, endpoint: Any
) -> None:
    """With HANDLER_STALE_SECONDS an old answer is 503, and it is 200 again when it is over."""
    agent = endpoint.variables("echoes", HANDLER_STALE_SECONDS="0.5")
    talk = begin(**agent)
    talk.send("hang")
    document = talk.bot.wait_health("stuck")
    assert "limit 0.5 s" in document["reason"]
    assert talk.bot.health()[0] == 503
    endpoint.go_on.set()
    talk.bot.wait_health("running")


def test_without_an_agent_texts_are_sent_back(bench: Any) -> None:
    """/help, /stop and the banner say what to set."""
    bot = bench.start_well()
    assert bench.ask("hello") == ["hello"]
    assert "This is off (agents): set AGENT_URL and AGENT_MODEL" in bench.ask("/stop")[0]
    assert "agents (/stop): off, set AGENT_URL" in bench.ask("/help")[0]
    assert "agents: off, set AGENT_URL" in bot.log
    assert json.dumps(bot.health()[1]["capabilities"]["agents"]).startswith('{"on": false')
