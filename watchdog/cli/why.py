"""`watchdog why NAME`: what happened, in a few plain sentences."""

from __future__ import annotations

import textwrap
from argparse import Namespace

from watchdog.cli.context import OK, Context, make_client_parser, terminal_width
from watchdog.cli.recollection import ask

_SUMMARY = """Tell what happened to a program last, and how it is now. Without a running watchdog it
is told from what that left in its state directory."""


def main(context: Context) -> int:
    """Tell it."""
    parser = make_client_parser(context, _SUMMARY, "watchdog why bot")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a program, or a group")
    options = parser.parse_args(context.words)
    for name in options.names:
        for story in tell(context, options, name).splitlines():
            print(textwrap.fill(story, min(terminal_width(), 100), break_on_hyphens=False))
    return OK


def tell(context: Context, options: Namespace, name: str) -> str:
    """The story of one program, or a line for each of a group."""
    none = f"No incident of {name} is kept."
    return ask(context, options, lambda c: c.why(name), lambda m: m.why(name) or none)
