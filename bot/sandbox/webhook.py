"""A webhook, and which update is sent to it when: rules without a clock and without a socket.

After the official telegram-bot-api server (`WebhookActor.cpp`):

* The updates of one chat are sent one after the other, those of several chats side by side, as
  many at once as `max_connections` says.
* Only an answer of 200 to 299 forgets an update. After the first failure it is sent again at once,
  then after 2 s, 4 s, ... 60 s; where the answer has a Retry-After, after that (an hour at most).
* The last error is told by getWebhookInfo until everything that waited has been delivered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

from bot.sandbox.parameters import Parameters

LONGEST_DELAY = 60.0
LONGEST_RETRY_AFTER = 3600.0
DEFAULT_CONNECTIONS, MOST_CONNECTIONS = 40, 100
# Telegram's; a server of one's own (and this one, for addresses of this machine) takes any.
PORTS = (80, 88, 443, 8443)
_LOCAL = ("127.0.0.1", "localhost", "::1")
_SECRET = re.compile(r"[A-Za-z0-9_-]*")


class BadWebhook(Exception):
    """What was asked for cannot be set; the text is the Bot API's description."""


@dataclass(eq=False)
class Webhook:
    """One webhook as it was set, and what became of its deliveries."""

    url: str
    secret: str = field(default="", repr=False)
    max_connections: int = DEFAULT_CONNECTIONS
    allowed_updates: list[object] | None = None
    last_error: str = ""
    last_error_date: int = 0
    delivered: int = 0
    failed: int = 0

    def describe(self) -> dict[str, object]:
        """Its part of getWebhookInfo."""
        document: dict[str, object] = {"max_connections": self.max_connections}
        if self.allowed_updates is not None:
            document["allowed_updates"] = self.allowed_updates
        if self.last_error:
            document["last_error_date"] = self.last_error_date
            document["last_error_message"] = self.last_error
        return document


def read_webhook(parameters: Parameters) -> Webhook:
    """The webhook that a setWebhook asks for. Raises BadWebhook."""
    url, secret = parameters.text("url"), parameters.text("secret_token")
    _check_url(url)
    if len(secret) > 256:
        raise BadWebhook("Bad Request: secret token is too long")
    if not _SECRET.fullmatch(secret):
        raise BadWebhook("Bad Request: secret token contains unallowed characters")
    connections = parameters.integer("max_connections", DEFAULT_CONNECTIONS)
    allowed = parameters.document("allowed_updates")
    return Webhook(
        url,
        secret,
        max(1, min(connections or DEFAULT_CONNECTIONS, MOST_CONNECTIONS)),
        allowed if isinstance(allowed, list) else None,
    )


def _check_url(url: str) -> None:
    parts = _split(url)
    if parts.hostname in _LOCAL:
        return
    if parts.scheme != "https":
        raise BadWebhook("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if (parts.port or 443) not in PORTS:
        raise BadWebhook(
            "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
        )


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and parts.port != 0:
            return parts
    except ValueError:
        pass
    raise BadWebhook("Bad Request: invalid webhook URL specified")


@dataclass(slots=True)
class _Trial:
    """What became of one update so far."""

    fails: int = 0
    delay: float = 1.0
    due: float = float("-inf")


@dataclass(frozen=True, slots=True)
class Due:
    """What may be sent now, and when to look again although nothing happens (None: never)."""

    updates: tuple[tuple[int, str], ...]
    again: float | None


class DeliveryPlan:
    """Which updates are on their way, and when those that failed are tried again."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._under_way: dict[int, str] = {}
        self._trials: dict[int, _Trial] = {}
        self._lanes: dict[int, str] = {}

    def take(self, pending: Iterable[tuple[int, str]], now: float) -> Due:
        """The updates to send now, which count as under way from here on."""
        barred, chosen, again = set(self._under_way.values()), [], None
        for update_id, text in pending:
            if len(self._under_way) >= self._most:
                break  # the next one that comes back asks again
            lane = self._lane(update_id, text)
            if lane in barred:
                continue
            barred.add(lane)  # whatever comes behind it waits for it
            due = self._trials[update_id].due if update_id in self._trials else now
            if due > now:
                again = due if again is None else min(again, due)
            else:
                self._under_way[update_id] = lane
                chosen.append((update_id, text))
        return Due(tuple(chosen), again)

    def _lane(self, update_id: int, text: str) -> str:
        if update_id not in self._lanes:
            self._lanes[update_id] = lane_of(update_id, text)
        return self._lanes[update_id]

    def succeed(self, update_id: int) -> None:
        """It was taken."""
        self._under_way.pop(update_id, None)
        self._trials.pop(update_id, None)
        self._lanes.pop(update_id, None)

    def fail(self, update_id: int, now: float, retry_after: float = 0.0) -> None:
        """It was not; it is due again later."""
        self._under_way.pop(update_id, None)
        trial = self._trials.setdefault(update_id, _Trial())
        wait = max(0.0, min(retry_after, LONGEST_RETRY_AFTER))
        if not wait and trial.fails:
            trial.delay = wait = min(trial.delay * 2, LONGEST_DELAY)
        trial.fails += 1
        trial.due = now + wait


def lane_of(update_id: int, text: str) -> str:
    """What is sent one after the other: a chat's updates. One without a chat is alone."""
    try:
        update = json.loads(text)
        content = next(value for key, value in update.items() if key != "update_id")
        chat = content.get("chat") or content["message"]["chat"]
        return f"chat {chat['id']}"
    except (ValueError, RecursionError, StopIteration, AttributeError, LookupError, TypeError):
        return f"update {update_id}"
