"""The watchdog itself as a process: its limits, its pid file, and who may open its socket."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from watchdog.config.model import House
from watchdog.daemon.claims import Unusable
from watchdog.logs.opening import may_remove
from watchdog.socket_file import parse_owner

_LIMITS = {"open_files": "RLIMIT_NOFILE", "processes": "RLIMIT_NPROC"}


def raise_limits(house: House) -> None:
    """Raise what the system allows us to what was asked for. `Unusable` if it cannot be."""
    for key, constant in _LIMITS.items():
        wanted = getattr(house, key)
        if wanted:
            _raise_limit(key, constant, wanted)


def _raise_limit(key: str, constant: str, wanted: int) -> None:
    import resource

    which = getattr(resource, constant)
    soft, hard = resource.getrlimit(which)
    infinite = resource.RLIM_INFINITY
    if soft in (infinite, wanted) or soft > wanted:
        return
    top = hard if hard == infinite or hard >= wanted else wanted
    try:
        resource.setrlimit(which, (wanted, top))
    except (OSError, ValueError):
        raise Unusable(
            f"[watchdog] {key}: found {wanted}, but the system allows {hard};"
            " raise its limit (ulimit), or write a lower number"
        ) from None


@contextlib.contextmanager
def pid_file(path: Path | None) -> Iterator[None]:
    """Keep our pid in the file meanwhile; removed only if it is still ours.

    A device, a pipe or a link to one (/dev/null is a usual way to want none) is left alone.
    """
    if path is None or not (path.is_file() or path.is_dir() or not path.exists()):
        yield
        return
    own = f"{os.getpid()}\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(own)
    except OSError as error:
        raise Unusable(f"the pid file {path} cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            if may_remove(str(path)) and path.read_text() == own:
                path.unlink()


def owner_of(house: House) -> tuple[int, int] | None:
    """The uid and gid for the control socket, -1 for one that stays. `Unusable` if unknown."""
    if house.socket_owner is None:
        return None
    try:
        return parse_owner(house.socket_owner)
    except KeyError:
        raise Unusable(
            f"[watchdog] socket_owner: there is no {house.socket_owner} on this machine"
        ) from None
