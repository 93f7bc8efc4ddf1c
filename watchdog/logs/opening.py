"""Opening a log: which paths are files that may be moved, and which lead to somebody else's.

`/dev/stdout`, or a link to it, leads to a descriptor of our own. What is behind that belongs to
whoever started us: it is never renamed, emptied or removed, whatever it is; and if it is a file, it
is written through the descriptor itself. A second opening would have a place of its own in the
file, and each would write over what the other has written.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from watchdog.config.places import make_private

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""Non-blocking, because the path may name a pipe or a terminal whose reader has stopped."""
_MODE = 0o640
_HOPS = 40
"""Links that the kernel follows in one path, too."""
_MAGIC = re.compile(r"/proc/(\d+)(?:/task/\d+)?/fd/(\d+)")


def may_remove(path: str) -> bool:
    """Whether it is a plain file, or nothing: a link or a device is not for us to remove."""
    try:
        return stat.S_ISREG(Path(path).lstat().st_mode)
    except FileNotFoundError:
        return True


def leads_to_descriptor(path: str) -> bool:
    """Whether it is, over any number of links, an open descriptor of some process."""
    return _find_magic(path) is not None


def open_log(path: str) -> int:
    """A descriptor to append to the log; directories are made. Raises OSError."""
    own = _own_descriptor(path)
    if own is not None and _is_shared(own):
        return os.dup(own)
    try:
        return os.open(path, _FLAGS, _MODE)
    except FileNotFoundError:
        make_private(Path(path).parent)
        return os.open(path, _FLAGS, _MODE)


def put(fd: int, data: bytes, to_socket: bool) -> int:
    """Write without ever waiting; how many bytes. A socket here is shared, and may be blocking."""
    if not to_socket:
        return os.write(fd, data)
    import socket  # loaded with the event loop anyway

    with socket.socket(fileno=os.dup(fd)) as end:
        return end.send(data, socket.MSG_DONTWAIT)


def _is_shared(descriptor: int) -> bool:
    """A file, where a second opening would write over us; a socket, which cannot be opened."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISREG(mode) or stat.S_ISSOCK(mode)


def _own_descriptor(path: str) -> int | None:
    found = _find_magic(path)
    return int(found[2]) if found and int(found[1]) == os.getpid() else None


def _find_magic(path: str) -> re.Match[str] | None:
    """The first of the links that /proc makes of open descriptors, on the way of `path`."""
    for _ in range(_HOPS):
        parent, name = os.path.split(os.path.abspath(path))  # noqa: PTH100 - no links yet
        path = os.path.join(os.path.realpath(parent), name)  # noqa: PTH118
        if found := _MAGIC.fullmatch(path):
            return found
        try:
            path = os.path.join(os.path.dirname(path), os.readlink(path))  # noqa: PTH115, PTH118, PTH120
        except OSError:
            return None
    return None
