"""A line of work for each chat: one thing at a time in a chat, all chats side by side.

A line is bounded, so a stuck agent fills the line of its own chat and nothing else. A chat without
work has no line: nothing is kept of it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

Work = Callable[[], Coroutine[Any, Any, None]]

_log = logging.getLogger("bot.agents")


@dataclass
class Line:
    """The work of one chat."""

    waiting: deque[Work] = field(default_factory=deque)
    current: asyncio.Task[None] | None = None


class Lines:
    """The lines of all chats; each has room for `most` that wait, beside the one at work."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lines: dict[int, Line] = {}
        self._workers: set[asyncio.Task[None]] = set()  # the loop itself keeps no hold of a task

    @property
    def waiting(self) -> int:
        """How many wait in all lines; may be asked on another thread."""
        return sum(len(line.waiting) for line in tuple(self._lines.values()))

    def offer(self, chat: int, work: Work) -> bool:
        """Put work at the end of a chat's line; False if there is no room."""
        line = self._lines.get(chat)
        if line is not None:
            if len(line.waiting) >= self._most:
                return False
            line.waiting.append(work)
            return True
        self._lines[chat] = line = Line(deque([work]))
        worker = asyncio.create_task(self._work_off(chat, line))
        self._workers.add(worker)
        worker.add_done_callback(self._workers.discard)
        return True

    def stop(self, chat: int) -> tuple[bool, int]:
        """End a chat's work: whether there was some, and how many more were waiting."""
        line = self._lines.get(chat)
        if line is None:
            return False, 0
        dropped = len(line.waiting)
        line.waiting.clear()
        if line.current is not None:
            line.current.cancel()
        return True, dropped

    def stop_all(self) -> None:
        """End the work of all chats."""
        for chat in tuple(self._lines):
            self.stop(chat)

    async def _work_off(self, chat: int, line: Line) -> None:
        while line.waiting:
            line.current = asyncio.create_task(line.waiting.popleft()())
            await asyncio.wait({line.current})
            if not line.current.cancelled() and (error := line.current.exception()):
                _log.error("An answer failed", exc_info=error)
        del self._lines[chat]
