"""The programs that must not outlive the watchdog (`on_watchdog_death = "kill"`).

A guardian process ends them when the watchdog dies. It is started for the first of them and not
before; without such a program there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from watchdog.process import Processes

if TYPE_CHECKING:
    from watchdog.process.guardian import Guardian

NOBODY = (-1, 0)
"""What is handed over where there is no guardian: no pipe, no process."""


class Wards:
    """Tells the guardian whom to end."""

    def __init__(self, processes: Processes, place_of: Callable[[str], str]) -> None:
        self._processes = processes
        self._place_of = place_of  # the program's cgroup
        self._guardian: Guardian | None = None

    def expect(self, program: str, incarnation: int, nonce: int) -> None:
        """A ward is about to be spawned. Raises OSError: then it must not be."""
        self._awake().expect(program, incarnation, nonce, self._place_of(program))

    def watch(self, program: str) -> None:
        """A ward was spawned or adopted."""
        birth = self._processes.birth(program)
        if birth is not None:
            self._awake().watch(program, birth, self._place_of(program))

    def forget(self, program: str) -> None:
        """Nothing of the program is left."""
        if self._guardian is not None:
            self._guardian.forget(program)

    def hand_over(self) -> tuple[int, int]:
        """For a re-execution: the pipe to the guardian, and its pid."""
        return NOBODY if self._guardian is None else self._guardian.hand_over()

    def take_back(self) -> None:
        """The re-execution did not come about."""
        if self._guardian is not None:
            self._guardian.take_back()

    def inherit(self, pipe: int, pid: int) -> None:
        """The guardian of the version before, which still knows its charges."""
        from watchdog.process.guardian import Guardian

        self._guardian = Guardian.resume(pipe, pid)

    def _awake(self) -> Guardian:
        if self._guardian is None:
            from watchdog.process.guardian import Guardian  # not before there is a ward

            self._guardian = Guardian()
        return self._guardian
