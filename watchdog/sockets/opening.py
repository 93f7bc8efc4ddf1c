"""Opening one listening socket, and why that cannot be, in words.

The file of a unix socket has its mode and owner from the beginning. One that somebody serves is
never replaced, one that nobody serves is: a process that was killed leaves it behind.
"""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path

from watchdog.config.model import Address, SocketConfig
from watchdog.socket_file import is_served, parse_owner

ALL = 2**16 - 1
"""More than any net.core.somaxconn: the kernel cuts it down to that."""


class CannotListen(OSError):
    """The socket cannot be had. The text says why."""


Owner = tuple[int, int]
"""The uid and gid that a unix socket's file is given to."""

NOBODY: Owner = (-1, -1)
"""It stays the watchdog's."""


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
        uid, gid = account if wanted.owner is None else parse_owner(wanted.owner)
        if (uid, gid) != NOBODY:
            os.chown(wanted.place, uid, gid)
        wanted.place.chmod(wanted.mode)
    except KeyError:
        text = f"there is no {wanted.owner} on this machine (owner)"
        raise CannotListen(f"cannot listen on {wanted.key}: {text}") from None
    except OSError as error:
        raise CannotListen(explain(wanted, error)) from None


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
