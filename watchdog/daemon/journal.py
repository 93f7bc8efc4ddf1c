"""The journal: what happened, one JSON object a line, appended to `<state>/journal.jsonl`.

A line is one `write` to a file opened for appending, so it survives a SIGKILL of the watchdog the
moment it is written, and a reader never sees half of one. Secrets are struck out before that. If
the state directory was removed while we run, the journal makes it anew; if it cannot be written,
supervising goes on and the loss is counted.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from watchdog.daemon.clock import stamp
from watchdog.logs.rotation import RotatingFile

MAXIMUM = 20 * 1024 * 1024
"""Bytes before the journal is rotated: some 100,000 lines, years of an ordinary bot."""

BACKUPS = 4

LONGEST_LINE = 65536
"""Bytes; a line of the journal has some hundreds."""


class Journal:
    """Appends events as they happen."""

    def __init__(
        self,
        path: Path,
        redact: Callable[[bytes], bytes],
        on_trouble: Callable[[str | None], None],
    ) -> None:
        self.path = path
        self.listener: Callable[[str, dict[str, Any]], None] = lambda event, fields: None
        cut_torn_tail(path)
        self._redact = redact
        self._encode = msgspec.json.Encoder().encode
        self._file = RotatingFile(str(path), MAXIMUM, BACKUPS, on_trouble, self._notice)

    def write(self, event: str, **fields: Any) -> None:
        """Append one line; fields that are None or empty are left out."""
        kept = {key: value for key, value in fields.items() if value not in (None, "", ())}
        self._file.write(self._line(event, kept))
        self.listener(event, kept)

    def close(self) -> None:
        """No more lines."""
        self._file.close()

    def _line(self, event: str, fields: dict[str, Any]) -> bytes:
        line = {"at": stamp(), "event": event, **fields}
        return self._redact(self._encode(line)) + b"\n"

    def _notice(self, sentence: str) -> bytes:
        return self._line("lost", {"reason": sentence})


def cut_torn_tail(path: Path) -> None:
    """Cut back a line that a full disk tore when the last watchdog wrote it."""
    with contextlib.suppress(OSError), path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = max(0, size - LONGEST_LINE)
        file.seek(start)
        tail = file.read()
        end = tail.rfind(b"\n") + 1
        if tail and end < len(tail) and (end or not start):
            file.truncate(start + end)
