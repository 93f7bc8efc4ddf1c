"""What is remembered of failures, for whoever asks: the list, one of them, and the story.

It needs no running daemon: the same files are read beside it, or without it.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec

from watchdog.incidents.store import Store
from watchdog.incidents.telling import tell, tell_series


class Memory:
    """Answers from the store, in plain data."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def incidents(self, program: str = "") -> list[dict[str, Any]]:
        """A summary of each, newest first; of one program, or of all."""
        return [msgspec.structs.asdict(line) for line in self._store.summaries(program)]

    def incident(self, name: str) -> dict[str, Any] | None:
        """One incident with all its evidence, and its story under "told"; None if unknown."""
        incident = self._store.read(name)
        if incident is None:
            return None
        plain: dict[str, Any] = msgspec.to_builtins(incident)
        return {**plain, "told": tell(incident, time.time())}

    def why(self, program: str) -> str:
        """The story of the program's newest incident; empty if none is kept."""
        incident = self._store.latest(program)
        if incident is None:
            return ""
        series = tell_series(incident, self._store.summaries(program))
        return " ".join(filter(None, (tell(incident, time.time()), series)))
