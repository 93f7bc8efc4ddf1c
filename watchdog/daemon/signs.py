"""When a program was surely alive, although no watchdog saw its end.

The earlier watchdog would have written down an end that it saw. So whatever it wrote last, its
journal above all, is a sign that what ran then was alive; and so is the program's own output.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from watchdog.config import Config


class Signs:
    """What the earlier watchdog left; to be made before this one writes its first line."""

    def __init__(self, config: Config) -> None:
        files = [config.state / "journal.jsonl", config.state / "watchdog.log"]
        self._of_all = newest(files)
        self._of_one = {
            program.name: newest(
                path for path in (program.logs.path, program.logs.stderr_path) if path is not None
            )
            for program in (config.programs if self._of_all is not None else ())
        }

    @property
    def of_watchdog(self) -> float | None:
        """When the earlier watchdog last wrote anything, in Unix seconds."""
        return self._of_all

    def last(self) -> float | None:
        """The latest sign of the earlier watchdog itself, in Unix seconds; None if there is none.

        It also wrote what the programs said: no process writes its log by itself.
        """
        signs = (self._of_all, *self._of_one.values())
        latest = max((at for at in signs if at is not None), default=None)
        return None if latest is None else min(latest, time.time())

    def last_of(self, name: str) -> float | None:
        """The latest sign of a program's life, on the monotonic clock; None if there is none.

        It may be negative: the monotonic clock begins anew with each boot.
        """
        signs = (self._of_all, self._of_one.get(name))
        latest = max((at for at in signs if at is not None), default=None)
        age = None if latest is None else time.time() - latest
        return None if age is None or age < 0 else time.monotonic() - age


def newest(paths: Iterable[Path]) -> float | None:
    """When any of the files was last written, in Unix seconds."""
    return max((at for at in map(_written, paths) if at is not None), default=None)


def _written(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
