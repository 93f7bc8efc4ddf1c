"""The table's columns: which fit, how wide, and what each shows of a row. Pure.

A cell is a text and the name of its style; `paint.py` knows the colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from watchdog.tui import wording
from watchdog.tui.glyphs import Glyphs
from watchdog.tui.rows import Row, latencies
from watchdog.tui.strip import spark, strip

HOUR = 3600.0
SPARK = 8  # columns of the sparkline, before the latest figure

Piece = tuple[str, str]  # text, style


class Moment(NamedTuple):
    """What cells are drawn with."""

    glyphs: Glyphs
    now: float
    titles: Sequence[str]  # of the watchdogs


class Column(NamedTuple):
    """One column."""

    title: str
    least: int
    most: int
    right: bool
    draw: Callable[[Row, Moment, int], list[Piece]]
    order: str = ""  # what a click on its title sorts by


class Placed(NamedTuple):
    """A column with its width."""

    column: Column
    width: int


def plain(text: Callable[[Row, Moment], str], style: str = "") -> Callable[..., list[Piece]]:
    """A cell of one text."""
    return lambda row, moment, width: [(text(row, moment), style)]


STATE_STYLES = {
    "RUNNING": "good",
    "WAITING": "warn",
    "STARTING": "warn",
    "STOPPING": "warn",
    "BACKOFF": "alarm",
    "FATAL": "bad",
    "STOPPED": "dim",
    "EXITED": "dim",
}
HEALTH_STYLES = {"healthy": "good", "starting": "warn", "unhealthy": "bad", "unknown": "dim"}
STRIP_STYLES = {
    "up": "good",
    "starting": "warn",
    "backoff": "alarm",
    "down": "bad",
    "off": "dim",
    "": "dim",
}


def draw_state(row: Row, moment: Moment, width: int) -> list[Piece]:
    """The state, and the time until the next try."""
    left = row.retry_in(moment.now)
    style = STATE_STYLES.get(row.state, "")
    if left is None:
        return [(row.state, style)]
    return [(f"{row.state} {wording.countdown(left)}", style)]


def draw_health(row: Row, moment: Moment, width: int) -> list[Piece]:
    """What the probes say; nothing where none looks."""
    text = "" if row.health == "unknown" else row.health
    return [(text, HEALTH_STYLES.get(row.health, ""))]


def draw_strip(row: Row, moment: Moment, width: int) -> list[Piece]:
    """The last hour."""
    pieces: list[Piece] = []
    for name in strip(row.changes, moment.now, HOUR, width):
        sign, style = moment.glyphs.strip[name], STRIP_STYLES[name]
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + sign, style)
        else:
            pieces.append((sign, style))
    return pieces


def draw_probes(row: Row, moment: Moment, width: int) -> list[Piece]:
    """The sparkline and the latest figure."""
    seen = latencies(row)
    if not seen:
        return [("", "")]
    line = spark(seen, SPARK, moment.glyphs.levels, moment.glyphs.failed)
    ok, seconds = seen[-1]
    style = "good" if ok else "bad"
    return [(line, style), (f" {wording.latency(seconds) if ok else 'failed':>6}", style)]


def title_of(row: Row, moment: Moment) -> str:
    """The watchdog's."""
    return moment.titles[row.source] if row.source < len(moment.titles) else ""


NAME = Column("NAME", 8, 24, False, plain(lambda row, moment: row.name, "strong"), "name")
WATCHDOG = Column("WATCHDOG", 8, 20, False, plain(title_of, "dim"), "order")
STATE = Column("STATE", 13, 13, False, draw_state, "state")
HEALTH = Column("HEALTH", 9, 9, False, draw_health, "state")
PID = Column("PID", 7, 7, True, plain(lambda row, moment: str(row.pid or "")))
UPTIME = Column("UP", 6, 6, True, plain(lambda row, moment: wording.duration(row.uptime)), "uptime")
RESTARTS = Column("RST", 3, 4, True, plain(lambda row, moment: str(row.restarts or "")), "restarts")
CPU = Column("CPU", 5, 5, True, plain(lambda row, moment: wording.share(row.cpu)), "cpu")
MEMORY = Column("MEM", 5, 6, True, plain(lambda row, moment: wording.size(row.resident)), "memory")
HISTORY = Column("LAST HOUR", 12, 24, False, draw_strip)
PROBES = Column("PROBES", SPARK + 7, SPARK + 7, False, draw_probes)
draw_reason = plain(lambda row, moment: wording.printable(row.reason or row.status))
REASON = Column("REASON", 20, 200, False, draw_reason)
LONG_REASON = REASON._replace(least=32)

