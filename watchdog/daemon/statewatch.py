"""Notices at once when the state directory, or the control socket in it, is removed (Linux).

The kernel tells us by inotify, so that an idle watchdog need not wake up to look. Elsewhere, and
where inotify is exhausted, the next thing that writes there makes the directory anew.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

# From <sys/inotify.h>.
IN_MOVED_FROM, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF = 0x40, 0x200, 0x400, 0x800
GONE = IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF


class StateWatch:
    """Calls `heal` when something under the directory may have been removed."""

    def __init__(self, directory: Path, heal: Callable[[], None]) -> None:
        self._directory = directory
        self._heal = heal
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1

    def begin(self) -> bool:
        """Watch; False if this machine cannot."""
        self._descriptor = watch(self._directory)
        if self._descriptor < 0:
            return False
        self._loop.add_reader(self._descriptor, self._wake)
        return True

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _wake(self) -> None:
        try:
            os.read(self._descriptor, 65536)
        except BlockingIOError:
            return
        # A watch on a directory that is gone watches nothing: heal first, then watch the new one.
        self.close()
        self._heal()
        self.begin()


def watch(directory: Path) -> int:
    """An inotify descriptor for removals in a directory, or -1."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return -1
    descriptor: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    if descriptor >= 0 and libc.inotify_add_watch(descriptor, os.fsencode(directory), GONE) < 0:
        os.close(descriptor)
        return -1
    return descriptor
