"""Sending under Telegram's limits: a message that must wait is sent later, not lost, and in order.

What is sent to one chat goes out one after the other, so that a message for which Telegram asked
for patience is not overtaken. Other chats do not wait for it. A call that has surely not reached
the server is made again; one whose answer got lost is not, or it might be done twice.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import httpx
from telegram.error import NetworkError, RetryAfter
from telegram.ext import BaseRateLimiter

from bot.polling import retry_seconds

RETRIES = 3
# Telegram can ask for hours after serious flooding; a handler is not kept waiting for those.
LONGEST_WAIT = 60.0
# So many calls may wait for one chat; a further one is refused as if Telegram had done it.
MOST_IN_LINE = 1000
_PAUSES = (0.5, 1.0, 2.0)  # after a call that did not reach the server, in seconds

# Only these leave something behind in the chat that has an order; "typing" must not wait.
_ORDERED = ("send", "copy", "forward")
_UNORDERED = ("sendChatAction",)
# Before any of these the server can have read the request.
_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)

type_answer = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[[], Coroutine[Any, Any, type_answer]]


class PatientLimiter(BaseRateLimiter[Any]):
    """No limit of its own: waits as long as Telegram asks, and tries again up to three times."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    async def initialize(self) -> None:
        """Nothing to prepare."""

    async def shutdown(self) -> None:
        """Nothing to put away."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, type_answer]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Any,
    ) -> type_answer:
        def call() -> Coroutine[Any, Any, type_answer]:
            return callback(*args, **kwargs)

        chat = data.get("chat_id")
        if chat is None or endpoint in _UNORDERED or not endpoint.startswith(_ORDERED):
            return await grant_patience(call)
        async with self._turn(str(chat)):
            return await grant_patience(lambda: reach(call))

    @asynccontextmanager
    async def _turn(self, chat: str) -> AsyncIterator[None]:
        """Wait for one's turn in the line of a chat; a line that nobody stands in is forgotten."""
        line = self._lines.setdefault(chat, _Line())
        if line.length >= MOST_IN_LINE:
            raise RetryAfter(int(LONGEST_WAIT))
        line.length += 1
        try:
            async with line.lock:
                yield
        finally:
            line.length -= 1
            if not line.length and self._lines.get(chat) is line:
                del self._lines[chat]


class _Line:
    """Who waits to send to one chat; the lock lets them in as they came."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.length = 0


async def grant_patience(call: Call) -> type_answer:
    """Make a call, and again after as long as Telegram asks for, up to three times."""
    for _ in range(RETRIES):
        try:
            return await call()
        except RetryAfter as error:
            if (wait := retry_seconds(error)) > LONGEST_WAIT:
                raise
            await asyncio.sleep(wait + 0.1)
    return await call()


async def reach(call: Call) -> type_answer:
    """Make a call, and again a few times while it surely does not reach the server."""
    for pause in _PAUSES:
        try:
            return await call()
        except NetworkError as error:
            if not isinstance(error.__cause__, _UNSENT):
                raise
            await asyncio.sleep(pause)
    return await call()


def make_limiter() -> PatientLimiter:
    """The limiter of every bot."""
    return PatientLimiter()
