"""Linux: a listening socket that only a process has any more, fetched from it.

An earlier watchdog was killed; its programs live on, and with them their copies of the sockets. A
socket is known by its address and by the fact that it listens, whatever its number is there.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from watchdog.config.model import SocketConfig

Fetch = Callable[[int, int], int]
"""A copy of another process's descriptor; raises OSError, PermissionError if it is not allowed."""


def fetch_all(
    wanted: Iterable[SocketConfig], pids: Iterable[int], fetch: Fetch
) -> dict[str, socket.socket]:
    """What could be had, by its key. Raises PermissionError if nothing may be fetched."""
    missing = {_name(one): one.key for one in wanted}
    found: dict[str, socket.socket] = {}
    for listener in _listeners(pids, fetch):
        key = missing.pop(_name_of(listener), None)
        if key is None:
            listener.close()
        else:
            found[key] = listener
        if not missing:
            break
    return found


def _listeners(pids: Iterable[int], fetch: Fetch) -> Iterator[socket.socket]:
    for pid in pids:
        for number in _sockets_of(pid):
            try:
                listener = socket.socket(fileno=fetch(pid, number))
            except PermissionError:
                raise
            except OSError:  # closed meanwhile
                continue
            if _listens(listener):
                yield listener
            else:
                listener.close()


def _listens(listener: socket.socket) -> bool:
    try:
        return bool(listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))
    except OSError:  # a family that knows no such thing
        return False


def _sockets_of(pid: int) -> list[int]:
    """The numbers of its sockets, those that were passed first."""
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)  # noqa: PTH208
    except FileNotFoundError:
        return []
    return sorted(int(name) for name in names if _is_socket(f"{folder}/{name}"))


def _is_socket(link: str) -> bool:
    try:
        return os.readlink(link).startswith("socket:")  # noqa: PTH115
    except OSError:
        return False


def _name(wanted: SocketConfig) -> tuple[str, int] | str:
    place = wanted.place
    return str(place) if isinstance(place, Path) else (place.host, place.port)


def _name_of(listener: socket.socket) -> tuple[str, int] | str:
    name = listener.getsockname()
    if isinstance(name, tuple):
        return name[0], name[1]
    return name if isinstance(name, str) else ""
