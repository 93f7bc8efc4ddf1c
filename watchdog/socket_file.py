"""The file of a unix socket: which one it is, whether anybody listens there, and whose it is."""

from __future__ import annotations

import socket
from pathlib import Path

Identity = tuple[int, int]
"""Device and inode: by what a file is known as long as it lives."""


def identify(path: Path) -> Identity | None:
    """Which file is at the path now; None if there is none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def is_served(path: Path) -> bool:
    """Whether somebody listens there. Raises OSError if that cannot be known."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        try:
            probe.connect(str(path))
        except BlockingIOError:  # its queue is full: very much alive
            return True
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def parse_owner(text: str) -> tuple[int, int]:
    """The uid and gid of "user" or "user:group"; -1 is one that stays. KeyError: there is none."""
    import grp
    import pwd

    user, _, group = text.partition(":")
    uid = int(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid
    if not group:
        return uid, -1
    return uid, int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
