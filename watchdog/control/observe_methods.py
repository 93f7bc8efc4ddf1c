"""`watchdog.*`: what a view of running programs shows, looked up only while somebody watches.

`observe` is asked about once a second; the rest when a program is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import msgspec

from watchdog.control import names
from watchdog.control.backend import ProgramView
from watchdog.control.measures import Measured
from watchdog.control.rpc import Api, Table

TABLE = Table("watchdog")

MOST_LINES = 5000
"""Of the journal, for one timeline: some 1.5 MB, read in about 20 ms."""

MOST_CHANGES = 200
"""Of one program in a timeline: more than a strip in a terminal has columns."""

LONGEST = 7 * 86400  # seconds of a timeline

_KEYS = (
    "name",
    "group",
    "reason",
    "pid",
    "incarnation",
    "uptime_seconds",
    "restarts",
    "retry_at",
    "status",
    "last_incident",
)


@TABLE.method("observe", "struct", "double since?")
async def observe(api: Api, since: float = 0.0) -> dict[str, Any]:
    """The watchdog, and how each program is now, what it uses, and its probes after `since`.

    Times are Unix seconds; `now` is the watchdog's own. A probe is [at, role, ok, seconds].
    """
    measures = await api.backend.measure()
    watchdog = msgspec.structs.asdict(measures.watchdog)
    probes = api.backend.observer.probes_since(since)
    programs = [outline(one, probes.get(one.view.name, ())) for one in measures.programs]
    return {"now": time(), "watchdog": watchdog, "programs": programs}


@TABLE.method("timeline", "struct", "int seconds?")
async def timeline(api: Api, seconds: int = 3600) -> dict[str, list[list[Any]]]:
    """For each program the changes of the last seconds, oldest first: [at, state].

    The one before them comes first, so that the beginning is known. A state "" says that from
    then on no watchdog looked.
    """
    known = [view.name for view in api.backend.programs()]
    lines = read_journal(api)
    return changes_of(lines, known, time() - min(max(seconds, 1), LONGEST))


@TABLE.method("probes", "array", "string name")
async def probes(api: Api, name: str) -> list[dict[str, Any]]:
    """The last probes of a program, oldest first: at, role, ok, text and latency in seconds."""
    return api.backend.observer.probes(_find(api, name).name)


@TABLE.method("processes", "array", "string name")
async def processes(api: Api, name: str) -> list[dict[str, Any]]:
    """Every process of a program: pid, parent, command, state, threads, CPU, memory."""
    return api.backend.observer.processes(_find(api, name).name)


@TABLE.method("environment", "struct", "string name")
async def environment(api: Api, name: str) -> dict[str, str | None]:
    """The variables that a program is started with; values of harmless ones only, else nil."""
    return api.backend.observer.environment(_find(api, name).name)


def outline(one: Measured, probes: Iterable[tuple[Any, ...]]) -> dict[str, Any]:
    """One program, as a table shows it. What is not known is left out."""
    view, used = one.view, one.resources
    told = {key: getattr(view, key) for key in _KEYS} | {
        "state": view.state.value,
        "health": view.health.value,
        "cpu_seconds": used.cpu_seconds,
        "resident_bytes": used.resident_bytes,
        "processes": used.processes,
        "probes": [list(probe) for probe in probes],
    }
    return {key: value for key, value in told.items() if value not in (None, "", [])}


def changes_of(
    lines: Iterable[Mapping[str, Any]], known: Iterable[str], since: float
) -> dict[str, list[list[Any]]]:
    """The changes of these programs after `since`, with the one before. Pure."""
    found: dict[str, list[list[Any]]] = {name: [] for name in known}
    for line in lines:
        for name in _concerned(line, found):
            changes, state = found[name], "" if line["event"] == "watchdog" else line["state"]
            if changes and changes[-1][1] == state:
                continue
            at = seconds_of(line["at"])
            if at < since:
                changes.clear()
            changes.append([at, state])
    return {name: changes[-MOST_CHANGES:] for name, changes in found.items()}


def _concerned(line: Mapping[str, Any], known: Mapping[str, Any]) -> Iterable[str]:
    """The programs of which a line of the journal tells the state."""
    if line.get("event") == "state" and line.get("program") in known:
        return (line["program"],)
    ended = line.get("event") == "watchdog" and line.get("state") in ("SHUTDOWN", "GIVEN_WAY")
    return known if ended else ()


def seconds_of(stamp: str) -> float:
    """A stamp of the journal as Unix seconds."""
    return datetime.fromisoformat(stamp).timestamp()


def read_journal(api: Api) -> Iterable[dict[str, Any]]:
    """The last lines of the journal, also of what was rotated."""
    try:
        data = api.logs.last_lines(Path(api.backend.journal_path()), MOST_LINES)
    except OSError:
        return
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    for text in data.splitlines():
        try:
            yield decode(text)
        except msgspec.DecodeError:  # the line that is being written
            continue


def _find(api: Api, name: str) -> ProgramView:
    return names.only(api.backend.programs(), name)
