"""Keeps a sender running while there is something to send; the watchdog's end of it.

It never waits for the sender. One that shows no life is killed, one that failed is started again
after a while, and one that a watchdog leaves behind goes on by itself.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from watchdog.alerts.model import Task
from watchdog.alerts.outbox import Outbox

NOT_INSTALLED = 69  # as in `sender`, which is not to be loaded here
LOOK = 60.0
"""Seconds between two looks at a sender that runs; there are none while there is no sender."""

HUNG = 150.0
"""Seconds without a sign of life: a message has 60 at most, and loading apprise takes 3."""

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
"""Seconds until a sender that failed is started again."""


class Courier:
    """At most one sender. Needs a running loop."""

    def __init__(self, task: Task, outbox: Outbox, say: Callable[[str], None]) -> None:
        self._task = task
        self._outbox = outbox
        self._say = say
        self._loop = asyncio.get_running_loop()
        self._child: subprocess.Popen[bytes] | None = None
        self._descriptor = -1
        self._timer: asyncio.TimerHandle | None = None
        self._began = 0.0
        self._failures = 0

    def rouse(self) -> None:
        """There is something to send."""
        if self._child is None and self._timer is None:
            self._start()

    def close(self) -> None:
        """Look after it no more; it goes on."""
        self._forget()
        if self._child is not None:
            self._child.returncode = 0  # else Popen complains that it still runs

    def _start(self) -> None:
        self._timer = None
        try:
            child = launch(self._task, self._outbox.place)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._say(f"alerts: the sender cannot be started: {error}")
            return self._later(self._wait())
        self._child, self._began = child, time.time()
        if hasattr(os, "pidfd_open"):
            self._descriptor = os.pidfd_open(child.pid)
            self._loop.add_reader(self._descriptor, self._look)
        self._timer = self._loop.call_later(self._period, self._look)
        return None

    @property
    def _period(self) -> float:
        return LOOK if self._descriptor >= 0 else 1.0

    def _look(self) -> None:
        """Has it ended, or does it hang?"""
        child = self._child
        if child is None:
            return None
        code = child.poll()
        if code is not None:
            self._forget()
            self._child = None
            return self._follow(code)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(self._period, self._look)
        if time.time() - max(self._began, seen_alive(self._outbox.place)) > HUNG:
            self._say(f"alerts: the sender (pid {child.pid}) hangs; it is killed")
            child.kill()
        return None

    def _follow(self, code: int) -> None:
        """What comes after a sender: nothing, unless something is left to send."""
        if code == NOT_INSTALLED:
            return self._say(
                "alerts: apprise is not installed, so nobody is told; "
                "do: pip install 'watchdog-supervisor[alerts]'"
            )
        if self._outbox.is_empty():
            return None
        if code == 0:
            self._failures = 0
            return self._start()
        self._say(f"alerts: the sender ended ({code}); it is started again")
        return self._later(self._wait())

    def _wait(self) -> float:
        self._failures += 1
        return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(self._failures - 1, 16))

    def _later(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._start)

    def _forget(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._descriptor = -1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None


def launch(task: Task, place: Path) -> subprocess.Popen[bytes]:
    """Start a sender. The URLs go through a pipe: an argument everybody could read. OSError."""
    data = msgspec.json.encode(task)
    reader, writer = os.pipe()
    try:
        os.set_blocking(writer, False)  # it holds 64 KiB; whatever does not fit must not hold us up
        if os.write(writer, data) != len(data):
            raise OSError("the URLs are too many")
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "watchdog.alerts", str(place)],
            cwd="/",
            env=environment(),
            stdin=reader,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is not for it
        )
    finally:
        os.close(reader)
        os.close(writer)


def environment() -> dict[str, str]:
    """Ours, and where we were imported from, if that is nowhere that Python looks by itself."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NOTIFY_SOCKET", "WATCHDOG_USEC")}
    root = Path(__file__).parents[2]
    if root.name not in ("site-packages", "dist-packages"):
        before = [kept["PYTHONPATH"]] if kept.get("PYTHONPATH") else []
        kept["PYTHONPATH"] = os.pathsep.join([*before, str(root)])
    return kept


def seen_alive(place: Path) -> float:
    """When a sender last showed life, in Unix seconds; 0 is never."""
    try:
        return (place / "alive").stat().st_mtime
    except OSError:
        return 0.0
