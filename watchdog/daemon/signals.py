"""What the watchdog's own signals mean: supervisord's conventions.

TERM, INT and QUIT stop everything in order, and a second one hurries; HUP reads the configuration
again; USR2 opens the logs again.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial


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

    def queue(*_: object) -> None:
        loop.call_soon(call)

    loop.add_signal_handler(number, do_nothing)
    signal.signal(number, queue)
    signal.siginterrupt(number, False)
    signal.set_wakeup_fd(signal.set_wakeup_fd(-1), warn_on_full_buffer=False)


def do_nothing() -> None:
    """The loop is awake; that was all."""
