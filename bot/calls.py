"""The request under all calls to the Bot API: each is timed, and its outcome counted."""

import asyncio
import json
from typing import Any

from telegram.error import TelegramError, TimedOut
from telegram.request import HTTPXRequest

from bot.call_figures import Call, kind_of_status, method_of
from bot.figures import Figures

# Telegram takes 30 messages a second, so a few connections do. The library's 256 cost the event
# loop seconds when all are in use: whatever httpcore does to one, it looks at all of them.
POOL_SIZE = 32


class TimedRequest(HTTPXRequest):
    """A pool of connections whose every round trip is noted in the figures."""

    def __init__(self, figures: Figures, pool_size: int, **options: Any) -> None:
        super().__init__(connection_pool_size=pool_size, **options)
        self._figures = figures

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """One round trip: (HTTP status, body); raises what the library's own request raises."""
        began = self._figures.clock()
        try:
            status, payload = await super().do_request(url, *args, **kwargs)
        except TelegramError as error:
            self._note(url, began, None, _kind_of(error))
            raise
        kind = kind_of_status(status)
        self._note(url, began, status, kind, _retry_after(payload) if status == 429 else None)
        return status, payload

    def _note(
        self,
        url: str,
        began: float,
        status: int | None,
        kind: str | None,
        retry_after: float | None = None,
    ) -> None:
        now = self._figures.clock()
        call = Call(method_of(url), now, now - began, status, kind, retry_after)
        self._figures.calls.note(call)


class CallRequest(TimedRequest):
    """For all calls but polls. Who finds no connection free waits for one, and nobody is refused:
    the library itself would give up after a second."""

    def __init__(self, figures: Figures) -> None:
        super().__init__(figures, POOL_SIZE)
        self._free = asyncio.Semaphore(POOL_SIZE)

    async def do_request(self, url: str, *args: Any, **kwargs: Any) -> tuple[int, bytes]:
        """As above, once a connection is free."""
        calls = self._figures.calls
        calls.waiting += 1
        try:
            await self._free.acquire()
        finally:
            calls.waiting -= 1
        try:
            return await super().do_request(url, *args, **kwargs)
        finally:
            self._free.release()


def _kind_of(error: TelegramError) -> str:
    if isinstance(error, TimedOut):
        return "pool" if str(error).startswith("Pool timeout") else "timeout"
    return "network"


def _retry_after(payload: bytes) -> float | None:
    try:
        return float(json.loads(payload)["parameters"]["retry_after"])
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
