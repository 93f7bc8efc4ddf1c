"""`watchdog.*`: how programs are, why, and what their hand-overs cost.

What was is read from the journal, whose last lines are looked at, also in files that were rotated.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from watchdog.control import names
from watchdog.control.backend import ProgramView
from watchdog.control.measures import BUCKETS
from watchdog.control.rpc import Api, Table
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("watchdog")

MOST_LINES = 5000
"""Of the journal, for one answer: some 1.5 MB, read in about 20 ms."""

FEW = 20  # reasons, if nobody says how many

_HEALTH_KEYS = ("name", "group", "reason", "status", "restarts")
_REASON_KEYS = ("at", "event", "state", "from", "health", "reason", "cause", "incarnation", "exit")
_COST_KEYS = ("gap_seconds", "double_seconds")


@TABLE.method("health", "array", "string name?")
async def health(api: Api, name: str = "all") -> list[dict[str, Any]]:
    """How each program is (or the one of this name, or group:*): state, health, and why."""
    return [_health(view) for view in _choose(api, name)]


@TABLE.method("reasons", "array", "string name", "int count?")
async def reasons(api: Api, name: str, count: int = FEW) -> list[dict[str, Any]]:
    """The last changes of a program as the journal has them, the oldest first."""
    wanted = {view.name for view in _choose(api, name)}
    found = [_pick(line, _REASON_KEYS) for line in _lines(api, wanted) if "reason" in line]
    return found[-max(0, count) :] if count > 0 else []


@TABLE.method("ledger", "array", "string name?")
async def ledger(api: Api, name: str = "all") -> list[dict[str, Any]]:
    """For each program: its hand-overs, and the seconds without it and with two of it.

    A sum is left out where one of its parts is not known.
    """
    views = _choose(api, name)
    handovers: dict[str, list[dict[str, Any]]] = {view.name: [] for view in views}
    for line in _lines(api, set(handovers)):
        if line["event"] == "handover":
            handovers[line["program"]].append(line)
    return [{"name": program, **add_up(lines)} for program, lines in handovers.items()]


@TABLE.method("latencies", "array")
async def latencies(api: Api) -> list[dict[str, Any]]:
    """How long the probes of each program took since it is counted: a histogram for each role."""
    measures = await api.backend.measure()
    return [
        {
            "program": measured.view.name,
            "role": role,
            "kind": latency.kind,
            "bounds": list(BUCKETS),
            "counts": list(latency.counts),
            "failures": latency.failures,
        }
        for measured in measures.programs
        for role, latency in measured.counts.latencies.items()
    ]


def add_up(handovers: list[dict[str, Any]]) -> dict[str, Any]:
    """What these hand-overs cost. Pure."""
    told: dict[str, Any] = {
        "handovers": len(handovers),
        "adopted": sum(line.get("how") == "adopted" for line in handovers),
        "bound": "at most"
        if any(line.get("bound") == "at most" for line in handovers)
        else "exact",
    }
    for key in _COST_KEYS:
        parts = [line.get(key) for line in handovers]
        if all(isinstance(part, int | float) for part in parts):
            told[key] = float(round(sum(part for part in parts if part is not None), 6))
    return told


def _choose(api: Api, name: str) -> list[ProgramView]:
    found = names.match(api.backend.programs(), name)
    if not found and name != "all":
        raise refuse(faults.BAD_NAME, f"there is no program {name}")
    return found


def _health(view: ProgramView) -> dict[str, Any]:
    told = {key: getattr(view, key) for key in _HEALTH_KEYS}
    return told | {"state": view.state.value, "health": view.health.value}


def _pick(line: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: line[key] for key in keys if line.get(key) is not None}


def _lines(api: Api, programs: set[str]) -> Iterator[dict[str, Any]]:
    """The last lines of the journal that speak of these programs."""
    path = Path(api.backend.journal_path())
    try:
        data = api.logs.last_lines(path, MOST_LINES)
    except OSError:
        return
    for text in data.splitlines():
        try:
            line = msgspec.json.decode(text)
        except msgspec.DecodeError:  # the line that is being written
            continue
        if isinstance(line, dict) and line.get("program") in programs:
            yield line
