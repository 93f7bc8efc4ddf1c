"""The sender: a process of its own that empties the outbox, and then ends.

There is one for each state directory, by a lock that the kernel holds; another waits for its end.
Delivery is at least once: what was under way when a sender was killed is sent again. A message that
takes too long has the kernel kill us (SIGALRM), also if the watchdog is gone; an attempt counts as
failed from before it begins, so the next sender turns to the other receivers first.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec.structs import replace

from watchdog.alerts import plan, words
from watchdog.alerts.model import Alert, Mark, Task
from watchdog.alerts.outbox import Outbox
from watchdog.alerts.receivers import Missing, Outcome, key_of, send
from watchdog.inotify import IN_MOVED_TO, watch

PATIENCE = 20.0
"""Seconds between two signs of life of a sender that waits for something."""

POLL = 1.0
"""Seconds between two looks at the outbox where the kernel does not tell of new files."""

NOT_INSTALLED = 69  # exit code: EX_UNAVAILABLE of sysexits.h
LOG_SIZE = 100_000  # bytes of `sender.log` after which it begins anew

Send = Callable[[str, str, str], Outcome]


class Sender:
    """Goes round the receivers until nothing waits."""

    def __init__(self, task: Task, outbox: Outbox, send: Send = send) -> None:
        self._task = task
        self._outbox = outbox
        self._send = send
        self._urls = {key_of(index, url): url for index, url in enumerate(task.urls)}
        self._marks = {key: outbox.marks().get(key, Mark()) for key in self._urls}

    def turn(self) -> float | None:
        """Send what is due; when something is due again, None if nothing waits."""
        alerts = self._outbox.alerts()
        times = [self._serve(key, alerts) for key in self._urls]
        self._tidy(alerts)
        return min((at for at in times if at is not None), default=None)

    def _serve(self, key: str, alerts: list[Alert]) -> float | None:
        """One receiver: at most one message, so that the others have their turn."""
        step = plan.plan(alerts, self._marks[key], self._task.group, self._task.limit, time.time())
        if not step.batch:
            return step.at
        self._note(key, plan.attempt(self._marks[key], step.batch, time.time()))
        batch = tuple(alert for alert in step.batch if self._outbox.has(alert))
        if batch:
            self._deliver(key, batch)
        return time.time()  # there may be more

    def _deliver(self, key: str, batch: tuple[Alert, ...]) -> None:
        title = words.title_of(batch, self._task.title)
        signal.setitimer(signal.ITIMER_REAL, self._task.deadline)
        outcome = self._send(self._urls[key], title, words.body_of(batch))
        signal.setitimer(signal.ITIMER_REAL, 0)
        mark = self._marks[key]
        if outcome.taken:
            self._note(key, plan.succeed(mark, batch, time.time()))
        else:
            self._note(key, replace(mark, trouble=outcome.trouble))
            wait = mark.retry_at - time.time()
            self._log(f"{key}: {outcome.trouble}; again in {max(0, wait):.0f} s")

    def _note(self, key: str, mark: Mark) -> None:
        self._marks[key] = mark
        with contextlib.suppress(OSError):  # a full disk must not keep anybody from being told
            self._outbox.mark(self._marks)

    def _tidy(self, alerts: list[Alert]) -> None:
        """Remove what everybody has."""
        finished = [a for a in alerts if all(a.id in mark.done for mark in self._marks.values())]
        if not finished:
            return
        self._outbox.remove(finished)
        left = [alert for alert in alerts if alert not in finished]
        for key, mark in self._marks.items():
            self._note(key, plan.prune(mark, left))

    def _log(self, line: str) -> None:
        path = self._outbox.place / "sender.log"
        with contextlib.suppress(OSError):
            if path.exists() and path.stat().st_size > LOG_SIZE:
                path.unlink()
            descriptor = private(str(path), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%S%z')} {line}\n")


def serve(task: Task, outbox: Outbox) -> None:
    """Until nothing has waited for a while."""
    sender = Sender(task, outbox)
    descriptor = watch(outbox.letters, IN_MOVED_TO)
    busy = time.monotonic()
    while True:
        (outbox.place / "alive").touch(0o600)
        at = sender.turn()
        if at is not None or not outbox.is_empty():
            busy = time.monotonic()
        left = busy + task.linger - time.monotonic()
        if left <= 0:
            return
        wait(descriptor, left if at is None else max(0.0, at - time.time()))


def wait(descriptor: int, seconds: float) -> None:
    """Until there is something new, for at most so long."""
    if descriptor < 0:
        return time.sleep(min(seconds, POLL))
    ready, _, _ = select.select([descriptor], [], [], min(seconds, PATIENCE))
    if ready:
        with contextlib.suppress(BlockingIOError):
            os.read(descriptor, 65536)
    return None


def private(path: str, flags: int) -> int:
    """For us alone."""
    return os.open(path, flags, 0o600)


def claim(place: Path) -> int:
    """Be the only sender of this outbox, once the one before has ended. Keep the descriptor."""
    descriptor = private(str(place / "sender.lock"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def main() -> int:
    """The outbox is named by the only argument; the rest comes on the standard input."""
    outbox = Outbox(Path(sys.argv[1]))
    task = msgspec.json.decode(sys.stdin.buffer.read(), type=Task)
    with contextlib.suppress(OSError):
        os.nice(5)  # programs go first
    outbox.prepare()
    claim(outbox.place)
    try:
        serve(task, outbox)
    except Missing:
        return NOT_INSTALLED
    return 0
