"""The bot's settings: one frozen class, read once from the environment and `.env`.

Everything that can be set is a field here, with its variable, its default and its unit. Nothing
else in the bot reads the environment, except what a supervisor hands down (the notify socket and
the inherited lock).
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.environment import EnvironmentFileError, Reader, read_env_file
from bot.exits import Exit, ExitCode
from bot.redaction import mask, redact

API_ROOT = "https://api.telegram.org"
# The read timeout that python-telegram-bot adds on top of the long poll's own time.
READ_TIMEOUT = 5.0
_TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{24,}")
_TOKEN_VARIABLES = ("TELEGRAM_BOT_TOKEN", "TG_TOKEN")
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@dataclass(frozen=True)
class Settings:
    """What the bot was told. Times are in seconds."""

    token: str = field(repr=False)  # TELEGRAM_BOT_TOKEN or TG_TOKEN
    api_root: str = API_ROOT  # TELEGRAM_API_URL
    health_host: str = "127.0.0.1"  # HEALTH_HOST
    health_port: int = 9876  # HEALTH_PORT; 0 is any free port
    health_port_file: str = ""  # HEALTH_PORT_FILE: the port in use is written there
    poll_timeout: int = 10  # POLL_TIMEOUT: how long Telegram holds a quiet poll; it allows 50
    loop_stale_seconds: float = 5.0  # LOOP_STALE_SECONDS: a loop silent for longer is stuck
    poll_stale_seconds: float = 30.0  # POLL_STALE_SECONDS: no finished poll for longer is late
    startup_seconds: float = 60.0  # STARTUP_SECONDS: how long to try to reach the server
    stop_seconds: float = 5.0  # STOP_SECONDS: the longest a stop may take
    token_confirm_seconds: float = 5.0  # TOKEN_CONFIRM_SECONDS: pause before a refusal is believed
    delete_webhook: bool = False  # BOT_DELETE_WEBHOOK
    faults: bool = False  # BOT_FAULTS: the commands that break the bot on purpose
    log_level: str = "INFO"  # LOG_LEVEL

    @property
    def bot_id(self) -> int:
        """The number before the colon: the bot's Telegram id, which is no secret."""
        return int(self.token.partition(":")[0])

    @property
    def base_url(self) -> str:
        return f"{self.api_root}/bot"

    @property
    def base_file_url(self) -> str:
        return f"{self.api_root}/file/bot"


def load_settings() -> Settings:
    """The settings of this process; raises `Exit` 78 with one line for each mistake."""
    file = Path(".env")
    try:
        return read_settings(os.environ, read_env_file(file))
    except EnvironmentFileError as error:
        raise Exit(ExitCode.CONFIG, redact(str(error))) from None


def read_settings(environ: Mapping[str, str], file: Mapping[str, str]) -> Settings:
    """The settings in these variables, the environment before the file."""
    reader = Reader(environ, file)
    settings = _assemble(reader)
    if reader.problems:
        raise Exit(ExitCode.CONFIG, redact("; ".join(reader.problems)))
    return settings


def _assemble(reader: Reader) -> Settings:
    poll_timeout = reader.whole("POLL_TIMEOUT", 10, 1, 50)
    late = poll_timeout + READ_TIMEOUT + 15.0
    return Settings(
        token=_token(reader),
        api_root=reader.url_root("TELEGRAM_API_URL", API_ROOT),
        health_host=reader.text("HEALTH_HOST", "127.0.0.1"),
        health_port=reader.whole("HEALTH_PORT", 9876, 0, 65535),
        health_port_file=reader.text("HEALTH_PORT_FILE", ""),
        poll_timeout=poll_timeout,
        loop_stale_seconds=reader.seconds("LOOP_STALE_SECONDS", 5.0, 0.1),
        poll_stale_seconds=reader.seconds("POLL_STALE_SECONDS", late, 0.1),
        startup_seconds=reader.seconds("STARTUP_SECONDS", 60.0, 0.0),
        stop_seconds=reader.seconds("STOP_SECONDS", 5.0, 0.1),
        token_confirm_seconds=reader.seconds("TOKEN_CONFIRM_SECONDS", 5.0, 0.0),
        delete_webhook=reader.flag("BOT_DELETE_WEBHOOK", False),
        faults=reader.flag("BOT_FAULTS", False),
        log_level=reader.choice("LOG_LEVEL", "INFO", _LEVELS),
    )


def _token(reader: Reader) -> str:
    found = reader.find(*_TOKEN_VARIABLES)
    if found is None:
        reader.problems.append(
            "no bot token: set TELEGRAM_BOT_TOKEN (or TG_TOKEN) in the environment or in .env; "
            "@BotFather gives one"
        )
        return ""
    name, value, source = found
    if not _TOKEN.fullmatch(value):
        allowed = "a bot token as @BotFather gives it, such as 123456789:AAE..."
        reader.complain(name, source, mask(value), allowed)
    return value
