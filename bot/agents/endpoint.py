"""An agent behind an OpenAI-compatible HTTP endpoint, `POST URL/chat/completions`.

The key is in one header and nowhere else: errors are told in our own words, never in the server's,
which may repeat what it was sent. No redirect is followed and nothing is tried again.
"""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx

from bot.agents.specs import AgentError, EndpointSpec, Question
from bot.agents.stream import Stream, read_whole

_CONNECT_SECONDS = 10.0
_LONGEST_BODY = 1_000_000  # bytes of an answer that is not streamed
# What the user's own message may be the reason of; all else is about the endpoint.
_ABOUT_THE_MESSAGE = (400, 413, 422)
_WORDS = {
    400: "it did not accept the message",
    401: "it refuses the key",
    403: "it refuses the key",
    404: "it knows no such model or address",
    413: "the message is too long for it",
    422: "it did not accept the message",
    429: "it has too much to do, or the account's limit is reached",
}


class Endpoint:
    """One endpoint with its connections, which are kept for the next question."""

    def __init__(self, spec: EndpointSpec) -> None:
        self._spec = spec
        self._client: httpx.AsyncClient | None = None

    async def answer(self, question: Question) -> AsyncGenerator[str, None]:
        """The pieces of the answer; raises `AgentError`."""
        try:
            async with self._open().stream(
                "POST", "chat/completions", json=self._compose(question)
            ) as response:
                async for piece in _read(response):
                    yield piece
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise AgentError("it cannot be reached") from None
        except httpx.HTTPError as error:
            raise AgentError(f"the connection broke off ({type(error).__name__})") from None

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.aclose()

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            key = self._spec.key
            self._client = httpx.AsyncClient(
                base_url=self._spec.url + "/",
                headers={"Authorization": f"Bearer {key}"} if key else {},
                # How long a whole answer may take is watched by who asked.
                timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS),
            )
        return self._client

    def _compose(self, question: Question) -> dict[str, Any]:
        messages = [{"role": "user", "content": question.text}]
        if self._spec.system:
            messages.insert(0, {"role": "system", "content": self._spec.system})
        return {"model": self._spec.model, "messages": messages, "stream": True}


async def _read(response: httpx.Response) -> AsyncIterator[str]:
    status = response.status_code
    if status != 200:
        words = _WORDS.get(status, "it is out of order")
        raise AgentError(f"{words} (HTTP {status})", outage=status not in _ABOUT_THE_MESSAGE)
    if not response.headers.get("content-type", "").startswith("text/event-stream"):
        yield read_whole(await _read_body(response))
        return
    stream = Stream()
    async for data in response.aiter_bytes():
        for piece in stream.feed(data):
            yield piece
        if stream.complete:
            return
    raise AgentError("the answer broke off")


async def _read_body(response: httpx.Response) -> bytes:
    body = b""
    async for data in response.aiter_bytes():
        body += data
        if len(body) > _LONGEST_BODY:
            raise AgentError("its answer is too long")
    return body
