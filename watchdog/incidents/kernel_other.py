"""Where there is no /proc: nothing is known of a process but its number."""

from __future__ import annotations

from typing import Any


def describe(pid: int, sockets: dict[str, str]) -> dict[str, Any]:
    """One process, with everything left open."""
    return outline(pid) | {"open_files": 0, "files": [], "waits_in": "", "kernel": []}


def outline(pid: int) -> dict[str, Any]:
    """Its number, and nothing else."""
    return {
        "pid": pid,
        "parent": 0,
        "command": "",
        "state": "",
        "threads": 0,
        "cpu_seconds": 0.0,
        "resident_bytes": 0,
    }


def is_python(pid: int) -> bool:
    """It may be; py-spy will tell."""
    return True


def catches(pid: int, signal: int) -> bool:
    """The configuration says so."""
    return True


def cpu_seconds(pid: int) -> float:
    """Not known."""
    return 0.0


def read_sockets(pid: int) -> dict[str, str]:
    """None are known."""
    return {}
