"""The guards at work: every update passes them before any handler sees it.

They also keep the sessions: what passes is a sign of life of its sender.
"""

import logging
import time
from contextlib import suppress
from typing import Any

from telegram import Update
from telegram.error import Forbidden
from telegram.ext import ApplicationHandlerStop, TypeHandler

from bot.capability import Capability, Context
from bot.commands import answer
from bot.database import DatabaseError
from bot.guards.gate import Arrival, Gate
from bot.guards.settings import HOUR, GuardSettings
from bot.parts import Parts

_log = logging.getLogger("bot.guards")


def make_guards(parts: Parts) -> Capability:
    """The list, the rate, the length, and the sessions: always on."""
    settings, gate = parts.settings.guards, Gate(parts.settings.guards)
    condition = parts.figures.add_condition("database of sessions")

    async def guard(update: Update, context: Context) -> None:
        arrival = arrival_of(update)
        ruling = gate.rule(arrival, time.monotonic())
        if ruling.answer is not None:
            _log.info("Refused User ID: %s (%s)", arrival.user, ruling.cause)
            with suppress(Forbidden):  # who has blocked the bot is told nothing
                await answer(update, ruling.answer)
        if not ruling.passes:
            raise ApplicationHandlerStop
        if arrival.user is not None:
            await remember(arrival.chat, arrival.user)

    async def remember(chat: int, user: int) -> None:
        """What fails here is in the log and in /health, and no reason to be silent."""
        try:
            await parts.sessions.touch(chat, user, time.time())
        except DatabaseError as error:
            condition.fail(f"{parts.database.path}: {error}")
        else:
            condition.well()

    def figures() -> dict[str, Any]:
        refused = {cause: gate.refused[cause] for cause in ("stranger", "rate", "length")}
        return {"refused": refused, **condition.figures()}

    return Capability(
        name="guards",
        guards=(TypeHandler(Update, guard),),
        details=tuple(_describe(settings)),
        is_config=True,
        figures=figures,
    )


def arrival_of(update: Update) -> Arrival:
    """What the guards look at in an update."""
    user, chat, message = update.effective_user, update.effective_chat, update.effective_message
    text = (message.text or message.caption or "") if message is not None else ""
    query = update.callback_query
    if query is not None:
        text = query.data or ""
    return Arrival(user.id if user else None, chat.id if chat else 0, len(text))


def _describe(settings: GuardSettings) -> list[str]:
    rate = settings.messages_per_minute
    users = len(settings.allowed_users)
    return [
        f"Rate limit: {rate} msg/min" if rate else "Rate limit: none",
        f"Max message length: {settings.longest_message} chars",
        f"Session TTL: {settings.session_seconds / HOUR:g} hours",
        f"PII filtering: {settings.mask_pii}",
        f"User whitelist: {users} of ALLOWED_USERS"
        if users
        else "User whitelist: None (all users)",
    ]
