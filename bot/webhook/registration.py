"""The webhook at Telegram: setting it, seeing whose it is, and taking it away.

Telegram keeps one webhook for a bot, and while there is one nobody can poll. So whoever starts
looks first: a webhook that is not this bot's own is somebody's production, and is left alone (78)
unless BOT_TAKE_OVER says otherwise. Whether somebody polls cannot be seen from outside: setting
the webhook ends that, with a conflict over there.
"""

import logging

from telegram import WebhookInfo
from telegram.error import BadRequest
from telegram.ext import ExtBot

from bot.exits import Exit, ExitCode
from bot.polling import describe_error
from bot.webhook.settings import WebhookSettings, host_of

_log = logging.getLogger("bot.webhook")

_HOW = (
    "either stop that one, or take over: `python -m bot webhook delete` once, or BOT_TAKE_OVER=true"
)


class CarefulBot(ExtBot[None]):
    """Does not delete a webhook just because polling starts, as the library always would."""

    async def delete_webhook(self, *args: object, **kwargs: object) -> bool:
        """What the library calls at each start of polling: nothing happens."""
        return True

    async def take_webhook_away(self) -> None:
        """What deletes it; the updates that wait are kept."""
        await super().delete_webhook()


async def clear_way_for_polling(bot: CarefulBot, take_over: bool) -> None:
    """See that no webhook is set; `Exit` 78 if one is, and is to stay."""
    found = await bot.get_webhook_info()
    if not found.url:
        return
    if not take_over:
        raise Exit(
            ExitCode.CONFIG,
            f"a webhook is set for this bot ({host_of(found.url)}): it runs there already, and "
            f"polling would end that; {_HOW}",
        )
    _log.warning("Deleting the webhook at %s, as BOT_TAKE_OVER says", host_of(found.url))
    await bot.take_webhook_away()


async def register(
    bot: CarefulBot, settings: WebhookSettings, secret: str, take_over: bool
) -> None:
    """Set the webhook, unless there is another's; `Exit` 78 then, or if Telegram does not want it.

    It is set anew at each start, because nobody can ask which secret Telegram has.
    """
    found = await bot.get_webhook_info()
    if found.url and found.url != settings.url:
        _mind_other(found, take_over)
    elif not found.url:
        _log.info("Setting the webhook: who polls this token now will be ended by a conflict")
    try:
        await bot.set_webhook(
            settings.url,
            max_connections=settings.max_connections,
            secret_token=secret,
        )
    except BadRequest as error:
        reason = f"WEBHOOK_URL: Telegram does not take {settings.host}: {describe_error(error)}"
        raise Exit(ExitCode.CONFIG, reason) from None


def _mind_other(found: WebhookInfo, take_over: bool) -> None:
    where = host_of(found.url)
    if not take_over:
        raise Exit(
            ExitCode.CONFIG,
            f"the webhook of this bot points elsewhere ({where}), and WEBHOOK_URL would take it "
            f"from there; {_HOW}",
        )
    _log.warning("Taking the webhook from %s, as BOT_TAKE_OVER says", where)
