"""One GET with a short time limit, for looks at servers; what goes wrong is told in our own words.

No redirect is followed, for a token must not follow one, and the address is never part of a
sentence: Telegram's has the token in it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from bot.os_reasons import os_reason

PATIENCE = 5.0  # seconds for each look


class Unreachable(Exception):
    """There was no answer; the text says why."""


class Silent(Unreachable):
    """Somebody may be there, but did not answer in time."""


@dataclass(frozen=True)
class Answer:
    """What a server said; `document` is None where that was no JSON."""

    status: int
    headers: Mapping[str, str]
    document: Any


async def get(url: str, key: str = "") -> Answer:
    """The answer to a GET, with `key` as its bearer if there is one; raises `Unreachable`."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    try:
        async with (
            asyncio.timeout(PATIENCE),
            httpx.AsyncClient(timeout=PATIENCE, headers=headers) as client,
        ):
            answer = await client.get(url)
    except (TimeoutError, httpx.TimeoutException):
        raise Silent(f"no answer in {PATIENCE:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Unreachable(f"it cannot be reached ({_why(error)})") from None
    return Answer(answer.status_code, answer.headers, _read(answer))


def _why(error: Exception) -> str:
    """The system's own words at the bottom of it, such as "Connection refused"."""
    cause: BaseException = error
    while (below := cause.__cause__ or cause.__context__) is not None:
        cause = below
    return os_reason(cause) if isinstance(cause, OSError) else type(error).__name__


def _read(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None
