"""Where a process was: reads the stacks of its threads as a person would. Pure.

The main thread counts. Of its frames, the innermost that is the program's own is where it hangs;
what is further in (a library, the standard library) is what it was waiting in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from msgspec import Struct

FOREIGN = ("site-packages", "dist-packages")


class Place(Struct, frozen=True):
    """A line of the program's own, and what it had called."""

    file: str  # as much of the path as tells it apart
    line: int
    function: str
    within: str = ""  # the library that it waited in: "psycopg wait"
    idle: bool = False  # the event loop itself, waiting for something to do


def find_place(processes: Sequence[Mapping[str, Any]]) -> Place | None:
    """Where the leader's main thread was; else any process of the tree that tells."""
    for process in processes:
        threads = process.get("stacks") or []
        main = next((t for t in threads if t.get("name") == "MainThread"), None)
        frames = (main or threads[0])["frames"] if threads else []
        if frames:
            return place_of(frames)
    return None


def place_of(frames: Sequence[Mapping[str, Any]]) -> Place:
    """The innermost frame of the program's own; if there is none, the innermost of all."""
    own = next((i for i, frame in enumerate(frames) if is_own(frame)), None)
    inner = frames[0]
    idle = is_idle(frames[:own])
    if own is None:
        return Place(shorten(inner["file"]), inner["line"], inner["function"], idle=idle)
    frame = frames[own]
    within = name_library(frames[own - 1], inner) if own else ""
    return Place(shorten(frame["file"]), frame["line"], frame["function"], within, idle)


def is_own(frame: Mapping[str, Any]) -> bool:
    """Whether a frame is of the program, not of the interpreter or of a package."""
    file = str(frame["file"])
    if file.startswith("<"):
        return file == "<string>"
    parts = PurePath(file).parts
    if any(part in FOREIGN for part in parts):
        return False
    return not any(part.startswith("python3") for part in parts[:-1])


def is_idle(called: Sequence[Mapping[str, Any]]) -> bool:
    """Whether what the program had called is an event loop that waits for something to do."""
    if not called or bare(called[0]["function"]) != "select":
        return False
    turns = (frame for frame in called if bare(frame["function"]) == "_run_once")
    return any("asyncio" in PurePath(str(frame["file"])).parts for frame in turns)


def bare(function: str) -> str:
    """A function without its class, which is named from Python 3.11 on: "EpollSelector.select"."""
    return function.rpartition(".")[2]


def name_library(called: Mapping[str, Any], inner: Mapping[str, Any]) -> str:
    """What the program had called, in two words: the package, and the function it was in."""
    parts = PurePath(str(called["file"])).parts
    package = next(
        (parts[i + 1] for i, part in enumerate(parts[:-1]) if part in FOREIGN),
        PurePath(str(called["file"])).stem,
    )
    return f"{PurePath(package).stem} {inner['function']}"


def shorten(file: str) -> str:
    """The last two parts of a path: "handlers/kb.py"."""
    return "/".join(PurePath(file).parts[-2:])
