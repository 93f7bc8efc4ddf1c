"""Linux: what stands for a lock that a process holds and that we could not fetch from it.

It holds nothing. The lock is safe with the process; when that has ended, we are told at once, and
are the first to ask for it in the ordinary way.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable

assert sys.platform != "win32"


class Shadow:
    """Calls `ended` once, when the process with the lock has ended; at once if it has already."""

    def __init__(self, pid: int, reason: str, ended: Callable[[], None]) -> None:
        self.reason = reason  # why the lock could not be fetched
        self._ended = ended
        self._loop: asyncio.AbstractEventLoop | None = None
        self._descriptor = -1
        with contextlib.suppress(OSError, AttributeError):
            self._descriptor = os.pidfd_open(pid)

    def watch(self) -> None:
        """Begin, on the running loop."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._on_end)
        else:
            self._loop.call_soon(self._on_end)

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            if self._loop is not None:
                self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._descriptor, self._ended = -1, _nothing

    def _on_end(self) -> None:
        ended = self._ended
        self.close()
        ended()


def _nothing() -> None:
    """It was closed."""
