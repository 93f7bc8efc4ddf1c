"""Strikes the secrets of all programs out of whatever the watchdog itself says or writes."""

from __future__ import annotations

from collections.abc import Iterable

from watchdog.config.model import ProgramConfig
from watchdog.logs.redaction import Redactor


class Veil:
    """Knows every secret of every configuration seen so far; it never forgets one."""

    def __init__(self) -> None:
        self._secrets: frozenset[str] = frozenset()
        self._redactor = Redactor(self._secrets)

    def learn(self, programs: Iterable[ProgramConfig]) -> None:
        """These programs' secrets are not to be seen either."""
        self._secrets = self._secrets.union(*(program.secrets for program in programs))
        self._redactor = Redactor(self._secrets)

    def over_bytes(self, data: bytes) -> bytes:
        """The data without secrets."""
        return self._redactor.redact(data)

    def over(self, text: str) -> str:
        """The text without secrets."""
        if not text:
            return text
        return self._redactor.redact(text.encode("utf-8", "replace")).decode("utf-8", "replace")
