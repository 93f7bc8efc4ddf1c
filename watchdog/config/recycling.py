"""The options by which a process that is well is replaced all the same, and what it may use."""

from __future__ import annotations

import re
from typing import Any

from watchdog.config import kinds
from watchdog.config.errors import Findings
from watchdog.config.kinds import Kind, Unfit, read_text
from watchdog.config.options import option, section
from watchdog.config.read import Table
from watchdog.config.units import format_duration

_PERCENT = re.compile(r"\s*(\d{1,7}(?:\.\d{1,3})?)\s*%\s*")
_FORM = 'a cron line such as "0 4 * * 1" (minute, hour, day, month, weekday: Mondays at 04:00)'
INSTALL = "pip install 'watchdog-supervisor[schedules]'"


def cron() -> Kind:
    """Five fields, as crontab(5) has them."""

    def read(value: Any) -> str:
        line = " ".join(read_text(value).split())
        check_cron(line)
        return line

    return Kind(_FORM, read)


def check_cron(line: str) -> None:
    """Raises `Unfit` with what is wrong with the line, or if it never comes due."""
    from datetime import datetime

    try:
        from cronsim import CronSim, CronSimError  # only where there is a schedule
    except ImportError:
        raise Unfit(f"cronsim, which reads it, is not installed: {INSTALL}") from None
    count = len(line.split())
    if count != 5:
        raise Unfit(f"it has {count} fields, not 5")
    try:
        next(CronSim(line, datetime(2024, 1, 1)))
    except CronSimError as error:
        raise Unfit(str(error).replace("Bad", "not understood:")) from None
    except StopIteration:
        raise Unfit("it never comes due") from None


def zone() -> Kind:
    """The name of a time zone."""

    def read(value: Any) -> str:
        from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # only where there is a schedule

        name = read_text(value)
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise Unfit("it is not among those of this machine (/usr/share/zoneinfo)") from None
        return name

    return Kind('a time zone such as "Europe/Lisbon" or "UTC"', read)


def percent() -> Kind:
    """A part of one processor; 1.0 is all of it.

    Never without the sign: `cpu = 2` would mean two processors to many, and be 2 %.
    """

    def read(value: Any) -> float:
        text = value if isinstance(value, str) else str(value)
        found = _PERCENT.fullmatch(text)
        if isinstance(value, bool) or not found or not float(found[1]) >= 1:
            raise Unfit
        return float(found[1]) / 100

    return Kind('a percentage of one processor such as "90%" or "250%", at least 1%', read)


SCHEDULE = (
    option(
        "restart_at",
        cron(),
        None,
        "Restart it at these times. [schedules.md](schedules.md) says more.",
        example='"0 4 * * 1"',
        unset="never",
        elsewhere="cron_restart schedule",
    ),
    option(
        "restart_at_zone",
        zone(),
        None,
        "The time zone of `restart_at`.",
        example='"Europe/Lisbon"',
        unset="the machine's",
    ),
    option(
        "maximum_age",
        kinds.duration(1),
        None,
        "Restart it when its process is so old.",
        example='"24h"',
        unset="it may grow old",
        elsewhere="RuntimeMaxSec max_age",
    ),
    option(
        "maximum_age_spread",
        kinds.duration(),
        "0s",
        "By up to so much earlier, by chance, so that several are not restarted together.",
    ),
)

MEMORY = section(
    "memory",
    'A ceiling of the memory that all its processes use. `memory = "512MB"` is this table with the '
    "limit alone. Above it the program is restarted, and the evidence of that kept.",
    option(
        "limit",
        kinds.size(2**20),
        None,
        "How much they may use.",
        example='"512MB"',
        required=True,
        unset="required",
        elsewhere="max_memory_restart MemoryMax",
    ),
    option(
        "over",
        kinds.duration(),
        "0s",
        "On average over this time, so that a peak is allowed; 0 is at once.",
    ),
    optional=True,
    short="limit",
)

CPU = section(
    "cpu",
    "The same for processor time, of which 100% is one processor all the time.",
    option(
        "limit",
        percent(),
        None,
        "How much they may use.",
        example='"90%"',
        required=True,
        unset="required",
    ),
    option("over", kinds.duration(1), "5m", "On average over this time."),
    optional=True,
    short="limit",
)


def check_schedule(table: Table, findings: Findings) -> None:
    """A key without the one that it is about does nothing, and that is a mistake."""
    if table["restart_at_zone"] and "restart_at" not in table.given:
        found = "found without restart_at"
        findings.add((*table.path, "restart_at_zone"), found, hint='write restart_at = "0 4 * * *"')
    age, spread = table["maximum_age"], table["maximum_age_spread"]
    key = (*table.path, "maximum_age_spread")
    if spread and "maximum_age" not in table.given:
        findings.add(key, "found without maximum_age", hint='write maximum_age = "24h" as well')
    elif age is not None and spread >= age:
        allowed = f"less than maximum_age, which is {format_duration(age)}"
        findings.add(key, f'found "{format_duration(spread)}"', allowed)


def ceilings_of(table: Table) -> dict[str, Any]:
    """The ceilings, as fields of a program."""
    found: dict[str, Any] = {}
    for key in ("memory", "cpu"):
        if table[key] is not None:
            found |= {key: table[key]["limit"], f"{key}_over": table[key]["over"]}
    return found
