"""Asks Telegram now and then whether its deliveries arrive: the only way to know.

An endpoint hears nothing of what does not reach it. getWebhookInfo is one small call; after a look
at which updates waited the next one comes sooner.
"""

import asyncio
import logging
import time
from datetime import datetime

from telegram.error import InvalidToken, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.figures import Clock
from bot.polling import describe_error, retry_seconds
from bot.redaction import redact
from bot.webhook.figures import Look, WebhookFigures

_SOONER = 10.0  # seconds
_LOOK_SECONDS = 10.0

_log = logging.getLogger("bot.webhook")


async def watch(bot: ExtBot[None], figures: WebhookFigures, clock: Clock) -> None:
    """Look until cancelled; raises InvalidToken when the token is refused."""
    while True:
        pause = await _look(bot, figures, clock)
        await asyncio.sleep(pause)


async def _look(bot: ExtBot[None], figures: WebhookFigures, clock: Clock) -> float:
    """Look once; returns how long to wait before the next look, in seconds."""
    usual = figures.check_seconds
    try:
        async with asyncio.timeout(_LOOK_SECONDS):
            found = await bot.get_webhook_info()
    except InvalidToken:
        raise
    except RetryAfter as error:
        return max(usual, retry_seconds(error))
    except (TelegramError, TimeoutError) as error:
        said = describe_error(error) if isinstance(error, TelegramError) else "no answer in time"
        if figures.look_failed != said:
            _log.warning("The webhook could not be asked about: %s", said)
        figures.miss(clock(), said)
        return usual
    failed_at = _monotonic(found.last_error_date, clock)
    look = Look(
        at=clock(),
        url=found.url,
        pending=found.pending_update_count,
        deliveries=figures.deliveries,
        last_error=redact(found.last_error_message or "")[:200],
        last_error_at=failed_at,
    )
    _tell(figures.look, look)
    figures.see(look)
    return min(usual, _SOONER) if look.pending else usual


def _monotonic(date: datetime | None, clock: Clock) -> float | None:
    return None if date is None else clock() - max(0.0, time.time() - date.timestamp())


def _tell(before: Look | None, look: Look) -> None:
    """A delivery that failed is worth one line for each reason."""
    if look.last_error and (before is None or before.last_error != look.last_error):
        _log.warning("Telegram could not deliver to the webhook: %s", look.last_error)
