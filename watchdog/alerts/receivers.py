"""Who gets the messages: apprise's side. Only the sender and `watchdog alert --test` load this.

A URL is never shown. Its name is the service and, where that is no secret, the host: of
`slack://TokenA/...` the place of the host has a token.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from watchdog.config.alert_options import parts_of_url
from watchdog.config.secret import strike

Push = Callable[[str, str], bool]
"""Send a title and a body; whether they were taken."""

_WITH_HOST = frozenset(
    {
        *("json", "jsons", "xml", "xmls", "form", "forms"),
        *("mailto", "mailtos", "gotify", "gotifys", "mmost", "mmosts", "syslog"),
    }
)


class Missing(Exception):
    """apprise is not installed."""

    def __init__(self) -> None:
        super().__init__("apprise is not installed: pip install 'watchdog-supervisor[alerts]'")


class Outcome(NamedTuple):
    """What became of one message."""

    taken: bool
    trouble: str = ""


def name_of(url: str) -> str:
    """What may be shown of a URL."""
    scheme = url.partition("://")[0].lower()
    if scheme not in _WITH_HOST:
        return f"{scheme}://..."
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = None
    return f"{scheme}://{host}" if host else f"{scheme}://..."


def key_of(index: int, url: str) -> str:
    """Under which its mark is kept: its place in the list, and what may be shown."""
    return f"{index} {name_of(url)}"


def find_flaw(url: str) -> str:
    """Why apprise does not take this URL; empty if it does. `Missing`."""
    return "" if _instantiate(url) is not None else "apprise knows no service that is written so"


def send(url: str, title: str, body: str) -> Outcome:
    """Send one message; apprise's own timeouts apply. `Missing`."""
    target = _instantiate(url)
    if target is None:
        return Outcome(False, find_flaw(url))
    with _Listening() as heard:
        try:
            taken = bool(target.notify(body=body, title=title, body_format="text"))
        except Exception as error:  # a plugin's bug: it must end neither us nor the others' turn
            return Outcome(False, type(error).__name__)
    return Outcome(True) if taken else Outcome(False, without_secrets(heard.text, url))


def _instantiate(url: str):  # type: ignore[no-untyped-def]
    """The service that a URL means, or None."""
    try:
        import apprise  # 50 MB, and 2 s
    except ImportError:
        raise Missing from None
    asset = apprise.AppriseAsset(storage_mode="memory", app_id="watchdog")
    with _Listening():
        return apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)


def without_secrets(text: str, url: str) -> str:
    """What apprise said of a URL, without any part of it but the host that may be shown."""
    host = name_of(url).partition("://")[2]
    return strike(text, parts_of_url(url) - {host}) or "it was not taken"


class _Listening(logging.Handler):
    """Hears apprise's warnings, and keeps them from being printed: they may show what they like."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        self._logger = logging.getLogger("apprise")

    @property
    def text(self) -> str:
        """The last that was said, in one line."""
        return " ".join(self._lines[-1].split())[:200] if self._lines else ""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        self._lines.append(record.getMessage())

    def __enter__(self) -> _Listening:
        self._logger.addHandler(self)
        self._logger.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
