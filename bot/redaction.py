"""No token leaves the process: masks secrets in everything that is logged or shown.

The formatter works on the finished text of a record, so message, arguments, traceback and stack
are all covered by the same line. The token itself is masked by its shape, which also catches
another bot's token and the percent-encoded form that appears in some URLs.
"""

import logging
import re
from collections.abc import Callable

TOKEN_SHAPE = re.compile(r"(\d{5,})(:|%3[Aa])[A-Za-z0-9_-]{24,}")
_URL_PASSWORD = re.compile(r"(://)[^/\s:@]*:[^/\s@]*@")
# A one-time code stands after its command; the command ends where its quotation ends.
_CODE_COMMAND = re.compile(r"(/panic_close_all(?:@\w+)?)[^'\"]*", re.IGNORECASE)
_CODE = re.compile(r"\d{6}")
_MASK = "***"


def redact(text: str) -> str:
    """`text` without the secret half of tokens, passwords in URLs, and one-time codes."""
    text = _URL_PASSWORD.sub(rf"\1{_MASK}@", TOKEN_SHAPE.sub(rf"\1:{_MASK}", text))
    return _redact_codes(text) if "/panic_" in text.lower() else text


def _redact_codes(text: str) -> str:
    """Twice, because a code may also stand behind a quotation mark that somebody typed."""
    return _CODE.sub(_MASK, _CODE_COMMAND.sub(rf"\1 {_MASK}", text))


def mask(secret: str) -> str:
    """What may be said of a secret in an error: its length, and the bot id if it has one."""
    bot_id, colon, _ = secret.partition(":")
    shown = f"{bot_id}:{_MASK}" if colon and bot_id.isdecimal() else _MASK
    return f"{shown} ({len(secret)} characters)"


class RedactingFormatter(logging.Formatter):
    """A formatter whose output holds no secret: not its exact text, nor anything of its shape.

    `clean` takes out what else should not be there, such as personal data.
    """

    def __init__(
        self, fmt: str, secrets: tuple[str, ...] = (), clean: Callable[[str], str] = str
    ) -> None:
        super().__init__(fmt)
        self._secrets = tuple(secret for secret in secrets if secret)
        self._clean = clean

    def format(self, record: logging.LogRecord) -> str:
        return self.filter_text(super().format(record))

    def filter_text(self, text: str) -> str:
        """`text` with nothing in it that must not leave the process."""
        text = self._clean(redact(text))
        for secret in self._secrets:
            text = text.replace(secret, _MASK)
        return text
