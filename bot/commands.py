"""The commands every bot has: /start, /help, /status, and an echo for the rest."""

from collections.abc import Callable

from telegram import Update
from telegram.ext import MessageHandler, filters

from bot.capability import Capability, Command, Context
from bot.report import Reporter


def make_basics(reporter: Reporter, help_text: Callable[[], str]) -> Capability:
    """The capability that is always on; `help_text` lists what all capabilities offer."""

    async def start(update: Update, context: Context) -> None:
        user = update.effective_user
        who = f"your user id is {user.id}" if user else "you have no user id here"
        await answer(update, f"Hello, {who}. /help lists what I can do.")

    async def show_help(update: Update, context: Context) -> None:
        await answer(update, help_text())

    async def status(update: Update, context: Context) -> None:
        await answer(update, status_text(reporter))

    return Capability(
        name="basics",
        commands=(
            Command("start", "who you are to me", start),
            Command("help", "this list", show_help),
            Command("status", "how I am", status),
        ),
        fallbacks=(
            MessageHandler(filters.COMMAND & filters.ChatType.PRIVATE, _unknown),
            MessageHandler(filters.TEXT & ~filters.COMMAND & filters.UpdateType.MESSAGE, _echo),
        ),
    )


async def answer(update: Update, text: str) -> None:
    """Reply to the message in `update`, if it has one."""
    if update.effective_message is not None:
        await update.effective_message.reply_text(text)


def status_text(reporter: Reporter) -> str:
    """The health document as a few lines for a person."""
    _, document = reporter.document()
    lines = [
        f"status: {document['status']}",
        f"pid {document['pid']}, up {document['uptime_seconds']:.0f} s, "
        f"version {document['version']}",
        f"polls: {document['polling']['round_trips']}, "
        f"conflicts: {document['polling']['conflicts']}",
    ]
    return "\n".join([*lines, *([document["reason"]] if document["reason"] else [])])


async def _unknown(update: Update, context: Context) -> None:
    await answer(update, "I do not know this command. /help lists those I do.")


async def _echo(update: Update, context: Context) -> None:
    if update.effective_message is not None and update.effective_message.text:
        await answer(update, update.effective_message.text)
