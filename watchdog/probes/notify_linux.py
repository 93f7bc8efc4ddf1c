"""The socket under NOTIFY_SOCKET on Linux: abstract, and each datagram with its sender's user.

An abstract socket has no file, so there is no path that could be too long, be left over, belong to
the wrong user or be removed. Anybody can send to it, which is why the kernel is asked who did.
"""

from __future__ import annotations

import socket
import struct

from msgspec import Struct

_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid; ucred in unix(7)
# Room for the credentials and for nothing else: the kernel puts them first, and closes the file
# descriptors that a sender attached and that find no room. They never become ours.
_ROOM = socket.CMSG_SPACE(_CREDENTIALS.size)


class Datagram(Struct, frozen=True):
    """What arrived. The uid is None if the kernel did not say; longer ones arrive cut."""

    data: bytes
    uid: int | None
    cut: bool


def bind(name: str) -> tuple[socket.socket, str]:
    """A bound socket, and what NOTIFY_SOCKET must say. OSError if the name is taken."""
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        bound.bind(b"\0" + name.encode())
    except OSError:
        bound.close()
        raise
    return bound, f"@{name}"


def take(descriptor: int) -> tuple[socket.socket, str]:
    """As `bind`, of a socket that is bound already and known by its descriptor."""
    bound = socket.socket(fileno=descriptor)
    name: bytes = bound.getsockname()
    return bound, f"@{name[1:].decode()}"


def receive(bound: socket.socket, limit: int) -> Datagram:
    """The next datagram, its first `limit` bytes. BlockingIOError if there is none."""
    data, ancillary, flags, _ = bound.recvmsg(limit, _ROOM)
    return Datagram(data, _sender(ancillary), bool(flags & socket.MSG_TRUNC))


def _sender(ancillary: list[tuple[int, int, bytes]]) -> int | None:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS):
            uid: int = _CREDENTIALS.unpack(data[: _CREDENTIALS.size])[1]
            return uid
    return None
