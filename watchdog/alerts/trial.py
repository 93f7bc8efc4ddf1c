"""What a person can ask of the receivers before anything happens: `check` and `alert --test`."""

from __future__ import annotations

import time
from collections.abc import Callable

from watchdog.alerts import receivers
from watchdog.alerts.words import host_title
from watchdog.config.model import Config


def judge(config: Config) -> list[tuple[str, str]]:
    """For each URL what may be shown of it, and what apprise has against it. `Missing`."""
    return each(config, receivers.find_flaw)


def try_out(config: Config) -> list[tuple[str, str]]:
    """The same, after sending each a message. `Missing`."""
    given = config.alerts.title if config.alerts else None
    title = f"{host_title(given)}: a test"
    body = f"A test, sent at {time.strftime('%H:%M:%S')} by `watchdog alert --test`. All is well."
    return each(config, lambda url: receivers.send(url, title, body).trouble)


def each(config: Config, ask: Callable[[str], str]) -> list[tuple[str, str]]:
    """Ask about every URL."""
    urls = config.alerts.urls if config.alerts else ()
    return [(receivers.name_of(url), ask(url)) for url in urls]
