"""What the live view knows at this moment: plain data, painted elsewhere."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from watchdog.demo.screens import Document

REMEMBERED = 200  # lines of the watchdog; no terminal shows more


class Mark(Enum):
    """How far a step is."""

    AHEAD = "ahead"
    NOW = "now"
    HELD = "held"
    BROKEN = "broken"


@dataclass
class Step:
    """One step of the story. Times are seconds since the story began."""

    title: str
    mark: Mark = Mark.AHEAD
    seen: str = ""
    began: float = 0.0
    ended: float = 0.0


@dataclass
class Board:
    """The steps, the chat, the program, and what the watchdog said."""

    steps: list[Step] = field(default_factory=list)
    sentence: str = ""
    config: str = ""
    chat: Sequence[Document] = ()
    program: Document = field(default_factory=dict)
    heard: deque[str] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    born: float = field(default_factory=time.monotonic)

    @property
    def now(self) -> float:
        """Seconds since the story began."""
        return time.monotonic() - self.born
