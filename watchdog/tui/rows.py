"""What is known of each program, and how the table is filtered and sorted. Pure but for nothing.

`absorb` makes the next rows from the last ones and an answer of `watchdog.observe`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from watchdog.tui.strip import Change
from watchdog.wire.names import full_name

MOST_CHANGES = 400  # kept of one program
MOST_PROBES = 60

Probe = tuple[float, str, bool, float]  # at, role, ok, seconds
Key = tuple[int, str]  # the watchdog, and the program's full name


class Row(Struct, frozen=True):
    """One program. Times are Unix seconds of its watchdog's clock."""

    source: int  # which watchdog
    name: str  # GROUP:NAME where the two differ
    state: str
    health: str
    seen: float  # when all this was so
    reason: str = ""
    status: str = ""
    pid: int | None = None
    incarnation: int = 0
    uptime: float | None = None
    restarts: int = 0
    retry_at: float | None = None
    incident: str = ""
    cpu_seconds: float | None = None
    cpu: float | None = None  # cores, since the last look
    resident: int | None = None
    processes: int | None = None
    changes: tuple[Change, ...] = ()
    probes: tuple[Probe, ...] = ()

    @property
    def key(self) -> Key:
        """What it is known by."""
        return self.source, self.name

    def retry_in(self, now: float) -> float | None:
        """Seconds until it is tried again; None if it is not."""
        return None if self.retry_at is None else max(0.0, self.retry_at - now)


def absorb(
    source: int,
    before: Mapping[str, Row],
    answer: Mapping[str, Any],
    timeline: Mapping[str, Sequence[Sequence[Any]]],
) -> dict[str, Row]:
    """The rows of one watchdog after an answer, in its order. `timeline` is for new programs."""
    rows: dict[str, Row] = {}
    for told in answer["programs"]:
        name = full_name(told["name"], told.get("group", ""))
        begin = tuple((at, state) for at, state in timeline.get(told["name"], ()))
        rows[name] = advance(before.get(name), row_of(source, name, told, answer["now"]), begin)
        rows[name] = with_probes(rows[name], told.get("probes", ()))
    return rows


def row_of(source: int, name: str, told: Mapping[str, Any], now: float) -> Row:
    """What the answer says of one program."""
    return Row(
        source=source,
        name=name,
        state=told["state"],
        health=told["health"],
        seen=now,
        reason=told.get("reason", ""),
        status=told.get("status", ""),
        pid=told.get("pid"),
        incarnation=told.get("incarnation", 0),
        uptime=told.get("uptime_seconds"),
        restarts=told.get("restarts", 0),
        retry_at=told.get("retry_at"),
        incident=told.get("last_incident", ""),
        cpu_seconds=told.get("cpu_seconds"),
        resident=told.get("resident_bytes"),
        processes=told.get("processes"),
    )


def advance(before: Row | None, now: Row, begin: tuple[Change, ...]) -> Row:
    """The row with what only two looks tell: the use of CPU, and what changed in between."""
    if before is None:
        return replace(now, changes=with_change(begin, now))
    changes = before.changes
    if now.incarnation != before.incarnation and now.state == before.state:
        # It ended and came back between two looks: that is not to be missed.
        changes = (*changes, (now.seen - (now.uptime or 0.0), "WAITING"))
    return replace(
        now,
        cpu=cpu_between(before, now),
        changes=with_change(changes, now),
        probes=before.probes,
    )


def cpu_between(before: Row, now: Row) -> float | None:
    """Cores that were in use since the last look; None where it cannot be told."""
    if now.cpu_seconds is None or now.seen <= before.seen:
        return None
    if before.cpu_seconds is None or now.incarnation != before.incarnation:
        return None
    return max(0.0, now.cpu_seconds - before.cpu_seconds) / (now.seen - before.seen)


def with_change(changes: tuple[Change, ...], now: Row) -> tuple[Change, ...]:
    """The changes, with the present state at their end."""
    if changes and changes[-1][1] == now.state:
        return changes
    return (*changes, (now.seen, now.state))[-MOST_CHANGES:]


def with_probes(row: Row, came: Iterable[Sequence[Any]]) -> Row:
    """The row with the probes that it did not have yet."""
    last = row.probes[-1][0] if row.probes else 0.0
    new = tuple((at, role, ok, seconds) for at, role, ok, seconds in came if at > last)
    return replace(row, probes=(*row.probes, *new)[-MOST_PROBES:]) if new else row


_ROLES = ("liveness", "readiness", "telegram", "startup")


def latencies(row: Row) -> list[tuple[bool, float]]:
    """Its probes of the role that tells most, oldest first: passed, seconds."""
    roles = {probe[1] for probe in row.probes}
    chosen = next((role for role in _ROLES if role in roles), None)
    return [(ok, seconds) for _, role, ok, seconds in row.probes if role == chosen]


# --- which rows, and in which order -----------------------------------------------------------

_URGENCY = ("FATAL", "BACKOFF", "WAITING", "STARTING", "STOPPING", "RUNNING", "EXITED", "STOPPED")


def urgency(row: Row) -> int:
    """What needs a person comes first."""
    if row.health == "unhealthy" and row.state == "RUNNING":
        return 1
    return _URGENCY.index(row.state) if row.state in _URGENCY else len(_URGENCY)


ORDERS: dict[str, Callable[[Row], Any]] = {
    "order": lambda row: 0,
    "name": lambda row: row.name,
    "state": urgency,
    "cpu": lambda row: -(row.cpu or 0.0),
    "memory": lambda row: -(row.resident or 0),
    "restarts": lambda row: -row.restarts,
    "uptime": lambda row: row.uptime if row.uptime is not None else float("inf"),
}
"""How rows can be sorted; `order` is that of the configuration."""


def arrange(rows: Iterable[Row], wanted: str, order: str, backwards: bool) -> list[Row]:
    """The rows to show: each word of `wanted` is in the name, the state, the health or the reason;
    `-word` is in none of them."""
    words = wanted.lower().split()
    shown = [row for row in rows if matches(row, words)]
    shown.sort(key=ORDERS[order])
    return shown[::-1] if backwards else shown


def matches(row: Row, words: Sequence[str]) -> bool:
    """Whether a row has all that is wanted."""
    text = f"{row.name} {row.state} {row.health} {row.reason} {row.pid or ''}".lower()
    return all(
        word[1:] not in text if word.startswith("-") and len(word) > 1 else word in text
        for word in words
    )


def tally(rows: Iterable[Row]) -> dict[str, int]:
    """How many are in each state, the urgent first."""
    counts: dict[str, int] = {}
    for row in sorted(rows, key=urgency):
        counts[row.state] = counts.get(row.state, 0) + 1
    return counts
