"""One incarnation that we have started ourselves. `Processes` decides what is done to it."""

from __future__ import annotations

import os

from watchdog.core.model import Exit
from watchdog.process.birth import Birth
from watchdog.process.ports import Watch


class Child:
    """The leader, and what is left of its tree."""

    __slots__ = ("birth", "exit", "incarnation", "killing", "pid", "program", "strays", "watch")

    def __init__(self, program: str, incarnation: int, pid: int) -> None:
        self.program, self.incarnation, self.pid = program, incarnation, pid
        self.watch: Watch | None = None
        self.exit: Exit | None = None
        self.killing = False
        self.strays: dict[int, Watch | None] = {}  # alive after the leader's death
        self.birth: Birth | None = None  # where the system can tell it

    def signal(self, number: int, group: bool) -> None:
        """Signal it or its whole group; raises ProcessLookupError, PermissionError."""
        if group:
            os.killpg(self.pid, number)
        elif self.exit is None and self.watch is not None:
            self.watch.send(number)
