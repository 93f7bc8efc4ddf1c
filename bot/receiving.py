"""The two ways in which updates come: the bot asks for them (polling), or is sent them (webhook).

Whoever brings the bot up or down needs only what both have in common.
"""

import asyncio
import secrets
from typing import Any, Protocol

from telegram import Update

from bot.capability import App
from bot.parts import Parts
from bot.polling import begin_polling
from bot.quarantine import Quarantine
from bot.shutdown import end_polling
from bot.webhook.figures import WebhookFigures
from bot.webhook.registration import CarefulBot, clear_way_for_polling, register
from bot.webhook.server import WebhookServer
from bot.webhook.watch import watch


class Receiver(Protocol):
    """One way in which updates come."""

    async def begin(self) -> None:
        """Let them come; `Exit` 78 if that must not be, TelegramError if it may work later."""

    async def end(self) -> None:
        """Let no more come, and see that Telegram keeps what does not."""


class PollingReceiver:
    """getUpdates, again and again."""

    def __init__(self, application: App, bot: CarefulBot, parts: Parts):
        self._application, self._bot = application, bot
        self._settings, self._figures = parts.settings, parts.figures

    async def begin(self) -> None:
        """Poll, unless a webhook is set."""
        await clear_way_for_polling(self._bot, self._settings.take_over)
        await begin_polling(self._application, self._figures, self._settings.poll_timeout)

    async def end(self) -> None:
        """Poll no more, and tell Telegram what was received."""
        await end_polling(self._application, self._figures)


class WebhookReceiver:
    """A server that Telegram delivers to."""

    def __init__(self, application: App, bot: CarefulBot, parts: Parts, quarantine: Quarantine):
        settings, figures = parts.settings, parts.figures
        self._application, self._bot, self._figures = application, bot, figures
        self._settings, self._take_over = settings.webhook, settings.take_over
        self._secret = self._settings.secret or secrets.token_urlsafe(32)
        self._webhook = WebhookFigures(self._settings.url, self._settings.check_seconds)
        figures.webhook = self._webhook
        self._server = WebhookServer(
            self._settings, self._secret, figures, self._webhook, quarantine.skip
        )
        self._ours = False

    async def begin(self) -> None:
        """Listen, then tell Telegram where; the first delivery may come before that returns."""
        if not self._webhook.serving:
            await self._server.open()
        self._server.admit(self._read, self._application.update_queue.put_nowait)
        await register(self._bot, self._settings, self._secret, self._take_over)
        self._ours = True
        self._webhook.began = self._figures.clock()
        self._figures.poller = asyncio.create_task(
            watch(self._bot, self._webhook, self._figures.clock)
        )

    async def end(self) -> None:
        """Put off what comes; the webhook stays set, so that it waits at Telegram."""
        self._server.put_off()
        if self._figures.poller is not None:
            self._figures.poller.cancel()
        try:
            if self._settings.delete_on_stop and self._ours:
                await self._bot.take_webhook_away()
        finally:
            self._server.close()

    def _read(self, document: Any) -> Update:
        return Update.de_json(document, self._bot)


def make_receiver(
    application: App, bot: CarefulBot, parts: Parts, quarantine: Quarantine
) -> Receiver:
    """The way that BOT_MODE names."""
    if parts.settings.webhook.on:
        return WebhookReceiver(application, bot, parts, quarantine)
    return PollingReceiver(application, bot, parts)
