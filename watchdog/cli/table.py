"""The table of `watchdog status`: aligned columns that fit the terminal.

Where it is narrow, the columns that matter least are left out and the reason is cut; in a pipe
nothing is. Colours only on a terminal, and never with NO_COLOR.
"""

from __future__ import annotations

from typing import Any, TextIO

from watchdog.cli.context import terminal_width
from watchdog.cli.terminal import DIM, GREEN, RED, YELLOW, wants_colour
from watchdog.wire.names import full_name, named

_COLUMNS = ("NAME", "STATE", "HEALTH", "PID", "UPTIME", "RESTARTS", "REASON")
_DISPENSABLE = ("RESTARTS", "PID", "UPTIME", "HEALTH")  # the first of these goes first
_RIGHT = frozenset({"PID", "UPTIME", "RESTARTS"})
_GAP = "  "
_LEAST_REASON = 16  # columns left for the reason before another column is given up

_COLOURS = {
    "RUNNING": GREEN,
    "WAITING": YELLOW,
    "STARTING": YELLOW,
    "STOPPING": YELLOW,
    "BACKOFF": YELLOW,
    "FATAL": RED,
    "STOPPED": DIM,
    "EXITED": DIM,
    "healthy": GREEN,
    "starting": YELLOW,
    "unhealthy": RED,
    "unknown": DIM,
}

Row = dict[str, str]


def print_table(programs: list[dict[str, Any]], out: TextIO) -> None:
    """Print a heading and a line for each program."""
    is_terminal = out.isatty()
    width = terminal_width() if is_terminal else None
    for line in format_table(programs, width, wants_colour(out)):
        print(line, file=out)


def format_table(
    programs: list[dict[str, Any]], width: int | None = None, colour: bool = False
) -> list[str]:
    """The lines, none longer than `width` (None: as long as they are)."""
    rows = [_row(program) for program in programs]
    columns = _choose_columns(rows, width)
    widths = {name: _width(rows, name) for name in columns}
    heading = _line(dict(zip(columns, columns, strict=True)), widths, width, colour=False)
    return [heading, *(_line(row, widths, width, colour) for row in rows)]


def format_uptime(seconds: float | None) -> str:
    """0:00:10, 12:34:56, or 3d 4:05:06; empty for a program that does not run."""
    if seconds is None:
        return ""
    days, rest = divmod(max(0, int(seconds)), 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days}d {clock}" if days else clock


def _row(program: dict[str, Any]) -> Row:
    return {
        "NAME": _printable(full_name(*named(program))),
        "STATE": program["state"],
        "HEALTH": program["health"],
        "PID": str(program["pid"] or ""),
        "UPTIME": format_uptime(program["uptime_seconds"]),
        "RESTARTS": str(program["restarts"]),
        "REASON": _printable(program["reason"]),
    }


def _printable(text: str) -> str:
    """What a program says of itself must not steer the terminal."""
    return "".join(char if char.isprintable() else " " for char in text)


def _choose_columns(rows: list[Row], width: int | None) -> list[str]:
    columns = [name for name in _COLUMNS if name != "REASON" or any(r["REASON"] for r in rows)]
    for name in _DISPENSABLE:
        if width is None or _needed(rows, columns) <= width:
            break
        columns.remove(name)
    return columns


def _needed(rows: list[Row], columns: list[str]) -> int:
    return sum(_least(rows, name) for name in columns) + len(_GAP) * (len(columns) - 1)


def _least(rows: list[Row], name: str) -> int:
    width = _width(rows, name)
    return min(width, _LEAST_REASON) if name == "REASON" else width


def _width(rows: list[Row], name: str) -> int:
    return max(len(name), *(len(row[name]) for row in rows))


def _line(row: Row, widths: dict[str, int], width: int | None, colour: bool) -> str:
    cells = [_cell(name, row[name], wide) for name, wide in widths.items()]
    text = _GAP.join(cells).rstrip()
    if width is not None and len(text) > width:
        text = text[: max(0, width - 1)] + "…"
    return _paint(text, row) if colour else text


def _cell(name: str, text: str, width: int) -> str:
    return text.rjust(width) if name in _RIGHT else text.ljust(width)


def _paint(text: str, row: Row) -> str:
    """Colour the state and the health where they stand, behind the name."""
    name, rest = text[: len(row["NAME"])], text[len(row["NAME"]) :]
    for word in (row["STATE"], row["HEALTH"]):
        if word in _COLOURS:
            rest = rest.replace(word, f"\x1b[{_COLOURS[word]}m{word}\x1b[0m", 1)
    return name + rest
