"""Opening one listening socket, and why that cannot be, in words.

The file of a unix socket has its mode and owner from the beginning. One that somebody serves is
never replaced, one that nobody serves is: a process that was killed leaves it behind.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from pathlib import Path

from msgspec import Struct

from watchdog.config.model import Address, SocketConfig

ALL = 2**16 - 1
"""More than any net.core.somaxconn: the kernel cuts it down to that."""

File = tuple[int, int]
"""By what the file of a unix socket is known: device and inode."""


class CannotListen(OSError):
    """The socket cannot be had. The text says why."""


class Owner(Struct, frozen=True):
    """Who a unix socket's file is given to; -1 stays as it is."""

    uid: int = -1
    gid: int = -1


def open_socket(wanted: SocketConfig, account: Owner) -> socket.socket:
    """A listening socket, as it is configured; `CannotListen` if there is none to be had.

    `account` is the program's: a unix socket's file belongs to it unless an owner is configured.
    """
    try:
        if isinstance(wanted.place, Path):
            listener = _bind_unix(wanted.place, wanted, account)
        else:
            listener = _bind_tcp(wanted.place)
        listen(listener, wanted)
    except CannotListen:
        raise
    except OSError as error:
        raise CannotListen(explain(wanted, error)) from None
    return listener


def listen(listener: socket.socket, wanted: SocketConfig) -> None:
    """Have as many connections wait as is configured. A program may ask for another number."""
    listener.listen(wanted.backlog or ALL)


def dress(wanted: SocketConfig, account: Owner) -> None:
    """Give the file of a unix socket its mode and owner. `CannotListen` if that cannot be."""
    if not isinstance(wanted.place, Path):
        return
    try:
        owner = account if wanted.owner is None else _owner_of(wanted.owner)
        if (owner.uid, owner.gid) != (-1, -1):
            os.chown(wanted.place, owner.uid, owner.gid)
        wanted.place.chmod(wanted.mode)
    except OSError as error:
        raise CannotListen(explain(wanted, error)) from None


def identify(place: Address | Path) -> File | None:
    """Which file is at the path now; None if there is none."""
    try:
        found = place.lstat() if isinstance(place, Path) else None
    except OSError:
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def _bind_tcp(place: Address) -> socket.socket:
    six = ":" in place.host
    listener = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if six:  # else it would take the IPv4 address, too
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((place.host, place.port))
    except OSError:
        listener.close()
        raise
    return listener


def _bind_unix(path: Path, wanted: SocketConfig, account: Owner) -> socket.socket:
    _clear(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    umask = os.umask(0o777)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(umask)
    try:
        dress(wanted, account)
    except OSError:
        listener.close()
        path.unlink()
        raise
    return listener


def _clear(path: Path) -> None:
    """Remove what nobody serves any more; what is no socket, or is served, stays."""
    if not path.is_socket() or is_served(path):
        return
    path.unlink(missing_ok=True)


def is_served(path: Path) -> bool:
    """Whether somebody listens there."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)
        with contextlib.suppress(BlockingIOError):  # its queue is full: very much alive
            return probe.connect_ex(str(path)) not in (errno.ECONNREFUSED, errno.ENOENT)
    return True


def _owner_of(text: str) -> Owner:
    import grp
    import pwd

    user, _, group = text.partition(":")
    try:
        uid = int(user) if user.isdecimal() else pwd.getpwnam(user).pw_uid
        gid = -1
        if group:
            gid = int(group) if group.isdecimal() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise OSError(errno.EINVAL, f"there is no {text} on this machine (owner)") from None
    return Owner(uid, gid)


def explain(wanted: SocketConfig, error: OSError) -> str:
    """Why the socket cannot be had, and what to do where that is known."""
    return f"cannot listen on {wanted.key}: {_reason(wanted, error)}"


def _reason(wanted: SocketConfig, error: OSError) -> str:
    place = wanted.place
    if error.errno == errno.EADDRINUSE:
        from watchdog.sockets.taken import find_holder  # psutil, and only when it is taken

        if isinstance(place, Path) and not place.is_socket():
            return "there is a file that is no socket; move it away"
        return f"it is taken by {find_holder(wanted)}"
    if error.errno == errno.EACCES and not isinstance(place, Path):
        return "a port this low is root's (net.ipv4.ip_unprivileged_port_start); take a higher one"
    if error.errno == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    if error.errno == errno.ENOENT and isinstance(place, Path):
        return f"there is no directory {place.parent}"
    return error.strerror or str(error)
