"""`watchdog incidents [ID]`: the evidence of failures; all in a list, or one entirely."""

from __future__ import annotations

import sys
import textwrap
from argparse import Namespace
from datetime import datetime
from pathlib import Path
from typing import Any

from watchdog.cli.context import FAILED, OK, Context, complain, make_client_parser, terminal_width
from watchdog.cli.recollection import ask
from watchdog.client.errors import Refused

_SUMMARY = """List what is kept of failures, newest first; with an ID, show all the evidence of one.
Without a running watchdog the files that it left in its state directory are read."""

_EXAMPLE = """watchdog incidents --program bot
  watchdog incidents bot-20260102-030405
  watchdog incidents bot-20260102-030405 --html incident.html"""

_LATEST = "latest"
NARROW = 100  # columns of a terminal: below it too little of a reason would be left


def main(context: Context) -> int:
    """Print the list, or one incident as text, JSON or a page."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument(
        "id", nargs="?", metavar="ID", help=f"one of them; `{_LATEST}` is the newest"
    )
    parser.add_argument("--program", default="", metavar="NAME", help="only those of a program")
    parser.add_argument("--json", action="store_true", help="for scripts")
    parser.add_argument(
        "--html", nargs="?", const="", metavar="FILE", help="write one self-contained page"
    )
    options = parser.parse_args(context.words)
    if options.html is not None and options.id is None:
        parser.error("--html wants an ID; `watchdog incidents` lists them")
    listed = find_all(context, options) if options.id in (None, _LATEST) else []
    if options.id is None:
        return show_list(listed, options.json)
    incident = find_one(context, options, listed)
    if incident is None:
        complain(f"there is no incident {options.id}; `watchdog incidents` lists them")
        return FAILED
    if options.html is not None:
        return write_page(incident, options.html)
    return show(incident, options.json)


def find_all(context: Context, options: Namespace) -> list[dict[str, Any]]:
    """The summaries, newest first."""
    name = options.program
    return ask(context, options, lambda c: c.incidents(name), lambda m: m.incidents(name))


def find_one(
    context: Context, options: Namespace, listed: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """The incident that is meant, if there is one."""
    id = options.id
    if id == _LATEST:
        if not listed:
            return None
        id = listed[0]["id"]
    try:
        return ask(context, options, lambda c: c.incident(id), lambda m: m.incident(id))
    except Refused:
        return None


def show_list(listed: list[dict[str, Any]], as_json: bool) -> int:
    """A line each."""
    if as_json:
        return print_json(listed)
    if not listed:
        print("No incident is kept.")
        return OK
    width = terminal_width() if sys.stdout.isatty() else None
    ids = max(len(line["id"]) for line in listed)
    show = lines_of if width is not None and width < NARROW else line_of
    texts = (text for line in listed for text in show(line, ids).splitlines())
    print("\n".join(cut(text, width) for text in texts))
    return OK


def line_of(line: dict[str, Any], ids: int) -> str:
    """Which, when, what kind, whether it has recovered, and why."""
    return f"{line['id']:<{ids}}  {when(line)}  {kind(line):<9}  {state(line):<9}  {reason(line)}"


def lines_of(line: dict[str, Any], ids: int) -> str:
    """The same for a narrow terminal: the reason has a line of its own."""
    return f"{line['id']:<{ids}}  {kind(line):<9}  {state(line)}\n  {when(line)}  {reason(line)}"


def when(line: dict[str, Any]) -> str:
    """The local time."""
    return datetime.fromtimestamp(line["at"]).strftime("%Y-%m-%d %H:%M:%S")


def kind(line: dict[str, Any]) -> str:
    """The cause, and how often it happened."""
    return f"{line['cause']} x{line['repeats'] + 1}" if line["repeats"] else str(line["cause"])


def state(line: dict[str, Any]) -> str:
    """Whether it is over."""
    return "recovered" if line["recovered"] else "open"


def reason(line: dict[str, Any]) -> str:
    """Why, on one line."""
    return " ".join(line["reason"].split()) + (" (drill)" if line["drill"] else "")


def cut(text: str, width: int | None) -> str:
    """The text, as wide as the terminal."""
    return text if width is None or len(text) <= width else text[: width - 1] + "…"


def print_json(value: object) -> int:
    """For scripts."""
    import json

    print(json.dumps(value, indent=2))
    return OK


def write_page(incident: dict[str, Any], name: str) -> int:
    """Write the page; where to, unless a name was given, by the incident's own."""
    from watchdog.export.incident_page import render

    path = Path(name or f"{incident['id']}.html")
    try:
        path.write_text(render(incident), encoding="utf-8")
    except OSError as error:
        complain(f"{path} cannot be written: {error.strerror or error}")
        return FAILED
    print(path)
    return OK


def show(incident: dict[str, Any], as_json: bool) -> int:
    """The story, then the evidence in sections."""
    if as_json:
        return print_json(incident)
    width = min(terminal_width(), 100)
    print(textwrap.fill(incident["told"], width, break_on_hyphens=False))
    from watchdog.export.incident_sections import sections

    for title, lines in sections(incident):
        print(f"\n{title}")
        print("\n".join(f"  {line}" for line in lines))
    return OK
