"""What /panic_close_all does here: `PANIC_ACTION=mimic.panic:close_all`.

Trading is halted first, so that nothing is opened behind our back. Then everything is closed, the
largest position first. A second run, or one after a crash in the middle, closes what is left and
nothing twice. What it returns is the report that the chat sees.
"""

from __future__ import annotations

from typing import Protocol

from mimic.engine.book import Position
from mimic.engine.desk import Closing, Desk, open_desk
from mimic.migrate import migrate
from mimic.settings import read_settings


class Run(Protocol):
    """What the bot says of a run."""

    @property
    def number(self) -> str:
        """Unique to this run."""


class Incomplete(Exception):
    """Something is still open; the text is the whole report."""


def close_all(run: Run) -> str:
    """Close every position; the report. Raises Incomplete, with the report, if some are open."""
    settings = read_settings()
    migrate(settings)  # a panic relies on nobody else having been here before
    return close_all_of(open_desk(settings), run.number)


def close_all_of(desk: Desk, number: str) -> str:
    """The same for a desk that is open already."""
    desk.book.halt(f"panic {number}")
    closed: list[Closing] = []
    failed: list[tuple[Position, Exception]] = []
    for position in desk.list_by_value():
        try:
            closed.append(desk.close(position, f"panic {number}"))
        except Exception as error:  # one that cannot be closed keeps no other from being closed
            failed.append((position, error))
    report = write_report(closed, failed)
    if failed:
        raise Incomplete(report)
    return report


def write_report(closed: list[Closing], failed: list[tuple[Position, Exception]]) -> str:
    """What is to be said, in the order in which it was done."""
    lines = [_tell_failure(position, error) for position, error in failed]
    if closed:
        total = sum(closing.profit for closing in closed)
        lines += [f"Closed {len(closed)} of {len(closed) + len(failed)}:"]
        lines += [_tell(closing) for closing in closed]
        lines += [f"Result: {total:+.2f}"]
    elif not failed:
        lines += ["Nothing was open."]
    return "\n".join([*lines, "Trading is halted until somebody resumes it."])


def _tell(closing: Closing) -> str:
    one = closing.position
    said = f"{one.symbol} {one.quantity} at {closing.price}: {closing.profit:+.2f}"
    return said if closing.fresh else f"{said} (ordered by a run that was cut off)"


def _tell_failure(position: Position, error: Exception) -> str:
    return f"STILL OPEN: {position.symbol} {position.quantity}: {type(error).__name__}: {error}"
