"""The start-up banner: what this bot is set to, without a secret, and what it can and cannot do."""

import logging
import os
from collections.abc import Iterator, Sequence

from bot import __version__
from bot.capability import Capability
from bot.redaction import redact
from bot.settings import Settings

_RULE = "=" * 60

_log = logging.getLogger("bot")


def log_banner(settings: Settings, catalogue: Sequence[Capability]) -> None:
    """One line of log for each line of the banner."""
    for line in banner(settings, catalogue, str(os.getpid())):
        _log.info("%s", line)


def banner(settings: Settings, catalogue: Sequence[Capability], pid: str) -> Iterator[str]:
    """The lines of the banner; `pid` is whose it is."""
    yield _RULE
    yield f"Starting the bot {settings.bot_id}, version {__version__}"
    yield _RULE
    yield "Config:"
    yield from (f"  - {line}" for line in _describe(settings, catalogue, pid))
    yield "Capabilities:"
    for capability in catalogue:
        yield from (f"  {line}" for line in _show(capability))
    yield _RULE


def _describe(settings: Settings, catalogue: Sequence[Capability], pid: str) -> Iterator[str]:
    """How it is set: first what capabilities say that are always there."""
    for capability in catalogue:
        if capability.is_config:
            yield from capability.details
    yield f"PID: {pid}"
    yield f"Health endpoint: {settings.health_url}"
    yield f"Mode: {_describe_mode(settings)}"
    yield f"Event loop: stuck after {settings.loop_stale_seconds:g} s"
    yield f"Bot API server: {redact(settings.api_root)}"
    yield f"Token: {settings.bot_id}:***"
    yield f"Database: {settings.database_path}"


def _show(capability: Capability) -> Iterator[str]:
    if not capability.on:
        if capability.advertised:
            yield f"- {capability.name}: off, {capability.missing}"
        return
    yield f"- {capability.name}: on"
    if not capability.is_config:
        yield from (f"    {detail}" for detail in capability.details)


def _describe_mode(settings: Settings) -> str:
    webhook = settings.webhook
    if webhook.on:
        often = f"asked about every {webhook.check_seconds:g} s"
        return f"webhook at {webhook.host}, taken at {webhook.listen}, {often}"
    delay = f", begins after {settings.polling_delay:g} s" if settings.polling_delay else ""
    late = f"late after {settings.poll_stale_seconds:g} s"
    return f"polling, {settings.poll_timeout} s a poll, {late}{delay}"
