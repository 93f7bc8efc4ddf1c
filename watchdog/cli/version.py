"""`watchdog version`."""

from __future__ import annotations

from watchdog.cli.context import OK, Context, make_parser
from watchdog.version import __version__


def main(context: Context) -> int:
    """Print the version."""
    make_parser(context, "Print the version.", "watchdog version").parse_args(context.words)
    print(f"watchdog {__version__}")
    return OK
