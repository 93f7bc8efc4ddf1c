"""Who listens at an address that we cannot have. Nothing but names: a command may hold a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from watchdog.config.held_sockets import overlap
from watchdog.config.model import Address, SocketConfig

UNKNOWN = "another process, which only root can see"


def find_holder(wanted: SocketConfig) -> str:
    """The process in words, as far as we may see it."""
    import psutil  # 2 MiB, and only when an address is taken

    kind = "unix" if isinstance(wanted.place, Path) else "tcp"
    try:
        found = [one for one in psutil.net_connections(kind) if _is_it(one, wanted)]
    except (psutil.Error, OSError):
        return UNKNOWN
    pids = sorted({one.pid for one in found if one.pid is not None})
    return _describe(pids[0]) if pids else UNKNOWN


def _describe(pid: int) -> str:
    import psutil

    try:
        return f"pid {pid} ({psutil.Process(pid).name()})"
    except psutil.Error:
        return f"pid {pid}"


def _is_it(connection: Any, wanted: SocketConfig) -> bool:
    if isinstance(wanted.place, Path):
        return bool(connection.laddr == str(wanted.place))
    if connection.status != "LISTEN":
        return False
    return overlap(SocketConfig(Address(*connection.laddr[:2])), wanted)
