"""Listening sockets that were opened before we came (systemd's socket activation).

Clients that come while the watchdog starts or restarts wait in such a socket's queue instead of
being refused. Its file belongs to whoever made it: we neither remove nor replace it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping, MutableMapping
from pathlib import Path

from msgspec import Struct

from watchdog.config import Config
from watchdog.control.server import ControlServer, Doors

FIRST = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class Passed(Struct, frozen=True):
    """Descriptors by what they are for; -1 is none."""

    unix: int = -1
    tcp: int = -1
    notes: tuple[str, ...] = ()  # about what is of no use


async def admit(
    config: Config, server: ControlServer, say: Callable[[str], None]
) -> tuple[bool, bool]:
    """Serve at what was passed; whether that is the control socket, and TCP."""
    http = None if config.http is None else (config.http.host, config.http.port)
    passed = take(os.environ, config.socket, http)
    for note in passed.notes:
        say(f"socket activation: {note}")
    # A door without a path is one whose file is not ours.
    await server.resume(Doors(unix=passed.unix, tcp=passed.tcp))
    return passed.unix >= 0, passed.tcp >= 0


def take(
    environ: MutableMapping[str, str], path: Path, http: tuple[str, int] | None = None
) -> Passed:
    """The listeners at `path` and at `http`. What else was passed is closed, and noted."""
    count = count_passed(environ, os.getpid())
    for name in VARIABLES:
        environ.pop(name, None)
    found = {"unix": -1, "tcp": -1}
    notes = []
    for descriptor in range(FIRST, FIRST + count):
        os.set_inheritable(descriptor, False)
        kind, problem = classify(descriptor, path, http)
        if not problem and found[kind] < 0:
            found[kind] = descriptor
        else:
            notes.append(f"{problem or 'a second socket for the same'}; it is closed")
            os.close(descriptor)
    return Passed(found["unix"], found["tcp"], tuple(notes))


def count_passed(environ: Mapping[str, str], pid: int) -> int:
    """How many descriptors were passed to this very process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return 0
    return int(count)


def classify(descriptor: int, path: Path, http: tuple[str, int] | None) -> tuple[str, str]:
    """What a descriptor is for; or why it is for nothing."""
    try:
        listener = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return "", f"descriptor {descriptor} is no socket"
    with listener:
        name = listener.getsockname()
        if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return "", f"the socket {name} does not listen"
        if listener.family == socket.AF_UNIX:
            same = os.path.realpath(name) == os.path.realpath(path)
            return "unix", "" if same else f"the socket is {name}, but clients ask at {path}"
        return "tcp", "" if name[:2] == http else f"{name[:2]} is not `http` under [watchdog]"
