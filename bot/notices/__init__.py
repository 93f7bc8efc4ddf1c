"""Notices: short messages to one chat, from the bot itself and from any other program.

    from bot.notices import notify

    notify("The import is done.")            # in an async program: await notify_async(...)

Who sends does not poll, so this never conflicts with the bot. TG_TOKEN (or TELEGRAM_BOT_TOKEN),
TG_CHAT_ID and TG_ENABLED are read from the environment and from `.env`, as the bot does.
"""

from bot.notices.send import NotifyError, notify, notify_async

__all__ = ["NotifyError", "notify", "notify_async"]
