"""Notices when somebody removes, moves or replaces a lock file that we hold, and puts it right.

The healthy process is not touched: it holds the lock that the kernel knows, and the second lock,
which no `rm` can reach. What was done is said at once, and kept in the journal.
"""

from __future__ import annotations

from watchdog.daemon.console import Console
from watchdog.daemon.journal import Journal
from watchdog.locks import Locks, lock_directory


class Locksmith:
    """Watches the lock directory while the watchdog runs."""

    def __init__(self, locks: Locks, console: Console, journal: Journal) -> None:
        self._locks = locks
        self._console = console
        self._journal = journal

    def begin(self) -> None:
        """Watch from now on, and look once at what was done before."""
        self._locks.watch(lock_directory(), self._alarm)
        for program, text in self._locks.tampered().items():
            self._alarm(program, text)

    def _alarm(self, program: str, text: str) -> None:
        self._console.say(f"{program}: ALARM: {text}")
        self._journal.write("lock", program=program, reason=text)
        healing = self._locks.heal(program)
        self._console.say(f"{program}: {healing.text}")
        self._journal.write("lock", program=program, reason=healing.text, healed=healing.healed)
