"""What the watchdog's own signals mean: supervisord's conventions.

TERM, INT and QUIT stop everything in order, and a second one hurries; HUP reads the configuration
again; USR2 opens the logs again.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


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
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
            loop.add_signal_handler(number, self._on_stop, number.name)
        loop.add_signal_handler(signal.SIGHUP, reload)
        loop.add_signal_handler(signal.SIGUSR2, reopen)
        # A console that was closed must not end the supervisor: writing to it fails, and is heeded.
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)

    def _on_stop(self, name: str) -> None:
        if self._stopping:
            self._hurry(name)
        else:
            self._stopping = True
            self._stop(name)
