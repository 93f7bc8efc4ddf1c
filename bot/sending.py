"""Sending under Telegram's limits: a message that must wait is sent later, not lost."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, BaseRateLimiter

from bot.polling import retry_seconds

RETRIES = 3
# Telegram can ask for hours after serious flooding; a handler is not kept waiting for those.
LONGEST_WAIT = 60.0

type_answer = bool | dict[str, Any] | list[dict[str, Any]]


class PatientLimiter(BaseRateLimiter[Any]):
    """No limit of its own: waits as long as Telegram asks, and tries again up to three times."""

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
        for _ in range(RETRIES):
            try:
                return await callback(*args, **kwargs)
            except RetryAfter as error:
                if (wait := retry_seconds(error)) > LONGEST_WAIT:
                    raise
                await asyncio.sleep(wait + 0.1)
        return await callback(*args, **kwargs)


def make_limiter() -> BaseRateLimiter[Any]:
    """The library's limiter where its extra (aiolimiter) is installed, else the patient one."""
    try:
        return AIORateLimiter(max_retries=RETRIES)
    except RuntimeError:
        return PatientLimiter()
