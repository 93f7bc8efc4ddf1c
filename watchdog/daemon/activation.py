"""Listening sockets that were opened before we came (systemd's socket activation).

Clients that come while the watchdog starts or restarts wait in such a socket's queue instead of
being refused. Its file belongs to whoever made it: we neither remove nor replace it. What is at the
address of a program's socket is held for that program.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Collection, Mapping, MutableMapping
from pathlib import Path

from msgspec import Struct

from watchdog.config import Config
from watchdog.config.model import Address
from watchdog.control.server import ControlServer, Doors

FIRST = 3  # SD_LISTEN_FDS_START of sd_listen_fds(3)
VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class Passed(Struct, frozen=True):
    """Descriptors by what they are for; -1 is none."""

    unix: int = -1
    tcp: int = -1
    held: dict[str, int] = {}  # by the keys of programs' sockets
    notes: tuple[str, ...] = ()  # about what is of no use


async def admit(
    config: Config,
    server: ControlServer,
    say: Callable[[str], None],
    give: Callable[[str, int], None],
) -> tuple[bool, bool]:
    """Serve at what was passed; whether that is the control socket, and TCP.

    `give` gets what is for programs.
    """
    http = None if config.http is None else (config.http.host, config.http.port)
    wanted = {socket.key for program in config.programs for socket in program.sockets}
    passed = take(os.environ, config.socket, http, wanted)
    for key, descriptor in passed.held.items():
        give(key, descriptor)
    for note in passed.notes:
        say(f"socket activation: {note}")
    # A door without a path is one whose file is not ours.
    await server.resume(Doors(unix=passed.unix, tcp=passed.tcp))
    return passed.unix >= 0, passed.tcp >= 0


def take(
    environ: MutableMapping[str, str],
    path: Path,
    http: tuple[str, int] | None = None,
    wanted: Collection[str] = (),
) -> Passed:
    """The listeners at `path`, `http` and `wanted`. What else was passed is closed, and noted.

    `wanted` are keys of programs' sockets.
    """
    count = count_passed(environ, os.getpid())
    for name in VARIABLES:
        environ.pop(name, None)
    found = {"unix": -1, "tcp": -1}
    held: dict[str, int] = {}
    notes = []
    for descriptor in range(FIRST, FIRST + count):
        os.set_inheritable(descriptor, False)
        kind, problem = classify(descriptor, path, http)
        key = key_of(descriptor) if problem else ""
        if key in wanted and key not in held:
            held[key] = descriptor
        elif not problem and found[kind] < 0:
            found[kind] = descriptor
        else:
            notes.append(f"{problem or 'a second socket for the same'}; it is closed")
            os.close(descriptor)
    return Passed(found["unix"], found["tcp"], held, tuple(notes))


def count_passed(environ: Mapping[str, str], pid: int) -> int:
    """How many descriptors were passed to this very process."""
    count = environ.get("LISTEN_FDS", "")
    if environ.get("LISTEN_PID") != str(pid) or not count.isdecimal():
        return 0
    return int(count)


def key_of(descriptor: int) -> str:
    """By which key a program has this listening socket, if it has; empty for anything else."""
    try:
        listener = socket.socket(fileno=os.dup(descriptor))
    except OSError:
        return ""
    with listener:
        name = listener.getsockname()
        if not listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            return ""
    return str(Address(*name[:2])) if isinstance(name, tuple) else f"unix:{name}"


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
