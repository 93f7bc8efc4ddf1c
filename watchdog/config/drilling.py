"""The options of drills: how a program is broken on purpose, and when that is done by itself."""

from __future__ import annotations

import re
from typing import Any

from watchdog.config import kinds
from watchdog.config.errors import Findings
from watchdog.config.faults import FAULTS
from watchdog.config.kinds import Kind, Unfit, each, read_text
from watchdog.config.model import DrillConfig
from watchdog.config.options import option, section
from watchdog.config.read import Table

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def clock() -> Kind:
    """A time of the day."""

    def read(value: Any) -> str:
        if not _CLOCK.fullmatch(found := read_text(value)):
            raise Unfit
        return found

    return Kind('a time of the day such as "04:00"', read)


def faults() -> Kind:
    """A list of kinds of faults."""

    def read_one(value: Any) -> str:
        if (found := read_text(value)) not in FAULTS:
            raise Unfit
        return found

    def read(value: Any) -> tuple[str, ...]:
        wanted = each(read_one, value)
        return tuple(fault for fault in FAULTS if fault in wanted)

    *first, last = (f'"{fault}"' for fault in FAULTS)
    return Kind(f"a list of {', '.join(first)} and {last}", read)


DRILL = section(
    "drill",
    "What `watchdog drill` may do to the program beyond a kill and a stop, and when a drill is to "
    "be held by itself. The commands run as the program does: in its directory, with its "
    "environment and its user; `WATCHDOG_DRILL_PID` is the pid of its main process.",
    option(
        "block",
        kinds.command(),
        None,
        "A command that blocks the program: alive, but without answers. It ends with 0 once it has "
        "asked for that.",
        example='["curl", "-sf", "localhost:8000/debug/block"]',
        private=True,
        unset="`watchdog drill` leaves that out",
    ),
    option(
        "mute",
        kinds.command(),
        None,
        "A command that makes the program deaf: alive, but without doing its work.",
        example='["curl", "-sf", "localhost:8000/debug/deaf"]',
        private=True,
        unset="`watchdog drill` leaves that out",
    ),
    option(
        "notice",
        kinds.duration(),
        "0s",
        "How long the program itself may take to notice that it is blocked or deaf before its "
        "health says so. It is added to what its probes promise.",
    ),
    option(
        "every",
        kinds.duration(60),
        None,
        "Hold a drill by itself, so often.",
        example='"7d"',
        unset="only when somebody asks for one",
    ),
    option(
        "at",
        clock(),
        None,
        "With `every`: not before this time of the day, by the machine's clock.",
        example='"04:00"',
        unset="at any time",
    ),
    option(
        "only",
        faults(),
        ["kill"],
        "With `every`: what is rehearsed. One after another, each once the one before is over.",
    ),
)


def drill_of(table: Table, findings: Findings) -> DrillConfig:
    """The drills of a program; a schedule that could never come due is a mistake."""
    found = table["drill"]
    for key in ("at", "only"):
        if key in found.given and found["every"] is None:
            hint = 'write every = "7d" as well; `watchdog drill --only` is for drills by hand'
            findings.add((*found.path, key), "found without every", hint=hint)
    if found["every"] is not None and table["restart"]["when"] == "never":
        hint = "take every out, or choose another restart.when"
        findings.add((*found.path, "every"), 'found beside restart.when = "never"', hint=hint)
    for fault in ("block", "mute"):
        if "only" in found.given and fault in found["only"] and found[fault] is None:
            hint = f"add drill.{fault}, the command that does it"
            findings.add((*found.path, "only"), f'found "{fault}" without its command', hint=hint)
    return DrillConfig(**found.values)
