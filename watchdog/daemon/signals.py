"""What the watchdog's own signals mean: supervisord's conventions.

TERM, INT and QUIT stop everything in order, and a second one hurries; HUP reads the configuration
again; USR2 opens the logs again.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial

OURS = (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGUSR2)
_queued: set[int] = set()  # arrived, and not acted on yet


def hold_back() -> bool:
    """Let none of ours arrive from now on; False, and nothing is held back, if one just has.

    What arrives meanwhile waits in the kernel, also across an exec, until `let_through`.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, OURS)
    if _queued:
        let_through()
        return False
    return True


def let_through() -> None:
    """Let signals arrive again, and those that were held back."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, OURS)


class Listener:
    """Turns signals into calls."""

    def __init__(
        self,
        stop: Callable[[str], None],
        hurry: Callable[[str], None],
        reload: Callable[[], None],
        reopen: Callable[[], None],
    ) -> None:
        self._stop = stop
        self._hurry = hurry
        self._stopping = False
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            heed(number, partial(self._on_stop, number.name))
        heed(signal.SIGHUP, reload)
        heed(signal.SIGUSR2, reopen)
        # A console that was closed must not end the supervisor: writing to it fails, and is heeded.
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def _on_stop(self, name: str) -> None:
        if self._stopping:
            self._hurry(name)
        else:
            self._stopping = True
            self._stop(name)


def heed(number: signal.Signals, call: Callable[[], None]) -> None:
    """Call on the running loop when the signal arrives, whatever else arrives with it.

    asyncio learns which signals came from bytes in a socket, and in a burst of deaths (SIGCHLD) the
    socket is full and the byte of a SIGTERM lost. So the byte only wakes the loop here, for which
    any byte will do; the call itself is queued by the signal's handler.
    """
    loop = asyncio.get_running_loop()

    def act() -> None:
        _queued.discard(number)
        call()

    def queue(*_: object) -> None:
        _queued.add(number)
        loop.call_soon(act)

    loop.add_signal_handler(number, do_nothing)
    signal.signal(number, queue)
    signal.siginterrupt(number, False)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)


def do_nothing() -> None:
    """The loop is awake; that was all."""
