"""The commands every bot has: /start, /help, /status, /whoami, and an echo for the rest."""

import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from telegram import Update, User
from telegram.ext import MessageHandler, filters

from bot.capability import NEW_MESSAGES, Capability, Command, Context
from bot.database import DatabaseError
from bot.guards.settings import HOUR
from bot.parts import Parts
from bot.sessions import Session
from bot.status import bot_view, watchdog_view

_log = logging.getLogger("bot")


def make_basics(parts: Parts, help_text: Callable[[], str]) -> Capability:
    """The capability that is always on; `help_text` lists what all capabilities offer."""
    guards, clean = parts.settings.guards, parts.settings.clean

    async def start(update: Update, context: Context) -> None:
        user = update.effective_user
        who = f"your user id is {user.id}" if user else "you have no user id here"
        _log.info("/start from User ID: %s", user.id if user else None)
        await answer(update, f"Hello, {who}. /help lists what I can do.")

    async def show_help(update: Update, context: Context) -> None:
        await answer(update, help_text())

    async def status(update: Update, context: Context) -> None:
        listed = guards.lists(update.effective_user.id if update.effective_user else None)
        lines = [*bot_view(parts.reporter), *await watchdog_view(os.environ, listed)]
        await answer(update, "\n".join(lines))

    async def whoami(update: Update, context: Context) -> None:
        user, chat = update.effective_user, update.effective_chat
        if user is None or chat is None:
            return
        session = None
        with suppress(DatabaseError):
            session = await parts.sessions.find(chat.id, user.id, time.time())
        listed = (
            "yes" if guards.lists(user.id) else "no" if guards.allowed_users else "there is none"
        )
        lines = [*_describe_user(user), f"chat id: {chat.id}", f"on the list of users: {listed}"]
        await answer(update, "\n".join([*lines, _describe_session(session, parts.sessions.ttl)]))

    async def echo(update: Update, context: Context) -> None:
        if update.effective_message is not None and update.effective_message.text:
            await answer(update, clean(update.effective_message.text))

    return Capability(
        name="basics",
        commands=(
            Command("start", "who you are to me", start),
            Command("help", "this list", show_help),
            Command("status", "how I am, and what the watchdog says", status),
            Command("whoami", "what I know of you", whoami),
        ),
        fallbacks=(
            MessageHandler(filters.COMMAND & filters.ChatType.PRIVATE & NEW_MESSAGES, _unknown),
            MessageHandler(filters.TEXT & ~filters.COMMAND & NEW_MESSAGES, echo),
        ),
    )


async def answer(update: Update, text: str) -> None:
    """Reply to the message in `update`, if it has one."""
    if update.effective_message is not None:
        await update.effective_message.reply_text(text)


def _describe_user(user: User) -> list[str]:
    name = f" (@{user.username})" if user.username else ""
    return [f"user id: {user.id}{name}"]


def _describe_session(session: Session | None, ttl: float) -> str:
    if session is None:
        return "session: none"
    began = datetime.fromtimestamp(session.began, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    end = f"ends {ttl / HOUR:g} h after the last"
    return f"session: since {began}, messages: {session.messages}, {end}"


async def _unknown(update: Update, context: Context) -> None:
    await answer(update, "I do not know this command. /help lists those I do.")
