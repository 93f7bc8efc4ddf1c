"""Tells what happens: to the console, to the journal, and to whoever keeps count.

The fleet's observer: it sees every step of every program, and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable

from watchdog.core import health
from watchdog.core.effects import RollOver
from watchdog.core.events import Event, HookDone
from watchdog.core.hooks import UNWANTED, describe_failure
from watchdog.core.model import State
from watchdog.core.program import Program
from watchdog.daemon import story
from watchdog.daemon.console import Console
from watchdog.daemon.journal import Journal
from watchdog.daemon.journald import INFO, WARNING, weigh

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
                self._console.say(text, weigh(after))
        if isinstance(event, HookDone) and before.hook is not None:
            self._note_hook(before, event, after)
        if before.checks is not after.checks:
            self._note_degraded(before, after)
        if before.reloading is not after.reloading:
            self._note_reload(before, after)

    def rolled(self, over: RollOver) -> None:
        """A rolling restart is over."""
        phase = "stopped" if over.text else "done"
        told = {"program": over.program, "done": over.done, "left": over.left, "reason": over.text}
        self._journal.write("rolling", phase=phase, **told)
        self._console.say(story.tell_roll(over), WARNING if over.text else INFO)

    def _note_reload(self, before: Program, after: Program) -> None:
        """A program was told to read its own configuration again, and what came of that."""
        told = story.reload_of(before, after)
        if told is None:
            return
        phase, reason = told
        name, number = after.policy.name, after.incarnation
        fields = {"incarnation": number, "phase": phase, "reason": reason, "cause": "operator"}
        self._journal.write("reload", program=name, **fields)
        if after.state is State.RUNNING:
            text = f"reload {phase}" + (f": {reason}" if reason else "")
            self._console.say(f"{name}: {text}", WARNING if phase == "failed" else INFO)

    def _note_hook(self, before: Program, event: HookDone, after: Program) -> None:
        """A hook is over; a failure that no change of state tells of is said."""
        told = "" if event.ok else describe_failure(before, event.hook, event.exit.detail)
        fields = {"hook": event.hook, "passed": event.ok, "reason": told}
        name, exit = after.policy.name, story.exit_fields(event.exit)
        self._journal.write(
            "hook",
            program=name,
            incarnation=event.incarnation,
            **fields,
            exit=exit,
            seconds=round(event.took, 3),
        )
        if told and told not in after.reason and before.hook_fault not in UNWANTED:
            self._console.say(f"{name}: {told}", WARNING)

    def _note_degraded(self, before: Program, after: Program) -> None:
        """Well, but something is amiss: said when that begins and when it is over, not between."""
        was, now = health.notes(before), health.notes(after)
        if bool(was) == bool(now):
            return
        name, phase = after.policy.name, "begins" if now else "over"
        self._journal.write(
            "degraded", program=name, incarnation=after.incarnation, phase=phase, reason=now or was
        )
        self._console.say(f"{name}: {now or 'no longer so: ' + was}", WARNING if now else INFO)

    def trouble(self, program: str, text: str | None) -> None:
        """Captured output cannot be kept, or can be again."""
        told = text or "its output is captured again"
        self._console.say(f"{program}: {told}", WARNING if text else INFO)
        self._journal.write("output", program=program, reason=told)
