"""The webhook's part of the health document, with ages instead of stamps."""

from typing import Any

from bot.redaction import redact
from bot.times import age
from bot.webhook.figures import WebhookFigures
from bot.webhook.settings import host_of


def describe_webhook(figures: WebhookFigures | None, now: float) -> dict[str, Any]:
    """All that is known of it; its path, which may be secret, is not. All null when polling."""
    if figures is None:
        return dict.fromkeys(describe_webhook(WebhookFigures("", 0.0), now))
    look = figures.look
    return {
        "host": host_of(figures.url),
        "listening": figures.serving,
        "last_delivery_seconds": age(figures.last_delivery, now),
        "deliveries": figures.deliveries,
        "accepted": figures.accepted,
        "duplicates": figures.duplicates,
        "skipped_updates": figures.skipped,
        "put_off": figures.put_off,
        "refused": dict(figures.refused),
        "last_asked_seconds": age(figures.looked, now),
        "ask_error": redact(figures.look_failed) or None,
        "ours": look.url == figures.url if look else None,
        "pending": look.pending if look else None,
        "last_error": look.last_error or None if look else None,
        "last_error_seconds": age(look.last_error_at, now) if look else None,
    }
