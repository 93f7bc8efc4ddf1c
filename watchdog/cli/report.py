"""`watchdog report [NAME...]`: how a time went, told from the journal."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from watchdog.cli.context import (
    FAILED,
    OK,
    Context,
    complain,
    connect,
    make_client_parser,
    parse,
    terminal_width,
)
from watchdog.cli.recollection import find_state
from watchdog.cli.terminal import wants_colour
from watchdog.config.units import parse_duration
from watchdog.wire.names import choose_all as pick

if TYPE_CHECKING:
    from watchdog.report.model import Figures, Window
    from watchdog.report.reading import Journal

_SUMMARY = """How a time went: availability, downtime by cause, failures and repairs, seconds
without the program and with two of it, and how long probes took. Told from the journal, so no
watchdog needs to run; only the latencies of probes are those of a running one, as it counts them.

Availability is the share of RUNNING in the time that is known and in which the program was wanted.
What an operator stopped is counted apart, and a time in which no watchdog looked is not known: it
counts neither for nor against."""

_EXAMPLE = """watchdog report
  watchdog report --since 30d bot --html report.html"""

_NO_STATE = (
    "which journal? Give the configuration (-c FILE) or a socket (-s PATH); a report is made on the"
    " machine where the journal is"
)


def main(context: Context) -> int:
    """Read, add up, show."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs")
    parser.add_argument(
        "--since", default="7d", metavar="TIME", help="12h, 7d (the default), or 2026-01-31[T12:00]"
    )
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument("--html", metavar="FILE", help="write one self-contained page")
    options = parse(parser, context.words)
    now = time.time()
    since = read_since(parser, options.since, now)
    state = find_state(options)
    if state is None or not state.is_dir():
        complain(_NO_STATE if state is None else f"there is no state directory at {state}")
        return FAILED
    return report(options, state, since, now)


def read_since(parser: ArgumentParser, text: str, now: float) -> float:
    """When the report begins."""
    try:
        since = now - parse_duration(text)
    except (ValueError, KeyError, OverflowError):
        try:
            since = datetime.fromisoformat(text).timestamp()
        except (ValueError, OverflowError):
            parser.error(f"--since: found {text!r}; allowed: 12h, 7d, 2026-01-31, 2026-01-31T12:00")
    if not 0 <= since < now:
        parser.error("--since: it must lie in the past")
    return since


def report(options: Namespace, state: Path, since: float, now: float) -> int:
    """The report of one state directory."""
    from watchdog.report.figures import report_on
    from watchdog.report.model import Window
    from watchdog.report.reading import last_sign, read

    latencies = ask_latencies(options)
    try:
        journal = read(state)
    except OSError as error:
        complain(f"{error.filename}: {error.strerror}")
        return FAILED
    watched = now if latencies is not None else min(now, last_sign(state))
    window = Window(max(since, min(journal.begins, now - 1)), now, watched)
    figures = report_on(journal.lines, window)
    chosen = choose(figures, options.names)
    if missing := [name for name in options.names if not pick(figures, [name], names_of)]:
        complain(f"the journal in {state} knows no program {missing[0]}")
        return FAILED
    notes = notes_of(journal, window, latencies, state)
    return show(options, chosen, window, latencies or [], notes, journal.garbled)


def ask_latencies(options: Namespace) -> list[dict[str, Any]] | None:
    """From the running watchdog; None if none answers."""
    from watchdog.client.errors import Refused, Unreachable
    from watchdog.report.latency import tell

    try:
        return tell(connect(options).call("watchdog.latencies"))
    except Unreachable:
        return None
    except Refused:
        return []


def choose(figures: list[Figures], names: list[str]) -> list[Figures]:
    """Those that are meant; without names, all of which anything is known."""
    if names:
        return pick(figures, names, names_of)
    return [one for one in figures if any(span.kind != "unknown" for span in one.spans)]


def names_of(one: Figures) -> tuple[str, str]:
    """The program, and the group that its name begins with."""
    return one.name, one.name.partition(":")[0]


def notes_of(
    journal: Journal, window: Window, latencies: list[dict[str, Any]] | None, state: Path
) -> list[str]:
    """What a reader has to know."""
    notes = []
    if window.since == journal.begins:
        notes.append("the journal begins here; of the time before it, nothing is known")
    if journal.garbled:
        lines = "1 line" if journal.garbled == 1 else f"{journal.garbled} lines"
        notes.append(f"{lines} of the journal in {state} could not be read and were left out")
    if latencies:
        notes.append("latencies of probes: counted by the running watchdog since it began to")
    elif latencies is None:
        notes.append("no watchdog answers: latencies of probes are not known, nor what is now")
    return notes


def show(
    options: Namespace,
    figures: list[Figures],
    window: Window,
    latencies: list[dict[str, Any]],
    notes: list[str],
    garbled: int,
) -> int:
    """As JSON, as a page, or as text."""
    if options.json:
        import json

        from watchdog.report.telling import as_data

        print(json.dumps(as_data(figures, window, latencies, garbled), indent=2))
        return OK
    if options.html:
        from watchdog.report.page import render

        return write(Path(options.html), render(figures, window, latencies, notes))
    from watchdog.report.telling import tell

    unicode = (sys.stdout.encoding or "").lower().startswith("utf")
    colour = wants_colour(sys.stdout)
    print("\n".join(tell(figures, window, latencies, terminal_width(), unicode, colour)))
    if not figures:
        print("\nNothing is known of any program in this time.")
    for index, note in enumerate(notes):
        print(f"{'' if index else chr(10)}({note})")
    return OK


def write(path: Path, page: str) -> int:
    """Write the page; tell where it is."""
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror or error}")
        return FAILED
    print(path)
    return OK
