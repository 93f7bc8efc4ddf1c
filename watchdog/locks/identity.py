"""From a singleton's key to the names of its two locks. Pure.

The file's name is a contract: whoever takes the same lock by other means (the bot, when it is
started by hand) must come to the same name.
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[A-Za-z0-9._:-]{1,100}")
_STRANGE = re.compile(r"[^A-Za-z0-9._-]")
_TELEGRAM = re.compile(r"\s*telegram:\s*(\d+)(?::.*)?", re.IGNORECASE | re.DOTALL)
_TOKEN = re.compile(r"(?<!\d)(\d{6,}):[A-Za-z0-9_-]{30,}")

# sun_path has 108 bytes, the first of which is the NUL of an abstract name.
LONGEST_SOCKET_NAME = 107
SOCKET_PREFIX = "watchdog/"


def reduce(key: str) -> str:
    """The key without anything secret: of a bot token only the numeric id is kept.

    The configuration does so already. It is done again here because the key ends in file names.
    Raises ValueError for an empty key.
    """
    if not key.strip():
        raise ValueError("a singleton's key must not be empty")
    if match := _TELEGRAM.fullmatch(key):
        return f"telegram:{int(match[1])}"
    return _TOKEN.sub(r"\1", key)


def file_name(key: str) -> str:
    """The lock file's name; a short plain key stays readable, others get a hash."""
    return f"{_stem(reduce(key))}.lock"


def socket_name(key: str) -> str:
    """The abstract socket's name, without its leading NUL."""
    plain = SOCKET_PREFIX + reduce(key)
    if plain.isascii() and len(plain) <= LONGEST_SOCKET_NAME and "\0" not in plain:
        return plain
    return SOCKET_PREFIX + _hashed(reduce(key))


def _stem(key: str) -> str:
    return _STRANGE.sub("-", key) if _PLAIN.fullmatch(key) else _hashed(key)


def _hashed(key: str) -> str:
    from hashlib import sha256  # only for keys out of the ordinary

    return f"{_STRANGE.sub('-', key[:40])}-{sha256(key.encode()).hexdigest()[:16]}"
