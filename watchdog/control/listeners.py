"""Opening the control sockets, safely.

The unix socket is never open to others, not for a moment: it is bound with the mode it keeps.
Whether a file that is already there is served is found out by connecting, while the directory is
locked, so that of two watchdogs that come at once only one gets it. An abandoned file is replaced.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from watchdog.config.loopback import is_loopback
from watchdog.config.places import make_private
from watchdog.socket_file import is_served

LONGEST_PATH = 107  # bytes; sun_path of unix(7) has 108, one of them for the final NUL
BACKLOG = 1024


class AddressError(OSError):
    """The control socket cannot be opened. The text says why and what to do."""


class AlreadyServed(AddressError):
    """Another watchdog answers at this address."""


class Dress(NamedTuple):
    """What the socket's file looks like."""

    mode: int = 0o600
    owner: tuple[int, int] | None = None  # uid and gid; -1 stays as it is


PRIVATE = Dress()


def open_unix(path: Path, dress: Dress = PRIVATE) -> socket.socket:
    """A listening socket at `path`; `AddressError` if that cannot be."""
    length = max(len(os.fsencode(name)) for name in (path, _draft(path)))
    if length > LONGEST_PATH:
        raise AddressError(
            f"the path of the control socket is too long: {path} has {length} bytes,"
            f" at most {LONGEST_PATH} are allowed; set `socket` under [watchdog] to a shorter one"
        )
    try:
        make_private(path.parent)
        with _locked(path.parent):
            _check_free(path)
            return _bind(path, dress)
    except AddressError:
        raise
    except OSError as error:
        raise AddressError(
            f"the control socket cannot be made at {path}: {error.strerror};"
            " set `socket` under [watchdog] to a place that this user may write to"
        ) from None


def open_tcp(host: str, port: int, has_password: bool) -> socket.socket:
    """A listening TCP socket; `AddressError` if the port is taken or the host open to others."""
    if not (is_loopback(host) or has_password):
        raise AddressError(
            f"http = {host}:{port} would let everybody who reaches this machine control its"
            " programs; without a password only loopback is allowed, such as 127.0.0.1"
        )
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address, family=family, backlog=BACKLOG)
    except OSError as error:
        reason = "the port is taken" if error.errno == errno.EADDRINUSE else error.strerror
        raise AddressError(f"http = {host}:{port} cannot be opened: {reason}") from None


@contextlib.contextmanager
def _locked(directory: Path) -> Iterator[None]:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)  # held for as long as a bind takes
        yield
    finally:
        os.close(fd)


def _check_free(path: Path) -> None:
    """Only nothing, or the socket that a dead watchdog left, may be replaced."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise AddressError(f"{path} is no socket: it is not replaced; move it away")
    if is_served(path):
        raise AlreadyServed(
            f"another watchdog answers at {path}; see `watchdog status`,"
            " or end it with `watchdog shutdown`"
        )


def _draft(path: Path) -> Path:
    """Where the socket is made before it is moved into place."""
    return path.with_name(f".{os.getpid()}")


def _bind(path: Path, dress: Dress) -> socket.socket:
    """Make it under another name first: whoever finds it at `path` can connect already."""
    listener = socket.socket(socket.AF_UNIX)
    draft = _draft(path)
    umask = os.umask(0o177)
    try:
        draft.unlink(missing_ok=True)
        listener.bind(str(draft))
        listener.listen(BACKLOG)
        if dress.owner is not None:
            os.chown(draft, *dress.owner)
        draft.chmod(dress.mode)
        draft.rename(path)
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(umask)
    listener.setblocking(False)
    return listener
