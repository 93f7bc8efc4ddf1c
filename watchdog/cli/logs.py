"""`watchdog logs`: what a program wrote, and what it goes on to write."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from collections.abc import Iterable
from typing import TYPE_CHECKING

from watchdog.cli.context import OK, Context, connect, make_client_parser

if TYPE_CHECKING:
    from watchdog.client.client import Stream

DEFAULT_LINES = 50


def main(context: Context) -> int:
    """Print the end of the captured output; with -f go on until interrupted."""
    summary = "Print the end of what a program wrote."
    parser = make_client_parser(context, summary, "watchdog logs bot -f -n 100")
    parser.add_argument("program", metavar="NAME", help="the program")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as it writes more")
    parser.add_argument(
        "-n", "--lines", type=_count, default=DEFAULT_LINES, help="how many (%(default)s)"
    )
    parser.add_argument("--stderr", action="store_true", help="its error output")
    options = parser.parse_args(context.words)
    client = connect(options)
    stream: Stream = "stderr" if options.stderr else "stdout"
    if options.follow:
        _copy(client.follow(options.program, stream, options.lines))
    else:
        _write(client.last_lines(options.program, stream, options.lines).encode())
    return OK


def _count(text: str) -> int:
    if not text.isdecimal():
        raise ArgumentTypeError(f"found {text!r}; allowed: a whole number of lines, such as 100")
    return int(text)


def _copy(chunks: Iterable[bytes]) -> None:
    for chunk in chunks:
        _write(chunk)


def _write(data: bytes) -> None:
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
