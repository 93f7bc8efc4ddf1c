"""The outbox: `<state>/alerts/`, one file for each alert, and what its two users know of it.

The watchdog adds and, where there are too many, drops; the sender marks and removes. Every file is
written beside its place and moved there, so nobody ever reads half of one. None holds a URL.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from watchdog.alerts.model import CLOSING, Alert, Mark
from watchdog.alerts.plan import choose_victims
from watchdog.config.places import make_private

MOST = 500
"""Alerts that wait: each is below 2 KiB, so all of them are below 1 MiB."""

T = TypeVar("T")


class Outbox:
    """The directory. Nothing here waits for a disk."""

    def __init__(self, place: Path, most: int = MOST) -> None:
        self.place = place
        self.letters = place / "outbox"
        self._marks = place / "receivers.json"
        self._most = most
        self._last = 0

    def prepare(self) -> None:
        """Make the directories. Raises OSError."""
        make_private(self.letters)

    def name(self) -> str:
        """An id that sorts behind all that this object has given out."""
        self._last = max(time.time_ns(), self._last + 1)
        return f"{self._last:020d}"

    def add(self, alert: Alert) -> None:
        """Put it in; if that makes too many, the oldest that may go do. Raises OSError."""
        self.prepare()
        dropped = self._make_room()
        write(self._path(alert.id), replace(alert, dropped=alert.dropped + dropped))

    def is_empty(self) -> bool:
        """Whether nothing waits."""
        return not self._names()

    def alerts(self) -> list[Alert]:
        """What waits, in its order; what cannot be read is left out."""
        found = (read(self._path(name), Alert) for name in sorted(self._names()))
        return [alert for alert in found if alert is not None]

    def has(self, alert: Alert) -> bool:
        """Whether it is still there."""
        return self._path(alert.id).exists()

    def remove(self, alerts: Iterable[Alert]) -> None:
        """Take them out."""
        for alert in alerts:
            with contextlib.suppress(OSError):
                self._path(alert.id).unlink()

    def marks(self) -> dict[str, Mark]:
        """How far each receiver is."""
        return read(self._marks, dict[str, Mark]) or {}

    def mark(self, marks: dict[str, Mark]) -> None:
        """Note how far they are. Raises OSError."""
        write(self._marks, marks)

    def _make_room(self) -> int:
        """How many are dropped that nobody has heard of.

        The sender marks before it looks whether an alert is still there; we remove before we look
        at the marks. So what opens something is either not sent, or seen here to be.
        """
        if len(self._names()) < self._most:
            return 0
        alerts = self.alerts()
        victims, unheard = choose_victims(alerts, self.marks().values(), self._most - 1)
        self.remove(alert for alert in victims if alert.phase not in CLOSING)
        known = {id for mark in self.marks().values() for id in mark.open}
        self.remove(a for a in victims if a.phase in CLOSING and a.opener not in known)
        return unheard

    def _names(self) -> list[str]:
        with contextlib.suppress(OSError):
            return [name[:-5] for name in os.listdir(self.letters) if name.endswith(".json")]  # noqa: PTH208 - names are all that is wanted
        return []

    def _path(self, name: str) -> Path:
        return self.letters / f"{name}.json"


def read(path: Path, type: type[T]) -> T | None:
    """What is in a file; None if that is nothing of the kind."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=type)
    except (OSError, msgspec.MsgspecError):
        return None


def write(path: Path, value: object) -> None:
    """Have a file with this in it, whole or not at all, for us alone. Raises OSError."""
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.encode(value))
    fresh.replace(path)
