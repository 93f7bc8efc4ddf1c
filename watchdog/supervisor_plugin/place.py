"""Which watchdog the section of supervisord.conf means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from watchdog.client.find import locate

KEYS = ("config", "socket")


def make_locator(options: Mapping[str, str]) -> Callable[[], str]:
    """What finds the watchdog's address; it is looked for at each question, as it may move."""
    refuse_options("rpcinterface:watchdog", options, KEYS)
    return lambda: locate(options.get("config"), options.get("socket"), None)


def refuse_options(section: str, options: Mapping[str, str], known: Iterable[str]) -> None:
    """`ValueError` for a key that means nothing, with which supervisord then does not start."""
    for key in options:
        if key not in known:
            allowed = ", ".join(known) or "none besides its factory"
            raise ValueError(f"[{section}]: found the key {key}; allowed: {allowed}")
