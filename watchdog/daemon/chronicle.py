"""Tells what happens: to the console, to the journal, and to whoever keeps count.

The fleet's observer: it sees every step of every program, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from watchdog.core.events import Event
from watchdog.core.program import Program
from watchdog.daemon import story
from watchdog.daemon.console import Console
from watchdog.daemon.journal import Journal

Watcher = Callable[[Program, Program], None]


class Chronicle:
    """Writes down what changed."""

    def __init__(self, console: Console, journal: Journal, *watchers: Watcher) -> None:
        self._console = console
        self._journal = journal
        self._watchers = watchers

    def observe(self, before: Program, event: Event, after: Program) -> None:
        """One step was taken."""
        for watch in self._watchers:
            watch(before, after)
        if story.changed(before, after):
            fields = story.fields_of(before, after)
            self._journal.write("state", by=type(event).__name__, **fields)
            text = story.sentence(before, after)
            if text:
                self._console.say(text)

    def trouble(self, program: str, text: str | None) -> None:
        """Captured output cannot be kept, or can be again."""
        told = text or "its output is captured again"
        self._console.say(f"{program}: {told}")
        self._journal.write("output", program=program, reason=told)
