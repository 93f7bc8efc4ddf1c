"""The start-up banner: what this bot is set to, without a secret, and what it can and cannot do."""

import logging
import os
from collections.abc import Iterator, Sequence

from bot import __version__
from bot.capability import Capability
from bot.settings import Settings

_RULE = "=" * 60

_log = logging.getLogger("bot")


def log_banner(settings: Settings, catalogue: Sequence[Capability]) -> None:
    """One line of log for each line of the banner."""
    for line in banner(settings, catalogue):
        _log.info("%s", line)


def banner(settings: Settings, catalogue: Sequence[Capability]) -> Iterator[str]:
    """The lines of the banner."""
    yield _RULE
    yield f"Starting the bot {settings.bot_id}, version {__version__}, pid {os.getpid()}"
    yield f"  - Bot API server: {settings.api_root}"
    late = f"late after {settings.poll_stale_seconds:g} s"
    yield f"  - polling: {settings.poll_timeout} s a poll, {late}"
    yield f"  - event loop: stuck after {settings.loop_stale_seconds:g} s"
    for capability in catalogue:
        if capability.on:
            yield f"  - {capability.name}: on"
            yield from (f"      {detail}" for detail in capability.details)
        elif capability.advertised:
            yield f"  - {capability.name}: off, {capability.missing}"
    yield _RULE
