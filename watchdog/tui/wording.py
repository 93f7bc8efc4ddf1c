"""Figures as people read them, in few columns. Pure."""

from __future__ import annotations

import re

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_UNITS = ("B", "K", "M", "G", "T", "P")


def duration(seconds: float | None) -> str:
    """12s, 3m05s, 4h12m, 9d03h; empty if there is none."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole // 60 % 60:02}m"
    return f"{whole // 86400}d{whole // 3600 % 24:02}h"


def size(count: float | None) -> str:
    """17.3M: bytes, in powers of 1024; empty if it is not known."""
    if count is None:
        return ""
    unit = 0
    while count >= 1000 and unit < len(_UNITS) - 1:
        count, unit = count / 1024, unit + 1
    return f"{count:.1f}{_UNITS[unit]}" if unit and count < 100 else f"{count:.0f}{_UNITS[unit]}"


def share(part: float | None) -> str:
    """12.5%: of one core; empty if it is not known."""
    if part is None:
        return ""
    percent = part * 100
    return f"{percent:.0f}%" if percent >= 99.95 else f"{percent:.1f}%"


def latency(seconds: float | None) -> str:
    """4ms or 1.2s; empty if there is none."""
    if seconds is None:
        return ""
    return f"{seconds:.1f}s" if seconds >= 0.9995 else f"{seconds * 1000:.0f}ms"


def countdown(seconds: float) -> str:
    """What is left, a second at least as long as it is not over."""
    return duration(max(0.0, seconds) + 0.999)


def printable(text: str) -> str:
    """What a program says must not steer the terminal: no escapes, no control characters."""
    if text.isprintable():
        return text
    plain = _ESCAPES.sub("", text).expandtabs(8)
    return "".join(char if char.isprintable() else " " for char in plain)
