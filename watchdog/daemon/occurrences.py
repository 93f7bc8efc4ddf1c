"""When a cron line comes due. Pure, but for the machine's own time zone.

As Debian's cron has it: what would fall into an hour that is left out in spring comes right after
it, and what falls into the hour that is repeated in autumn comes once. Loaded with the first
schedule.
"""

from __future__ import annotations

import os
from datetime import datetime, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim

LOCAL = Path("/etc/localtime")


def next_time(line: str, zone: tzinfo | None, after: float) -> float:
    """The first time (Unix seconds) after `after`. Without a zone: UTC's offset as it is now."""
    moment = datetime.fromtimestamp(after, zone) if zone else datetime.fromtimestamp(after)
    times = (found.timestamp() for found in CronSim(line, moment))
    # In the hour that is repeated it begins with the first of the two, which is over.
    return next(at for at in times if at > after)


def zone_of(name: str | None) -> tzinfo | None:
    """The time zone of this name, or the machine's; None if that cannot be told."""
    try:
        return ZoneInfo(name) if name is not None else local_zone()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def local_zone() -> tzinfo:
    """The machine's, with its rules for summer time. Raises ValueError or OSError."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named:
        return ZoneInfo(named)
    with LOCAL.open("rb") as file:
        return ZoneInfo.from_file(file, key="local")
