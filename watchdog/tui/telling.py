"""The details of a program as lines of text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from watchdog.export.incident_sections import sections
from watchdog.tui import wording
from watchdog.tui.columns import HEALTH_STYLES, STATE_STYLES, Piece
from watchdog.tui.lines import Line
from watchdog.tui.rows import Row, tally
from watchdog.tui.standing import Standing

HIDDEN = "(not shown)"


def about(row: Row, now: float) -> list[Piece]:
    """The selected program in one line: what the table may have no room for."""
    pieces: list[Piece] = [(row.name, "strong"), ("  ", ""), (row.state, STATE_STYLES[row.state])]
    left = row.retry_in(now)
    if left is not None:
        pieces.append((f" again in {wording.countdown(left)}", "warn"))
    if row.health != "unknown":
        pieces += [("  ", ""), (row.health, HEALTH_STYLES[row.health])]
    if row.pid:
        pieces.append((f"  pid {row.pid}", ""))
    if row.incarnation:
        pieces.append((f"  incarnation {row.incarnation}", "dim"))
    if row.processes and row.processes > 1:
        pieces.append((f"  {row.processes} processes", "dim"))
    return pieces


def reason(row: Row) -> str:
    """Why it is as it is, else what it says of itself."""
    return wording.printable(row.reason or row.status)


def summary(rows: Sequence[Row], shown: int, wanted: str) -> list[Piece]:
    """How many there are, and how they are."""
    count = len(rows)
    text = f"{count} program" + ("s" if count != 1 else "")
    told = f"{shown} of {text}" if shown != count else text
    pieces: list[Piece] = [("watchdog  ", "strong"), (told, "strong")]
    for state, number in tally(rows).items():
        pieces += [("  ", ""), (f"{number} {state}", STATE_STYLES.get(state, ""))]
    unhealthy = sum(row.health == "unhealthy" for row in rows)
    if unhealthy:
        pieces += [("  ", ""), (f"{unhealthy} unhealthy", "bad")]
    if wanted:
        pieces += [("  ", ""), (f"filter: {wanted}", "warn")]
    return pieces


def nothing(known: bool, wanted: str, standing: Standing) -> str:
    """What stands where no row is."""
    if known:
        return f"No program matches {wanted!r}; escape shows all."
    if standing.gone:
        return "Nothing is known yet."
    return "No program is configured." if standing.seen else "Asking..."


def clock(at: float) -> str:
    """The local time of day."""
    return datetime.fromtimestamp(at).strftime("%H:%M:%S")


def probe_lines(results: Sequence[Mapping[str, Any]]) -> list[Line]:
    """The last probes, the newest first."""
    lines: list[Line] = []
    for result in reversed(results):
        ok = result["ok"]
        text = wording.printable(result.get("text", ""))
        latency = wording.latency(result["latency"])
        verdict = "passed" if ok else "FAILED"
        line = f"{clock(result['at'])}  {result['role']:<9}  {verdict}  {latency:>6}  {text}"
        lines.append((line.rstrip(), "" if ok else "bad"))
    return lines


def environment_lines(variables: Mapping[str, str | None]) -> list[Line]:
    """A variable a line; what is not shown says so."""
    width = min(32, max(map(len, variables), default=0))
    return [
        (f"{name:<{width}}  {HIDDEN}", "dim")
        if value is None
        else (f"{name:<{width}}  {wording.printable(value)}", "")
        for name, value in variables.items()
    ]


def process_lines(processes: Sequence[Mapping[str, Any]], ascii: bool) -> list[Line]:
    """The tree, with what each of its processes uses."""
    if not processes:
        return []
    lines: list[Line] = [("    PID  S THR       CPU    MEM  COMMAND", "strong")]
    for depth, one in walk(processes):
        branch = f"{'   ' * (depth - 1)}{'`- ' if ascii else '└─ '}" if depth else ""
        line = (
            f"{one['pid']:>7}  {one['state'] or '?'} {one['threads']:>3} "
            f"{one['cpu_seconds']:>8.1f}s {wording.size(one['resident_bytes']):>6}  "
            f"{branch}{wording.printable(one['command'])}"
        )
        lines.append((line, ""))
    return lines


def walk(processes: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Each process after its parent, with its depth. Orphans of the tree stand at its root."""
    known = {one["pid"] for one in processes}
    children: dict[int, list[Mapping[str, Any]]] = {}
    for one in processes:
        parent = one["parent"] if one["parent"] in known else 0
        children.setdefault(parent, []).append(one)
    open_ends = [(0, one) for one in reversed(children.get(0, []))]
    while open_ends:
        depth, one = open_ends.pop()
        yield depth, one
        open_ends += [(depth + 1, child) for child in reversed(children.get(one["pid"], []))]


def incident_title(line: Mapping[str, Any]) -> str:
    """One incident in a list: when, what, and whether it is over."""
    at = datetime.fromtimestamp(line["at"]).strftime("%m-%d %H:%M:%S")
    kind = f"{line['cause']} x{line['repeats'] + 1}" if line["repeats"] else line["cause"]
    drill = " drill" if line["drill"] else ""
    return f"{at} {kind}{drill}{'' if line['recovered'] else ' (open)'}"


def incident_lines(incident: Mapping[str, Any]) -> list[Line]:
    """The story, then the evidence."""
    lines: list[Line] = [(wording.printable(incident["told"]), "")]
    for title, texts in sections(incident):
        lines += [("", ""), (title, "heading")]
        lines += [(wording.printable(text), "") for text in texts]
    return lines
