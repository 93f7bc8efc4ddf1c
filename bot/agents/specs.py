"""What is told about an agent, and what an agent is told: plain values."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class AgentError(Exception):
    """There is no (whole) answer; the text, which holds no secret, is for the chat.

    `outage` says that the agent itself is not in order, so that /health should say so.
    """

    def __init__(self, reason: str, outage: bool = True) -> None:
        super().__init__(reason)
        self.outage = outage


@dataclass(frozen=True)
class Question:
    """One message for an agent. `text` has been through the filter for personal data."""

    text: str
    chat: int
    user: int | None = None


class Agent(Protocol):
    """Something that answers, piece by piece; a cancellation ends it as far as that can be."""

    def answer(self, question: Question) -> AsyncGenerator[str, None]:
        """The pieces of the answer; raises `AgentError`."""

    async def close(self) -> None:
        """Let go of what it holds."""


@dataclass(frozen=True)
class CallSpec:
    """An agent that is a Python function."""

    name: str
    entry_point: str
    function: Callable[[Question], Any] = field(compare=False)
    timeout: float = 60.0  # seconds for a whole answer

    @property
    def title(self) -> str:
        return f"{self.name}: calls {self.entry_point}"


@dataclass(frozen=True)
class EndpointSpec:
    """An agent behind an OpenAI-compatible HTTP endpoint."""

    name: str
    url: str  # without /chat/completions
    model: str
    key: str = field(default="", repr=False)
    system: str = ""
    timeout: float = 60.0

    @property
    def title(self) -> str:
        return f"{self.name}: {self.model} at {self.url}"


AgentSpec = CallSpec | EndpointSpec
