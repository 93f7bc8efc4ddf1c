"""What looks like a secret, by its name or by its shape.

The shapes are those that reach a supervisor's configuration: a bot token, and a URL that carries
a password. Names are judged by their words, so that MONKEY is no KEY and KEY_FILE is only a path.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

HIDDEN = "***"
SHORTEST = 6  # a shorter value, such as "1" or "true", would be struck out of every other log line

_TOKEN = re.compile(r"(?<!\d)(\d{6,}):([A-Za-z0-9_-]{30,})")
_CREDENTIALS = re.compile(r"(?<=://)([^/\s:@]*):([^/\s]*)@")
# fmt: off
_WORDS = frozenset({
    "TOKEN", "TOKENS", "SECRET", "SECRETS", "PASSWORD", "PASSWORDS", "PASSWD", "PASSPHRASE",
    "PASS", "KEY", "KEYS", "APIKEY", "CREDENTIAL", "CREDENTIALS", "AUTHORIZATION", "AUTH",
    "COOKIE", "DSN",
})
_ENDS = ("PASSWORD", "PASSWD", "SECRET", "TOKEN", "APIKEY")  # PGPASSWORD, AUTHTOKEN
_HARMLESS_ENDS = frozenset({
    "PATH", "FILE", "DIR", "ID", "NAME", "URL", "URI", "HOST", "PORT", "USER", "TYPE",
    "ALGORITHM", "SOCK", "LENGTH", "SIZE", "TTL",
})
# fmt: on


def looks_secret(name: str) -> bool:
    """Whether a variable, header or key of this name holds a secret."""
    words = re.split(r"[^A-Z0-9]+", name.upper())
    named = not _WORDS.isdisjoint(words) or any(word.endswith(_ENDS) for word in words)
    return named and words[-1] not in _HARMLESS_ENDS


def has_token(text: str) -> bool:
    """Whether a bot token's shape is in the text."""
    return _TOKEN.search(text) is not None


def mask(text: str) -> str:
    """The text without bot tokens and without passwords in URLs."""
    return _CREDENTIALS.sub(rf"\1:{HIDDEN}@", _TOKEN.sub(rf"\1:{HIDDEN}", text))


def strike(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, the longest first, and without what `mask` hides."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return mask(text)


def parts_of(value: str) -> Iterator[str]:
    """The secrets in a text of any name: bot tokens (whole and half) and passwords in URLs."""
    for token in _TOKEN.finditer(value):
        yield token[0]
        yield token[2]
    for credentials in _CREDENTIALS.finditer(value):
        yield credentials[2]


def secrets_of(variables: Mapping[str, str]) -> frozenset[str]:
    """Every text to be redacted that these variables hold; a long line of a long one counts too."""
    found: set[str] = set()
    for name, value in variables.items():
        found.update(parts_of(value))
        if looks_secret(name):
            found.update(_lines_of(value))
    return frozenset(text for text in found if len(text) >= SHORTEST)


def secrets_of_headers(headers: Mapping[str, str]) -> frozenset[str]:
    """The same for HTTP headers; of `Bearer abc` both the whole and the last word count."""
    last = {name: value.split()[-1] for name, value in headers.items() if value.strip()}
    return secrets_of(headers) | secrets_of(last)


def _lines_of(value: str) -> list[str]:
    """The value, or of one with several lines those that cannot be there by chance."""
    if "\n" not in value:
        return [value.strip()]
    return [line for line in value.splitlines() if len(line) >= 16 and not line.startswith("-----")]
