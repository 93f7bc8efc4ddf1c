"""Ending processes that are not our children, each known by its pidfd.

A pidfd names one process for ever, so that no signal meets another that was given the same number,
and it becomes readable exactly when that process is dead.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from collections.abc import Iterable

KILL_WAIT = 5.0
"""Seconds after SIGKILL before we say that a process does not end: it hangs in the kernel then."""


class Target:
    """One process to be ended. `problem` says why it cannot be."""

    def __init__(self, pid: int) -> None:
        self.pid, self.problem, self.by, self.seconds = pid, "", "", 0.0
        self.gone = False
        self._descriptor = -1
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self.gone, self.by = True, "itself"
        except OSError as error:
            self.problem = f"it cannot be watched: {error.strerror}"

    def __enter__(self) -> Target:
        return self

    def __exit__(self, *ending: object) -> None:
        self.close()

    @property
    def descriptor(self) -> int:
        """The pidfd."""
        return self._descriptor

    @property
    def waits(self) -> bool:
        """Whether its end is still to come."""
        return not self.gone and not self.problem

    def send(self, number: int) -> None:
        """Signal it; a refusal becomes its problem."""
        if not self.waits:
            return
        try:
            signal.pidfd_send_signal(self._descriptor, number)
            self.by = signal.Signals(number).name
        except ProcessLookupError:
            pass  # its descriptor tells
        except PermissionError:
            self.problem = "it belongs to another user; do it as that user, or as root"

    def wake(self) -> None:
        """Let one that was stopped (SIGSTOP) hear the signal that it was sent."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._descriptor, signal.SIGCONT)

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor = -1


def end(targets: Iterable[Target], number: int, grace: float) -> None:
    """The signal to all, and after `grace` seconds SIGKILL to whoever is left; then they are gone.

    What did not end has a `problem`.
    """
    began = time.monotonic()
    targets = list(targets)
    for target in targets:
        target.send(number)
        if target.waits:
            target.wake()
    await_ends(targets, began, began + grace)
    for target in targets:
        target.send(signal.SIGKILL)
    await_ends(targets, began, time.monotonic() + KILL_WAIT)
    for target in targets:
        if target.waits:
            target.problem = f"it did not end within {KILL_WAIT:g} s of SIGKILL"


def await_ends(targets: Iterable[Target], began: float, until: float) -> None:
    """Note who ends, until all have or the time (on the monotonic clock) is over."""
    waiting = {target.descriptor: target for target in targets if target.waits}
    poll = select.poll()
    for descriptor in waiting:
        poll.register(descriptor, select.POLLIN)
    while waiting:
        left = until - time.monotonic()
        for descriptor, _ in poll.poll(max(0.0, left * 1000)):
            poll.unregister(descriptor)
            target = waiting.pop(descriptor)
            target.gone, target.seconds = True, time.monotonic() - began
        if left <= 0:
            return
