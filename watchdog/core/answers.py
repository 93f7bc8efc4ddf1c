"""What the fleet itself answers, where a request does not even reach its program."""

from __future__ import annotations

from collections.abc import Iterable

from watchdog.core.effects import Answer, Effect
from watchdog.core.events import Event, Request
from watchdog.core.model import Outcome


def answer_superseded(name: str, requests: Iterable[int], text: str) -> list[Effect]:
    """The answers to requests that somebody's later one overtook."""
    return [Answer(name, request, Outcome.SUPERSEDED, text) for request in requests if request]


def refuse(name: str, event: Event, text: str) -> list[Effect]:
    """The answer to a request that cannot be met; to any other event, silence."""
    if isinstance(event, Request) and event.request:
        return [Answer(name, event.request, Outcome.FAILED, text)]
    return []


def answer_later(name: str, request: int) -> list[Effect]:
    """The answer to a start that has to wait for the end of a program of the same name."""
    text = "it starts anew once its last process is gone"
    return [Answer(name, request, Outcome.WAITING, text)] if request else []
