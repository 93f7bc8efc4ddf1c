"""What the sandbox says back: an HTTP status and a body, in the Bot API's envelope."""

from __future__ import annotations

import json
from collections.abc import Iterable

from bot.serving import Answer

POLL_CONFLICT = (
    "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running"
)
WEBHOOK_CONFLICT = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
WEBHOOK_ENDS_POLL = "Conflict: terminated by setWebhook request"

DESCRIPTIONS = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    409: POLL_CONFLICT,
    413: "Request Entity Too Large",
    500: "Internal Server Error",
    502: "Bad Gateway",
}


def encode(document: object) -> bytes:
    """JSON as Telegram writes it: compact, UTF-8."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def succeed(result: object, description: str | None = None) -> Answer:
    """`200 {"ok": true, "result": ...}`."""
    document: dict[str, object] = {"ok": True, "result": result}
    if description is not None:
        document["description"] = description
    return Answer(200, encode(document))


def deliver(updates: Iterable[str]) -> Answer:
    """A getUpdates answer from updates that are text already, valid JSON or not."""
    return Answer(200, f'{{"ok":true,"result":[{",".join(updates)}]}}'.encode(errors="replace"))


def refuse(code: int, description: str | None = None, retry_after: int | None = None) -> Answer:
    """An error in the Bot API's envelope; `retry_after` is in whole seconds."""
    document: dict[str, object] = {
        "ok": False,
        "error_code": code,
        "description": description or _describe(code, retry_after),
    }
    if retry_after is not None:
        document["parameters"] = {"retry_after": retry_after}
    return Answer(code, encode(document))


def _describe(code: int, retry_after: int | None) -> str:
    if code == 429:
        return f"Too Many Requests: retry after {retry_after or 1}"
    return DESCRIPTIONS.get(code, "Error")
