"""Notices at once when something is done to the files in the lock directory (Linux: inotify).

An idle watchdog need not wake up to look. Elsewhere, and where inotify is exhausted, whoever asks
`Locks.tampered` finds it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

# From <sys/inotify.h>. A file that is moved over another is told by IN_MOVED_TO alone.
IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE = 0x40, 0x80, 0x200
IN_DELETE_SELF, IN_MOVE_SELF = 0x400, 0x800
TOUCHED = IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF


class TamperWatch:
    """Calls `look` whenever something in the directory was removed, moved or replaced."""

    def __init__(self, directory: Path, look: Callable[[], None]) -> None:
        self._directory, self._look = directory, look
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._inode: tuple[int, int] | None = None

    def begin(self) -> bool:
        """Watch the directory that is there now; False if this machine cannot."""
        inode = self._inode_there()
        if self._descriptor >= 0 and inode == self._inode:
            return True
        self.close()
        self._inode, self._descriptor = inode, watch(self._directory)
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._wake)
        return self._descriptor >= 0

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
        self._look()
        # The directory itself may be another by now, made anew by whoever put things right.
        self.begin()

    def _inode_there(self) -> tuple[int, int] | None:
        try:
            found = self._directory.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def watch(directory: Path) -> int:
    """An inotify descriptor for what may be done to held files in a directory, or -1."""
    import ctypes  # only where locks are held for long

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return -1
    descriptor: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    if descriptor >= 0 and libc.inotify_add_watch(descriptor, os.fsencode(directory), TOUCHED) < 0:
        os.close(descriptor)
        return -1
    return descriptor
