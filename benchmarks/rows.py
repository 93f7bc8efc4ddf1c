"""The table: one row a figure, with the goal and whether it was met."""

from __future__ import annotations

from msgspec import Struct

HEAD = ("figure", "floor", "supervisord", "watchdog", "goal", "held")


class Row(Struct, frozen=True):
    """A figure of the three, and what ours is measured against. None: it has no such thing."""

    figure: str
    unit: str
    floor: float | None
    supervisord: float | None
    watchdog: float
    goal: str
    held: bool


def at_most(
    figure: str,
    unit: str,
    medians: dict[str, float],
    bound: float,
    goal: str,
) -> Row:
    """A row whose figure should be small; a thousandth over the bound is noise."""
    held = medians["watchdog"] <= bound * 1.001
    floor, theirs = medians.get("floor"), medians.get("supervisord")
    return Row(figure, unit, floor, theirs, medians["watchdog"], goal, held)


def at_least(figure: str, unit: str, medians: dict[str, float], bound: float, goal: str) -> Row:
    """A row whose figure should be large."""
    held = medians["watchdog"] >= bound
    floor, theirs = medians.get("floor"), medians.get("supervisord")
    return Row(figure, unit, floor, theirs, medians["watchdog"], goal, held)


def render(rows: list[Row]) -> str:
    """The table as text."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    return "\n".join(_line(line, widths) for line in cells)


def _cells(row: Row) -> tuple[str, ...]:
    numbers = (_number(value) for value in (row.floor, row.supervisord, row.watchdog))
    return (f"{row.figure}, {row.unit}", *numbers, row.goal, "yes" if row.held else "NO")


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first, *numbers, goal, held = (
        cell.rjust(width) if 0 < column < 4 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *numbers, goal, held]).rstrip()


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    if value == 0 or abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}"
