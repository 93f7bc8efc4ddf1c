"""Adds to what one adapter reports what only the daemon can know, for it knows all of them.

How a process ended: its last words, and whether the kernel had run out of memory. Where a rival may
be: nobody with the lock is on this machine, if it is held here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec.structs import replace

from watchdog.core.events import Event, Exited, Probed, Spawned
from watchdog.daemon.story import add_last_words

SIGKILL = 9
BY_KERNEL = ", probably by the kernel: out of memory"
"""How the words for such an end finish."""


class Oom(Protocol):
    """The kernel's count of whom it killed for want of memory."""

    def note(self) -> None:
        """Remember it."""

    def grew(self) -> bool:
        """Whether it grew since."""


class Remarks:
    """Makes events tell more. `is_up` says whether a program is one that nobody is ending."""

    def __init__(
        self,
        is_up: Callable[[str], bool],
        singleton_of: Callable[[str], str],
        last_words: Callable[[str], str],
        oom: Oom,
    ) -> None:
        self._is_up = is_up
        self._singleton_of = singleton_of
        self._last_words = last_words
        self._oom = oom
        oom.note()  # what is adopted is not spawned by us

    def on_process(self, name: str, event: Event) -> Event:
        """An event of a process, with what is known of its end."""
        if isinstance(event, Spawned):
            self._oom.note()
        if not isinstance(event, Exited):
            return event
        if event.exit.signal == SIGKILL and self._is_up(name):
            return suspect_kernel(event, self._oom.grew())
        return add_last_words(event, lambda: self._last_words(name))

    def on_probe(self, name: str, event: Event) -> Event:
        """The result of a probe; a rival's whereabouts, as far as they are known."""
        if isinstance(event, Probed) and event.rival:
            return place_rival(event, self._singleton_of(name))
        return event


def suspect_kernel(event: Exited, grew: bool) -> Exited:
    """A SIGKILL that none of us sent."""
    if not grew:
        return event
    detail = f"{event.exit.detail}{BY_KERNEL}"
    return replace(event, exit=replace(event.exit, detail=detail))


def place_rival(event: Probed, singleton: str) -> Probed:
    """Whoever takes the lock here is refused; so the rival is elsewhere, or takes no lock."""
    if not singleton:
        return event
    held = f"on another machine or without a lock (the lock of {singleton} is held here)"
    note = f"{event.note.rstrip('.')}, {held}"
    return replace(event, note=note)
