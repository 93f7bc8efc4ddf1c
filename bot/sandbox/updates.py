"""The queue of updates that wait for one bot.

An update is kept as the text that will be sent, so that a broken one can be kept too. It is
forgotten only when a getUpdates asks for a higher offset (or a negative one): an update that was
answered into a dead socket is therefore not lost.
"""

from __future__ import annotations

import json
from collections import deque

# The official server refuses an offset further in the future than this and starts at the head.
FUTURE_TOLERANCE = 10


class UpdateQueue:
    """Updates in the order of their ids."""

    def __init__(self, first_id: int = 1) -> None:
        self._updates: deque[tuple[int, str]] = deque()
        self._next_id = first_id
        self.confirmed = 0
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._updates)

    @property
    def last_id(self) -> int:
        """The id of the newest update ever appended."""
        return self._next_id - 1

    def append(self, content: dict[str, object]) -> int:
        """Queue an update; its `update_id` is added where it is missing. Returns the id."""
        update_id = self._take_id()
        self._updates.append((update_id, json.dumps({"update_id": update_id} | content)))
        return update_id

    def append_text(self, text: str) -> int:
        """Queue text as it is, in the place of an update. Returns the id it is kept under."""
        update_id = self._take_id()
        self._updates.append((update_id, text))
        return update_id

    def fetch(self, offset: int, limit: int) -> list[str]:
        """Forget what `offset` confirms, then return up to `limit` updates."""
        if offset < 0:
            self._keep_last(-offset)
        elif offset <= self._next_id + FUTURE_TOLERANCE:
            self._forget_below(offset)
        return [text for _, text in list(self._updates)[:limit]]

    def drop_all(self) -> None:
        """Forget everything, as `drop_pending_updates` asks."""
        self.dropped += len(self._updates)
        self._updates.clear()

    def pending(self) -> list[tuple[int, str]]:
        """All that waits, with the ids, oldest first."""
        return list(self._updates)

    def forget(self, update_id: int) -> None:
        """A webhook has taken this one."""
        for place, (known, _) in enumerate(self._updates):
            if known == update_id:
                del self._updates[place]
                self.confirmed += 1
                return

    def _take_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1

    def _forget_below(self, offset: int) -> None:
        while self._updates and self._updates[0][0] < offset:
            self._updates.popleft()
            self.confirmed += 1

    def _keep_last(self, count: int) -> None:
        while len(self._updates) > count:
            self._updates.popleft()
            self.confirmed += 1
