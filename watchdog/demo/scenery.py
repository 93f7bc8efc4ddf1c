"""What the demonstration is set in: the configuration that is supervised, and its figures. Pure.

The times are brisk, so that a whole story fits into half a minute; the shape of the files is that
of an ordinary installation.
"""

from __future__ import annotations

from typing import NamedTuple

PERIOD = 0.4  # seconds, as `period` below
TIMEOUT = 1.0  # seconds, as `timeout` below
THRESHOLD = 3  # as `failure_threshold` below
LOOP_STALE = 1.0  # seconds until the bot's own health document calls its event loop stuck
RESET_AFTER = 1.0  # seconds of health after which the next failure counts as a first one

SECRET = "AAExampleExampleExampleExampleExamp"  # no bot has it; the sandbox takes any
MARKER = "WATCHDOG_DEMO"  # in the environment of everything that the demonstration starts

_CONFIG = """\
[watchdog]
state = "state"

[programs.bot]
command = ["{python}", "-m", "bot"]
env_file = ".env"
singleton = "telegram:${{TELEGRAM_BOT_TOKEN}}"
restart = {{ reset_after = "{reset_after:g}s" }}

[programs.bot.liveness]
http = "http://127.0.0.1:{port}/health"
period = "{period:g}ms"
timeout = "{timeout:g}s"
failure_threshold = {threshold}
"""

_ENVIRONMENT = """\
TELEGRAM_BOT_TOKEN={bot}:{secret}
TELEGRAM_API_URL={url}
HEALTH_PORT={port}
LOOP_STALE_SECONDS={loop_stale:g}
BOT_FAULTS=true
RATE_LIMIT_PER_MINUTE=0
"""


class Cast(NamedTuple):
    """Who plays: the bot's id, where it is well or not, and which Python runs it."""

    bot: int
    health_port: int
    python: str


def write_config(cast: Cast) -> str:
    """The text of watchdog.toml."""
    return _CONFIG.format(
        python=cast.python,
        port=cast.health_port,
        period=PERIOD * 1000,
        timeout=TIMEOUT,
        threshold=THRESHOLD,
        reset_after=RESET_AFTER,
    )


def write_environment(cast: Cast, url: str) -> str:
    """The text of .env, for a bot that talks to the sandbox at `url`."""
    return _ENVIRONMENT.format(
        bot=cast.bot, secret=SECRET, url=url, port=cast.health_port, loop_stale=LOOP_STALE
    )
