"""Listening sockets for a child, by systemd's protocol (sd_listen_fds(3)).

The child finds them at 3, 4, ..., their number in LISTEN_FDS, their names in LISTEN_FDNAMES, and
its own pid in LISTEN_PID: what is executed compares that, so that it does not take what was meant
for its parent. Only the child knows its pid before it is executed, so this is the one spawn that
runs Python between fork and exec, and forbids vfork (1.6 ms instead of 0.2 ms). A shell that sets
the variable would be quicker, but cannot place descriptors above 9, and hides why an exec failed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

assert sys.platform != "win32"

FIRST = 3  # SD_LISTEN_FDS_START


class Plan(Struct, frozen=True):
    """What is done between fork and exec. `copies` lie above where they go to."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    copies: tuple[int, ...]
    kept: frozenset[int]  # what else the child is given, at its own number


@contextlib.contextmanager
def placed(
    command: tuple[str, ...],
    environment: Mapping[str, str],
    sockets: Sequence[int],
    names: Sequence[str],
    kept: Iterable[int],
) -> Iterator[Callable[[], None]]:
    """What the child is to run before it is executed. Raises OSError.

    Meanwhile no signal is delivered: one that came in the child would be heard here, too.
    """
    told = {"LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": ":".join(names)}
    with contextlib.ExitStack() as ours:
        copies = tuple(_lift(socket, len(sockets), ours) for socket in sockets)
        _fill(copies[0], len(sockets), ours)
        plan = Plan(command, {**environment, **told}, copies, frozenset(kept))
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        ours.callback(signal.pthread_sigmask, signal.SIG_SETMASK, mask)
        yield lambda: _execute(plan, mask)


def lift(descriptor: int, sockets: int) -> int:
    """A copy that is not in the way of so many sockets. Raises OSError."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, FIRST + sockets)


def _lift(descriptor: int, sockets: int, ours: contextlib.ExitStack) -> int:
    copy = lift(descriptor, sockets)
    ours.callback(os.close, copy)
    return copy


def _fill(descriptor: int, sockets: int, ours: contextlib.ExitStack) -> None:
    """Leave none of the places free: what a spawn opens for itself must not be overwritten."""
    while True:
        copy = os.dup(descriptor)
        ours.callback(os.close, copy)
        if copy >= FIRST + sockets:
            return


def _execute(plan: Plan, mask: Iterable[int]) -> None:
    """In the child. Returns if it cannot be: the exec that follows then fails the same, aloud."""
    signal.set_wakeup_fd(-1)  # it is the watchdog's
    _close_on_exec(plan.kept)
    for place, copy in enumerate(plan.copies, FIRST):
        os.dup2(copy, place)
    environment = {**plan.environment, "LISTEN_PID": str(os.getpid())}
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    with contextlib.suppress(OSError):
        os.execvpe(plan.command[0], plan.command, environment)


def _close_on_exec(kept: frozenset[int]) -> None:
    """What somebody above us left open is no business of the child's."""
    for name in os.listdir("/dev/fd"):  # noqa: PTH208
        descriptor = int(name)
        if descriptor >= FIRST and descriptor not in kept:
            with contextlib.suppress(OSError):  # the listing's own is closed by now
                os.set_inheritable(descriptor, False)
