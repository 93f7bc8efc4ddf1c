"""What commands with an argument share: reading it from the message, and answering in HTML."""

from telegram import LinkPreviewOptions, Update
from telegram.constants import ParseMode

from bot.texts import LONGEST, escape, units

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


def argument(update: Update) -> str:
    """What stands behind the command, lines and all."""
    message = update.effective_message
    words = ((message.text if message else None) or "").split(maxsplit=1)
    return words[1].strip() if len(words) > 1 else ""


def user_of(update: Update) -> int | None:
    """The id of who wrote it; None for a channel."""
    return update.effective_user.id if update.effective_user else None


async def reply_html(update: Update, text: str) -> None:
    """Answer with HTML that fits into one message (see `bot.texts`)."""
    assert units(text) <= LONGEST
    if update.effective_message is not None:
        await update.effective_message.reply_text(
            text, parse_mode=ParseMode.HTML, link_preview_options=_NO_PREVIEW
        )


async def reply_plain(update: Update, text: str) -> None:
    """Answer with text in which nothing is markup."""
    await reply_html(update, escape(text))
