"""The kernel's word that something was done to the files of a directory (Linux: inotify).

An idle watchdog need not wake up to look. Elsewhere, and where inotify is exhausted, `begin` says
so, and whoever wants to know has to look for itself. This module imports nothing of the project.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import Callable
from pathlib import Path

# From <sys/inotify.h>. A file that is moved over another is told by IN_MOVED_TO alone.
IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE = 0x8, 0x40, 0x80, 0x200
IN_DELETE_SELF, IN_MOVE_SELF = 0x400, 0x800
IN_Q_OVERFLOW, IN_IGNORED = 0x4000, 0x8000

GONE = IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF
"""Something was removed or moved away."""

REPLACED = GONE | IN_MOVED_TO
"""The same, or something else was put in its place."""

REWRITTEN = REPLACED | IN_CLOSE_WRITE
"""The same, or somebody had it open for writing."""

_EVENT = struct.Struct("=iIII")  # watch, mask, cookie, length of the name that follows
_BUFFER = 65536  # bytes: some thousand events

Names = frozenset[str]


class DirectoryWatch:
    """Calls `noticed` with the names of files to which something was done.

    No name at all: anything may have happened, also to the directory itself. After each call it is
    the directory at the path that is watched, though it may be another one than before.
    """

    def __init__(self, directory: Path, events: int, noticed: Callable[[Names], None]) -> None:
        self._directory, self._events, self._noticed = directory, events, noticed
        self._loop = asyncio.get_running_loop()
        self._descriptor = -1
        self._inode: tuple[int, int] | None = None

    def begin(self) -> bool:
        """Watch the directory that is there now; False if this machine cannot."""
        inode = inode_at(self._directory)
        if self._descriptor >= 0 and inode == self._inode:
            return True
        self.close()
        self._inode, self._descriptor = inode, watch(self._directory, self._events)
        if self._descriptor >= 0:
            self._loop.add_reader(self._descriptor, self._wake)
        return self._descriptor >= 0

    def close(self) -> None:
        """Watch no more."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
        self._descriptor, self._inode = -1, None

    def _wake(self) -> None:
        try:
            told = os.read(self._descriptor, _BUFFER)
        except BlockingIOError:
            return
        names, blind = read_events(told)
        if blind:  # the directory is gone, and its number may be that of the next one
            self.close()
        before = self._inode
        self._noticed(Names() if blind else names)
        if self.begin() and self._inode != before:
            self._noticed(Names())  # nobody has watched between the two


def read_events(told: bytes) -> tuple[Names, bool]:
    """The names in what the kernel wrote, and whether the watch is over or events were lost."""
    names, blind, at = set(), False, 0
    while at < len(told):
        _, mask, _, length = _EVENT.unpack_from(told, at)
        at += _EVENT.size + length
        names.add(os.fsdecode(told[at - length : at].rstrip(b"\0")))
        blind |= bool(mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
    return Names(names), blind


def watch(directory: Path, events: int) -> int:
    """An inotify descriptor for these events in a directory, or -1."""
    import ctypes  # heavy, and needed only by what runs for long

    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "inotify_init1"):
        return -1
    descriptor: int = libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
    if descriptor >= 0 and libc.inotify_add_watch(descriptor, os.fsencode(directory), events) < 0:
        os.close(descriptor)
        return -1
    return descriptor


def inode_at(path: Path) -> tuple[int, int] | None:
    """What is at the path now, by device and number."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