HISTORY_FIRST = (NAME, STATE, HEALTH, UPTIME, CPU, MEMORY, RESTARTS, HISTORY, PROBES, PID, REASON)
REASON_FIRST = (
    NAME, STATE, PID, UPTIME, LONG_REASON, HEALTH, RESTARTS, CPU, MEMORY, HISTORY, PROBES,
)  # fmt: skip
"""The two views, by what is given up last where it is narrow. The reason takes what is left."""

_SHOWN_AS = (
    WATCHDOG, NAME, STATE, HEALTH, PID, UPTIME, RESTARTS, CPU, MEMORY, HISTORY, PROBES, REASON,
    LONG_REASON,
)  # fmt: skip
_GAP = 1


def place(wanted: Sequence[Column], rows: Sequence[Row], width: int, several: bool) -> list[Placed]:
    """The columns that fit into `width`, each with its share of it."""
    chosen = [WATCHDOG] if several else []
    wanted = [column for column in wanted if has_something(column, rows)]
    left = width - sum(column.least + _GAP for column in chosen)
    for column in wanted:
        if column.least + _GAP <= left:
            chosen.append(column)
            left -= column.least + _GAP
    widths = {column: column.least for column in chosen}
    for column, most in wishes(chosen, rows):
        more = min(left, most - widths[column])
        widths[column] += max(0, more)
        left -= max(0, more)
    return [Placed(column, widths[column]) for column in _SHOWN_AS if column in widths]


def has_something(column: Column, rows: Sequence[Row]) -> bool:
    """Whether a column is of use: one for probes is not where nobody probes."""
    if column is PROBES:
        return any(row.probes for row in rows)
    return column is not HEALTH or any(row.health != "unknown" for row in rows)


def wishes(chosen: Sequence[Column], rows: Sequence[Row]) -> Iterable[tuple[Column, int]]:
    """How wide columns would like to be, the most important first."""
    names = max((cell_len(row.name) for row in rows), default=0)
    yield from ((column, min(column.most, names)) for column in chosen if column is NAME)
    yield from (
        (column, column.most) for column in chosen if column not in (NAME, REASON, LONG_REASON)
    )
    yield from ((column, column.most) for column in chosen if column in (REASON, LONG_REASON))


def fit(text: str, width: int, more: str, right: bool = False) -> str:
    """The text in exactly so many columns of the terminal."""
    wide = cell_len(text)
    if wide > width:
        return set_cell_size(text, max(0, width - 1)) + more if width else ""
    return " " * (width - wide) + text if right else text + " " * (width - wide)


def draw_row(row: Row, placed: Sequence[Placed], moment: Moment) -> list[Piece]:
    """One line: the pieces of all cells, padded."""
    pieces: list[Piece] = []
    for column, width in placed:
        cell = column.draw(row, moment, width)
        pieces += fit_pieces(cell, width, moment.glyphs.more, column.right)
        pieces.append((" " * _GAP, ""))
    return pieces


def fit_pieces(cell: list[Piece], width: int, more: str, right: bool) -> list[Piece]:
    """The pieces of a cell in exactly so many columns."""
    if len(cell) == 1:
        return [(fit(cell[0][0], width, more, right), cell[0][1])]
    used = sum(cell_len(text) for text, _ in cell)
    return [*cell, (" " * max(0, width - used), "")]


def draw_heading(placed: Sequence[Placed], order: str, backwards: bool, glyphs: Glyphs) -> str:
    """The titles; the one that is sorted by is marked."""
    sign = glyphs.up if backwards else glyphs.down
    parts = []
    marked = False
    for column, width in placed:
        sorts = column.order == order and not marked and order != "order"
        marked |= sorts
        title = f"{column.title}{sign}" if sorts else column.title
        parts.append(fit(title, width, glyphs.more, column.right))
    return (" " * _GAP).join(parts)


def column_at(placed: Sequence[Placed], x: int) -> Column | None:
    """The column that a click at `x` is in."""
    for column, width in placed:
        if x < width + _GAP:
            return column
        x -= width + _GAP
    return None
