"""The timeline of a program in a few columns, and a sparkline of its probes. Pure.

A column shows the worst that was seen in its time: an outage of a millisecond is not averaged away.
"""

from __future__ import annotations

from collections.abc import Sequence

Change = tuple[float, str]  # from when on (Unix seconds), and the state; "" is not known

CLASSES = {
    "RUNNING": "up",
    "STARTING": "starting",
    "WAITING": "starting",
    "STOPPING": "starting",
    "BACKOFF": "backoff",
    "FATAL": "down",
    "STOPPED": "off",
    "EXITED": "off",
}
_WORST = ("down", "backoff", "starting", "off", "up", "")
_RANK = {name: len(_WORST) - place for place, name in enumerate(_WORST)}


def strip(changes: Sequence[Change], now: float, seconds: float, columns: int) -> list[str]:
    """The class of each column, the oldest first; the last one ends with `now`.

    Columns begin at multiples of their own length, so that a picture moves only as time does.
    """
    length = seconds / columns
    last = int(now // length)
    begin = (last - columns + 1) * length
    shown = [""] * columns
    for index, (at, state) in enumerate(changes):
        until = changes[index + 1][0] if index + 1 < len(changes) else now
        if until < begin:
            continue
        low = max(0, int((at - begin) // length))
        high = min(columns - 1, int((until - begin) // length))
        for column in range(low, high + 1):
            shown[column] = worse(shown[column], CLASSES.get(state, ""))
    return shown


def worse(one: str, other: str) -> str:
    """The worse of two classes."""
    return one if _RANK[one] >= _RANK[other] else other


def spark(latencies: Sequence[tuple[bool, float]], columns: int, levels: str, failed: str) -> str:
    """The last probes (passed, seconds), each a column, the slowest that passed at full height."""
    shown = latencies[-columns:] if columns > 0 else ()
    top = max((seconds for ok, seconds in shown if ok), default=0.0)
    return "".join(
        levels[level_of(seconds, top, len(levels))] if ok else failed for ok, seconds in shown
    ).rjust(max(columns, 0))


def level_of(seconds: float, top: float, count: int) -> int:
    """Which of `count` levels a latency has below `top`."""
    return min(count - 1, int(seconds / top * count)) if top > 0 else 0
