"""The line of notices of a running bot: posted from anywhere, sent in order by one task.

A notice that cannot be sent is said in the log and left behind: none holds up the bot or its end.
"""

import asyncio
import logging
import time
from collections import deque
from typing import Any

from telegram import Bot, LinkPreviewOptions
from telegram.error import TelegramError

from bot.parting import all_parts
from bot.redaction import redact
from bot.times import stamp

_MOST = 50  # notices that wait; beyond it the newest are left out
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)

_log = logging.getLogger("bot.notices")


class Notices:
    """Notices to one chat; without a chat nothing is ever sent."""

    def __init__(self, chat: str = "") -> None:
        self.chat = chat
        self._waiting: deque[str] = deque()
        self._news = asyncio.Event()
        self._current: asyncio.Task[None] | None = None
        self._counts = {"sent": 0, "lost": 0}

    def figures(self) -> dict[str, Any]:
        """For /health."""
        return {**self._counts, "waiting": len(self._waiting)}

    def post(self, text: str, about: int | None = None) -> None:
        """Tell `text`, unless it is about what happened in that very chat."""
        if not self.chat or self.chat == str(about):
            return
        if len(self._waiting) >= _MOST:
            self._lose("too many wait")
            return
        self._waiting.append(redact(text))
        self._news.set()

    async def work(self, bot: Bot) -> None:
        """Send what is posted, for ever."""
        while True:
            self._news.clear()
            await self.drain(bot)
            await self._news.wait()

    async def drain(self, bot: Bot) -> None:
        """Send what waits now."""
        while self._waiting or self._current:
            if self._current is None:
                self._current = asyncio.create_task(self._send(bot, self._waiting.popleft()))
            # A stop ends whoever waits here, but not what is being sent: the drain at the end
            # waits for it, or it would be sent twice.
            await asyncio.shield(self._current)
            self._current = None

    async def _send(self, bot: Bot, text: str) -> None:
        try:
            for part in all_parts(text):
                await bot.send_message(self.chat, part, link_preview_options=_NO_PREVIEW)
            self._counts["sent"] += 1
        except TelegramError as error:
            self._lose(redact(str(error)))

    def _lose(self, reason: str) -> None:
        self._counts["lost"] += 1
        _log.warning("A notice to %s was not sent: %s", self.chat, reason)


def describe_run(number: str, user: int, text: str) -> str:
    """What the person is told of a panic run that somebody started elsewhere."""
    return f"Panic {number} by the user {user}, {stamp(time.time())}:\n{text}"
