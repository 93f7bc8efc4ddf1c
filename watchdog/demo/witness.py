"""The witness: sees what really happens, through the same doors that everybody has.

The state comes from the control socket, the chat from the sandbox, times from the journal on disk.
A thread of its own looks every now and then and tells the screen, while the story waits.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from bot.sandbox.client import SandboxClient, SandboxError
from watchdog.client import Client, Refused, Unreachable
from watchdog.demo.screens import Screen
from watchdog.demo.stage import Stage

T = TypeVar("T")
Entry = dict[str, Any]

GLANCE = 0.15  # seconds between two looks for the screen
STEP = 0.02  # seconds between two looks of a story that waits


class Missed(Exception):
    """What was waited for did not come; the text says what it was."""


class Witness:
    """Looks, and tells the screen. `status` is what the watchdog said last, None if nothing."""

    def __init__(self, stage: Stage, screen: Screen) -> None:
        self._stage = stage
        self._screen = screen
        self._client = Client(str(stage.state / "control.sock"))
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="witness", daemon=True)
        self._heard = 0
        self._sandbox: SandboxClient | None = None
        self.status: dict[str, Any] | None = None

    def begin(self, sandbox: SandboxClient) -> None:
        """Look from now on."""
        self._sandbox = sandbox
        self._thread.start()

    def end(self) -> None:
        """Look no more."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(GLANCE * 10)
        self._client.close()

    def look(self) -> None:
        """See everything now, and tell the screen."""
        with self._lock:
            self._see_status()
            self._see_log()
            self._see_chat()

    @property
    def program(self) -> dict[str, Any]:
        """The bot, as the watchdog described it last; empty if it does not answer."""
        return dict(self.status["programs"][0]) if self.status else {}

    def entries(self) -> list[Entry]:
        """The journal up to now."""
        try:
            text = (self._stage.state / "journal.jsonl").read_text()
        except FileNotFoundError:
            return []
        return [json.loads(line) for line in text.split("\n")[:-1]]

    def await_entry(self, what: str, wanted: Callable[[Entry], bool], patience: float) -> Entry:
        """The first such entry of the journal, as soon as it is there. Raises Missed."""
        return self.await_that(what, lambda: next(filter(wanted, self.entries()), None), patience)

    def await_that(self, what: str, look: Callable[[], T | None], patience: float) -> T:
        """What `look` finds, as soon as it finds something. Raises Missed, StageError."""
        deadline = time.monotonic() + patience
        while (found := look()) is None:
            if time.monotonic() > deadline:
                raise Missed(f"{what} was not seen within {patience:g} s")
            self._stage.check()
            time.sleep(STEP)
        return found

    def _watch(self) -> None:
        # Whoever read our lines may be gone: the story will notice, and end.
        with contextlib.suppress(BrokenPipeError):
            while not self._ending.wait(GLANCE):
                self.look()

    def _see_status(self) -> None:
        try:
            self.status = self._client.status()
        except (Unreachable, Refused):
            self.status = None
            self._client.close()
        self._screen.show_program(self.program)

    def _see_log(self) -> None:
        for line in _lines_after(self._stage.logs["watchdog"], self._heard):
            self._heard += len(line) + 1
            self._screen.hear(line.decode("utf-8", "replace"))

    def _see_chat(self) -> None:
        # The sandbox may be gone already: then the chat stays as it was.
        with contextlib.suppress(SandboxError):
            if self._sandbox is not None:
                self._screen.show_chat(self._sandbox.messages(self._stage.cast.bot))


def time_of(entry: Entry) -> float:
    """When it happened, as Unix time in seconds; the journal has milliseconds."""
    return datetime.fromisoformat(entry["at"]).timestamp()


def _lines_after(path: Path, position: int) -> list[bytes]:
    """The whole lines of the file behind this position, in bytes."""
    try:
        with path.open("rb") as file:
            file.seek(position)
            return file.read().split(b"\n")[:-1]
    except FileNotFoundError:
        return []
