"""The second lock, on Linux: a bound abstract unix socket, the same that a supervisor takes.

No `rm` can remove it, and all users share its names; it is free when the last process that has it
is gone. It listens only so that the kernel tells a contender who has it, and serves nobody.
"""

import contextlib
import errno
import pwd
import socket
import struct
import sys
from pathlib import Path

assert sys.platform == "linux"  # for the type checker: the rest exists on one side only

_BACKLOG = 64  # contenders that may read our name before it cannot be read any more
_CREDENTIALS = struct.Struct("3i")  # struct ucred: pid, uid, gid


class Taken(Exception):
    """Somebody else has the socket: `pid`, or None where it cannot be told."""

    def __init__(self, pid: int | None, user: str, command: str) -> None:
        super().__init__(pid)
        self.pid, self.user, self.command = pid, user, command


def take_second(key: str) -> socket.socket:
    """The bound socket of `key`; raises `Taken`, or OSError."""
    address = b"\0watchdog/" + key.encode()
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        taken.bind(address)
    except OSError as error:
        taken.close()
        if error.errno != errno.EADDRINUSE:
            raise
        raise _describe(address) from None
    taken.listen(_BACKLOG)
    return taken


def _describe(address: bytes) -> Taken:
    pid, uid = _peer(address)
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
    except OSError:  # whoever began to listen is dead, and a child of it has the socket
        return Taken(None, "", "")
    return Taken(pid, _name(uid), command.decode(errors="replace"))


def _peer(address: bytes) -> tuple[int, int]:
    """Pid and uid of whoever called listen; zeros where nobody answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as visitor:
        visitor.setblocking(False)
        with contextlib.suppress(OSError):
            visitor.connect(address)
            raw = visitor.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            pid, uid, _ = _CREDENTIALS.unpack(raw)
            return pid, uid
    return 0, 0


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
