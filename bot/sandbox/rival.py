"""A second instance of a bot, played by the sandbox itself: what a forgotten copy elsewhere does.

It polls as python-telegram-bot does: 10 s long polls, and after a 409 it waits 1 s, then 1.5 times
longer each time up to 30 s, and starts again from 1 s after a success; a 401 or 404 ends it. It
confirms what it gets and answers nothing, so those messages vanish for the real bot.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from bot.sandbox.parameters import Parameters

if TYPE_CHECKING:
    from bot.sandbox.accounts import Account
    from bot.sandbox.engine import Engine

POLL_TIMEOUT = 10
FIRST_WAIT, WAIT_FACTOR, LONGEST_WAIT = 1.0, 1.5, 30.0
PEER = "rival"


async def run_rival(engine: Engine, account: Account, seconds: float | None) -> None:
    """Poll this account for so many seconds, or until cancelled."""
    try:
        async with asyncio.timeout(seconds):
            await _poll_forever(engine, account)
    except TimeoutError:
        return


async def _poll_forever(engine: Engine, account: Account) -> None:
    offset, wait = 0, 0.0
    while True:
        parameters = Parameters({"timeout": POLL_TIMEOUT, "offset": offset})
        answer = await engine.answer(account, "getUpdates", parameters, PEER)
        if answer is not None and answer.status in (401, 404):
            return
        if answer is not None and answer.status == 200:
            offset, wait = next_offset(answer.body, offset), 0.0
        else:
            wait = next_wait(wait)
            await asyncio.sleep(wait)


def next_wait(wait: float) -> float:
    """The wait (seconds) after one more failure."""
    return min(LONGEST_WAIT, wait * WAIT_FACTOR) if wait else FIRST_WAIT


def next_offset(body: bytes, offset: int) -> int:
    """The offset that confirms the updates in this answer; the same where it cannot be read."""
    try:
        ids = [int(update["update_id"]) for update in json.loads(body)["result"]]
    except (ValueError, KeyError, TypeError):
        return offset + 1 if offset else offset
    return max(ids, default=offset - 1) + 1
