"""The identity that a singleton's lock is keyed to.

It ends in the names of lock files, in the status and in messages, so nothing secret may stay in
it: of a bot's token only the numeric id is kept, which outlives a regenerated token.
"""

from __future__ import annotations

import re
from typing import Any

from watchdog.config.expand import Expanded, names_in
from watchdog.config.kinds import Kind, Unfit, read_text
from watchdog.config.model import Singleton
from watchdog.config.secret import has_token, looks_secret

LONGEST = 200  # characters
_TELEGRAM = re.compile(r"([0-9]{1,20})(?::[A-Za-z0-9_-]+)?")


def singleton() -> Kind:
    """The kind of the key `singleton`."""
    return Kind(
        'an identity such as "telegram:${TELEGRAM_BOT_TOKEN}", or a name that you make up', _read
    )


def _read(value: Any) -> Singleton:
    text = read_text(value).strip()
    kind, colon, rest = text.partition(":")
    if colon and kind.lower() == "telegram":
        return Singleton("telegram", f"telegram:{_bot_id(rest.strip())}")
    _check_open(text, value)
    return Singleton("key", text)


def _bot_id(token: str) -> int:
    if not token:
        raise Unfit("after telegram: there is nothing; is the variable with the token empty?")
    match = _TELEGRAM.fullmatch(token)
    if not match:
        raise Unfit("after telegram: must stand a bot's token, <digits>:<letters>, or its id")
    return int(match[1])


def _check_open(text: str, value: Any) -> None:
    """Refuse a made-up name that cannot be shown to everybody."""
    if not text or len(text) > LONGEST or not text.isprintable():
        raise Unfit(f"it must have 1 to {LONGEST} printable characters")
    if has_token(text):
        raise Unfit('it has a bot\'s token in it; write "telegram:<token>" to keep only its id')
    secret = [name for name in names_in(getattr(value, "raw", "")) if looks_secret(name)]
    if isinstance(value, Expanded) and secret:
        raise Unfit(f"{secret[0]} looks secret, but this name is shown; make up another name")
