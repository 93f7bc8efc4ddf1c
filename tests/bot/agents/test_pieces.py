"""The pure parts: choosing an agent, parting a text, reading a stream; and the lines of chats."""

from __future__ import annotations

import asyncio
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agents.lines import Lines
from bot.agents.rules import Rule, choose
from bot.agents.specs import AgentError
from bot.agents.stream import LONGEST_LINE, Stream, read_whole
from bot.parting import all_parts, part
from bot.texts import LONGEST, units

RULES = (
    Rule("code", pattern=re.compile("^!code")),
    Rule("ann", user=7, chat=-100),
    Rule("group", chat=-100),
    Rule("vip", user=7, pattern=re.compile("please")),
)


@pytest.mark.parametrize(
    ("text", "chat", "user", "agent"),
    [
        ("!code x", -100, 7, "code"),
        ("see !code", 1, 1, None),
        ("hello", -100, 7, "ann"),
        ("hello", -100, 8, "group"),
        ("hello", -100, None, "group"),
        ("yes please", 7, 7, "vip"),
        ("yes", 7, 7, None),
    ],
)
def test_the_first_rule_that_fits_wins(
    text: str, chat: int, user: int | None, agent: str | None
) -> None:
    """All conditions of a rule must fit; without a rule it is the default, or nobody."""
    assert choose(RULES, None, text, chat, user) == agent
    assert choose(RULES, "rest", text, chat, user) == (agent or "rest")


@given(st.text(alphabet="ab .\n😀", max_size=200), st.text(max_size=50), st.integers(2, 40))
def test_parting_loses_nothing_and_does_not_move(text: str, later: str, most: int) -> None:
    """Every part fits, together they are the text, and a cut stays when more comes."""
    rest, parts = text, []
    while rest:
        head, rest = part(rest, most)
        assert 0 < units(head) <= most
        parts.append(head)
    assert "".join(parts) == text
    head, rest = part(text, most)
    if rest:
        assert part(text + later, most)[0] == head


def test_all_parts_of_a_text() -> None:
    """Each fits and has something to be seen; nothing but white space makes none."""
    parts = list(all_parts("word 🙂 " * 2000 + "\n" * 5000 + "end"))
    assert all(0 < units(one) <= LONGEST and one == one.strip() for one in parts)
    assert " ".join(parts).split() == ["word", "🙂"] * 2000 + ["end"]
    assert list(all_parts(" \n ")) == []


def event(text: str, finish: str | None = None) -> bytes:
    choice = {"delta": {"content": text}, "finish_reason": finish}
    return f"data: {json.dumps({'choices': [choice]}, ensure_ascii=False)}\r\n\r\n".encode()


@given(st.lists(st.text(min_size=1), max_size=5), st.integers(1, 30))
def test_a_stream_may_come_in_any_portions(texts: list[str], size: int) -> None:
    """The pieces are the same however the bytes are cut, with comments and figures between them."""
    data = b": hello\n\n" + b"".join(map(event, texts))
    data += b'event: x\ndata: {"choices": [], "usage": {}}\n\ndata: [DONE]\n\n'
    stream = Stream()
    found: list[str] = []
    for at in range(0, len(data), size):
        found += stream.feed(data[at : at + size])
    assert "".join(found) == "".join(texts)
    assert stream.complete


@pytest.mark.parametrize(
    "value",
    ["{", "[]", "null", '{"error": {"message": "no"}}', '{"choices": [1]}', "[" * 100_000],
)
def test_a_stream_that_is_none_is_refused(value: str) -> None:
    """In words, not with a stack trace; also when it is not streamed."""
    with pytest.raises(AgentError):
        list(Stream().feed(f"data: {value}\n".encode()))
    with pytest.raises(AgentError):
        read_whole(value.encode())


def test_a_line_without_end_is_refused() -> None:
    """Memory is bounded."""
    with pytest.raises(AgentError):
        list(Stream().feed(b"x" * (LONGEST_LINE + 1)))


def test_a_line_is_forgotten_when_it_is_done() -> None:
    """Work that fails or is stopped does not hold up what comes after it, and nothing is kept."""

    async def scenario() -> list[str]:
        lines, done, never = Lines(2), [], asyncio.Event()

        async def work(name: str) -> None:
            if name == "fails":
                raise ValueError(name)
            if name == "hangs":
                await never.wait()
            done.append(name)

        assert lines.offer(1, lambda: work("fails"))
        assert lines.offer(1, lambda: work("after"))
        assert lines.offer(2, lambda: work("hangs"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert lines.offer(2, lambda: work("one"))
        assert lines.offer(2, lambda: work("two"))
        assert not lines.offer(2, lambda: work("three"))
        assert lines.stop(2) == (True, 2)
        async with asyncio.timeout(10):
            await asyncio.gather(*lines._workers)
        assert lines.stop(2) == (False, 0)
        return done

    assert asyncio.run(scenario()) == ["after"]
