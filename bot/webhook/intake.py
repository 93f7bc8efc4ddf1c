"""What is done with a delivery: looked at, taken once, or refused; without a socket.

A delivery with the right secret is what Telegram sent, so it is never sent back for what is in it:
Telegram would send the same again for a day, and hold up its chat meanwhile. What the library
cannot parse is skipped and counted, as in polling mode. One that came before (Telegram repeats
what it got no answer to) is answered, and not handled again.
"""

import hmac
import json
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.poison import Skipped
from bot.serving import Head

SECRET_HEADER = "x-telegram-bot-api-secret-token"
# Ids of updates that are known again. Telegram repeats one for a day at most, and rarely after
# many others have come; this many take about 2 MB.
REMEMBERED = 20_000


@dataclass(frozen=True)
class Doorkeeper:
    """Who may deliver."""

    path: str
    secret: str

    def refusal(self, head: Head) -> tuple[int, str] | None:
        """(HTTP status, cause) of a refusal; None lets the request pass. Nothing else is told."""
        if head.path != self.path:
            return 404, "path"
        if head.method != "POST":
            return 405, "method"
        found = head.headers.get(SECRET_HEADER)
        if not found:
            return 401, "no secret"
        if not self._knows(found):
            return 403, "wrong secret"
        return None

    def _knows(self, found: str) -> bool:
        """Compared in a time that does not tell how much of it was right."""
        return hmac.compare_digest(found.encode("latin-1", "replace"), self.secret.encode())


class Memory:
    """The ids of the last updates that were taken."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._order: deque[int] = deque()
        self._known: set[int] = set()
        self._most = most

    def __contains__(self, update_id: int) -> bool:
        return update_id in self._known

    def add(self, update_id: int) -> None:
        """Remember one more, and forget the oldest where there are too many."""
        self._order.append(update_id)
        self._known.add(update_id)
        if len(self._order) > self._most:
            self._known.discard(self._order.popleft())


@dataclass(frozen=True)
class Parsed:
    """An update and its id, or why there is none."""

    update: Any = None
    update_id: int | None = None
    skipped: Skipped | None = None


def parse(body: bytes, read: Callable[[Mapping[str, Any]], Any]) -> Parsed:
    """The update in a delivery; `read` makes it of a JSON object, and may raise anything."""
    raw: Any = body[:4096].decode(errors="replace")
    update_id = None
    try:
        raw = json.loads(body)
        number = raw["update_id"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise TypeError("update_id is no number")
        update_id = number
        return Parsed(read(raw), update_id)
    except Exception as error:  # whatever a parser throws at malformed input
        return Parsed(None, update_id, Skipped(raw, update_id, f"{type(error).__name__}: {error}"))
