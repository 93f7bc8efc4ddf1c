"""The stream of an OpenAI-compatible endpoint: server-sent events, each with a piece of text. Pure.

Bytes come in whatever portions the network makes of them; lines may end in CRLF; comments and
unknown fields are passed over.
"""

import json
from collections.abc import Iterator
from typing import Any

from bot.agents.specs import AgentError

LONGEST_LINE = 1_000_000  # bytes; no piece of an answer is nearly that long
_STRANGE = "it answered with something that is no chat completion"


class Stream:
    """One answer as it comes in."""

    def __init__(self) -> None:
        self._rest = b""
        self.complete = False  # whether the end was announced

    def feed(self, data: bytes) -> Iterator[str]:
        """The pieces of text that are whole now; raises `AgentError`."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > LONGEST_LINE:
            raise AgentError(_STRANGE)
        for line in lines:
            name, _, value = line.decode("utf-8", "replace").strip().partition(":")
            if name == "data":
                yield from self._take(value.strip())

    def _take(self, value: str) -> Iterator[str]:
        if value == "[DONE]":
            self.complete = True
            return
        choice = _first_choice(_parse(value))
        if choice.get("finish_reason"):
            self.complete = True
        if text := _content(choice.get("delta")):
            yield text


def read_whole(body: bytes) -> str:
    """The text of an answer that was not streamed; raises `AgentError`."""
    return _content(_first_choice(_parse(body.decode("utf-8", "replace"))).get("message"))


def _parse(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise AgentError(_STRANGE) from None
    if not isinstance(document, dict):
        raise AgentError(_STRANGE)
    if document.get("error"):
        raise AgentError("it reported an error of its own")
    return document


def _first_choice(document: dict[str, Any]) -> dict[str, Any]:
    """The first choice; a last event with figures only has none."""
    choices = document.get("choices")
    if not isinstance(choices, list):
        raise AgentError(_STRANGE)
    if choices and not isinstance(choices[0], dict):
        raise AgentError(_STRANGE)
    return choices[0] if choices else {}


def _content(message: object) -> str:
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
