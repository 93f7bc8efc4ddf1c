"""What the watchdog says of itself: to standard output, and to `<state>/watchdog.log`.

Each line has a time, or, for systemd's journal, a priority instead. Secrets are struck out. A
console that went away (a closed terminal, a broken pipe) is no reason to stop supervising.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from watchdog.daemon.journald import INFO, Priority, leads_to_journal, mark
from watchdog.logs.rotation import RotatingFile


class Console:
    """Says things to whoever listens."""

    def __init__(
        self,
        path: Path,
        maximum: int,
        backups: int,
        redact: Callable[[bytes], bytes],
        on_trouble: Callable[[str | None], None],
    ) -> None:
        self.path = path
        self._redact = redact
        self._file = RotatingFile(str(path), maximum, backups, on_trouble, notice)
        self._terminal = True
        self._journald = leads_to_journal(sys.stdout)

    def say(self, text: str, priority: Priority = INFO) -> None:
        """One line."""
        now = datetime.now()
        line = self._redact(f"{text}\n".encode("utf-8", "replace"))
        self._show(
            (mark(priority) if self._journald else now.strftime("%H:%M:%S ").encode()) + line
        )
        self._file.write(now.strftime("%Y-%m-%d %H:%M:%S,%f")[:-3].encode() + b" " + line)

    def close(self) -> None:
        """Say no more."""
        self._file.close()

    def clear(self) -> None:
        """Begin the file anew. Raises OSError."""
        self._file.clear()

    def reopen(self) -> None:
        """The file was moved away by somebody who rotates it: begin a new one."""
        self._file.reopen()

    def _show(self, line: bytes) -> None:
        if not self._terminal or sys.stdout is None:
            return
        try:
            sys.stdout.buffer.write(line)
            sys.stdout.buffer.flush()
        except (OSError, ValueError):
            self._terminal = False


def notice(sentence: str) -> bytes:
    """What the log says about lines that it lost."""
    return f"{sentence}\n".encode()
