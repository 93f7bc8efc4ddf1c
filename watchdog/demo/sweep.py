"""Finds what the demonstration started, by the marker in its environment, and ends it.

Whoever inherits the environment inherits the marker, so a grandchild whose parent died is found
too, and nothing that anybody else started can be.
"""

from __future__ import annotations

import contextlib

import psutil

from watchdog.demo.scenery import MARKER

PATIENCE = 5.0  # seconds for the kernel to clear away what was killed


def find(place: str) -> list[psutil.Process]:
    """The live processes that carry the marker of this place; a zombie has no environment."""
    return [process for process in psutil.process_iter() if _is_marked(process, place)]


def describe(process: psutil.Process) -> str:
    """A process in two words."""
    try:
        return f"{process.name()} (pid {process.pid})"
    except psutil.Error:
        return f"pid {process.pid}"


def sweep(place: str) -> None:
    """Kill until nothing is left: a watchdog, before its own turn comes, may start one more."""
    for _ in range(10):
        found = find(place)
        if not found:
            return
        for process in found:
            _kill(process)
        psutil.wait_procs(found, timeout=PATIENCE)


def _is_marked(process: psutil.Process, place: str) -> bool:
    try:
        return bool(process.environ().get(MARKER) == place)
    except (psutil.Error, OSError):
        return False


def _kill(process: psutil.Process) -> None:
    # It may have ended in between.
    with contextlib.suppress(psutil.Error):
        process.kill()
