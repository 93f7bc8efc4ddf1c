"""`watchdog signal`: send a signal to the main process of programs."""

from __future__ import annotations

from watchdog.cli.context import Context, connect, make_client_parser, parse
from watchdog.cli.request import report


def main(context: Context) -> int:
    """Send it; 1 if a program does not run or the signal is unknown."""
    summary = "Send a signal to the main process of programs."
    parser = make_client_parser(context, summary, "watchdog signal HUP bot")
    parser.add_argument("signal", metavar="SIGNAL", help="a name or number: HUP, USR1, 10")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a program, or `all`")
    options = parse(parser, context.words)
    return report("signal", connect(options).signal(options.signal, options.names))
