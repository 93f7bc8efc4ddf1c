"""Listening sockets that were opened before we came (systemd's socket activation).

Clients that come while the watchdog starts or restarts wait in such a socket's queue instead of
being refused. Its file belongs to whoever made it: we neither remove nor replace it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping
from pathlib import Path

from msgspec import Struct

FIRST = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class Passed(Struct, frozen=True):
    """Descriptors by what they are for; -1 is none."""

    unix: int = -1
    tcp: int = -1
    notes: tuple[str, ...] = ()  # what was passed and is of no use


def take(environ: MutableMapping[str, str], path: Path) -> Passed:
    """The control socket at `path`, and a TCP listener. What else was passed is closed."""
    count = count_passed(environ, os.getpid())
    for name in VARIABLES:
        environ.pop(name, None)
    found = {"unix": -1, "tcp": -1}
    notes = []
    for descriptor in range(FIRST, FIRST + count):
        os.set_inheritable(descriptor, False)
        kind, note = classify(descriptor, path)
        if not note and found[kind] < 0:
            found[kind] = descriptor
        else:
            notes.append(note or f"a second {kind} socket was passed; it is closed")
            os.close(descriptor)
    return Passed(found["unix"], found["tcp"], tuple(notes))


def count_passed(environ: MutableMapping[str, str], pid: int) -> int:
    """How many descriptors were passed to this very process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return 0
    return int(count)


def classify(descriptor: int, path: Path) -> tuple[str, str]:
    """What a descriptor is for, and why it cannot be used, if so."""
    try:
        listener = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return "", f"descriptor {descriptor} was passed and is no socket; it is closed"
    with listener:
        name = listener.getsockname()
        if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return "", f"a socket that does not listen was passed ({name}); it is closed"
        if listener.family != socket.AF_UNIX:
            return "tcp", ""
        if os.path.realpath(name) != os.path.realpath(path):
            return "", f"the socket that was passed is {name!r}, clients ask at {path}; it is closed"
    return "unix", ""
