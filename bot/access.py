"""What every call to Telegram needs: the token, and the server. Cheap to import."""

import re

from bot.environment import Reader
from bot.redaction import mask

API_ROOT = "https://api.telegram.org"
_TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{24,}")
_TOKEN_VARIABLES = ("TELEGRAM_BOT_TOKEN", "TG_TOKEN")


def read_api_root(reader: Reader) -> str:
    """The root of the Bot API server."""
    return reader.url_root("TELEGRAM_API_URL", API_ROOT, "The Bot API server.")


def read_token(reader: Reader) -> str:
    """The bot's token; a mistake is kept in the reader."""
    allowed = "a bot token as @BotFather gives it, such as 123456789:AAE..."
    about = "Required: which bot this is."
    reader.know(*_TOKEN_VARIABLES, allowed=allowed, about=about, secret=True)
    found = reader.find(*_TOKEN_VARIABLES)
    if found is None:
        reader.problems.append(
            "no bot token: set TELEGRAM_BOT_TOKEN (or TG_TOKEN) in the environment or in .env; "
            "@BotFather gives one"
        )
        return ""
    name, value, source = found
    if not _TOKEN.fullmatch(value):
        reader.complain(name, source, mask(value), allowed)
    return value
