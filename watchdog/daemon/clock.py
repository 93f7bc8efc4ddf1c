"""The two clocks, and chance: everything that the core is given and must not take.

Deadlines are kept on the monotonic clock, which no administrator and no time server can move; the
wall clock only ever labels what people read.
"""

from __future__ import annotations

import random
import time
from datetime import datetime

from watchdog.core.model import Moment


def moment() -> Moment:
    """This moment, and a draw of chance."""
    return Moment(time.monotonic(), random.random())


def wall_time(monotonic: float) -> float:
    """The wall-clock time (Unix seconds) of a monotonic one, by today's reading of both clocks."""
    return time.time() - (time.monotonic() - monotonic)


def stamp_of(at: float) -> str:
    """A time (Unix seconds) in the same words as now."""
    return datetime.fromtimestamp(at).astimezone().isoformat(timespec="milliseconds")


def stamp() -> str:
    """Now in words: local time with milliseconds and offset (ISO 8601)."""
    return datetime.now().astimezone().isoformat(timespec="milliseconds")
