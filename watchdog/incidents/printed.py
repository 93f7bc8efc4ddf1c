"""Places in Python code that a program has printed itself, among its last lines. Pure.

`faulthandler` prints the stacks of every thread, innermost frame first, at a signal or when the
interpreter dies; an exception nobody caught prints its own, innermost frame last. Both are found in
logs of every format: only what is in a line counts, not what is before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

DUMP = re.compile(r"((?:Current t|T)hread 0x|Stack )[^(]*\(most recent call first\):")
CURRENT = "Current thread"
TRACEBACK = "Traceback (most recent call last):"
FRAME = re.compile(r'File \\?"(.+?)\\?", line (\d+),? in ([\w.<>]+)')
FATAL = "Fatal Python error"
MOST_AFTER = 8  # lines from the last frame to the end: its source, and what the exception says

Frames = list[dict[str, Any]]


def split_dump(output: str) -> tuple[list[str], list[str]]:
    """The lines before a dump of stacks with which the output ends, and those of the dump."""
    lines = output.splitlines()
    begin = len(lines)
    for at in range(len(lines) - 1, -1, -1):
        if DUMP.search(lines[at]) or FATAL in lines[at]:
            begin = at
        elif not belongs(lines[at]):
            break
    return lines[:begin], lines[begin:]


def belongs(line: str) -> bool:
    """Whether a line may be one in the middle or at the end of a dump."""
    text = line.strip()
    return not text or bool(FRAME.search(text)) or text.startswith(("Extension modules:", "..."))


def frames_of_dump(dump: Sequence[str]) -> Frames:
    """The frames of the thread that was running, else of the last one: that is the main thread."""
    heads = [at for at, line in enumerate(dump) if DUMP.search(line)]
    if not heads:
        return []
    head = next((at for at in heads if CURRENT in dump[at]), heads[-1])
    end = next((at for at in heads if at > head), len(dump))
    return frames_in(dump[head + 1 : end])


def frames_of_traceback(output: str) -> Frames:
    """The frames of the exception with which the output ends, innermost first.

    One that was printed and survived, with other lines after it, is none of the end.
    """
    begun, _, last = output.rpartition(TRACEBACK)
    lines = last.splitlines() if begun or last != output else []
    frames = [at for at, line in enumerate(lines) if FRAME.search(line)]
    if not frames or len(lines) - frames[-1] > MOST_AFTER:
        return []
    return frames_in(lines)[::-1]


def frames_in(lines: Sequence[str]) -> Frames:
    """Every frame in these lines, in their order."""
    found = (FRAME.search(line) for line in lines)
    return [{"file": one[1], "line": int(one[2]), "function": one[3]} for one in found if one]
