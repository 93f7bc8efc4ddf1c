"""What every command is given, and the exit codes they share."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from watchdog.cli.ports import Supplies

if TYPE_CHECKING:
    from watchdog.client import Client
    from watchdog.config import Config

OK = 0
FAILED = 1
USAGE = 2
NOT_RUNNING = 3  # status: some program is not running
UNREACHABLE = 4  # no watchdog answers; status: also a name that nobody has
INTERNAL = 70  # a bug of ours
BAD_CONFIG = 78
INTERRUPTED = 130
BROKEN_PIPE = 141

_EVERYBODY_SEES = (
    "a password in the address can be seen by everybody on this machine; write --user NAME, and put"
    " the password into WATCHDOG_PASSWORD or a file (--password-file)"
)

Run = Callable[["Config", tuple[str, ...]], int]
Demo = Callable[[list[str]], int]


class Context(NamedTuple):
    """The arguments of one command, and what the daemon's side supplies."""

    command: str
    words: list[str]
    run: Run | None
    demo: Demo | None
    supplies: Supplies = Supplies()


# argparse has its words translated if it can, of which there are no translations for us: looking
# for them loads `locale` and searches the disk, some 3 ms for each command.
argparse._ = str  # type: ignore[attr-defined]


class Formatter(argparse.RawDescriptionHelpFormatter):
    """Help as it was written, the example below.

    argparse makes one with every option that is added, and asks `shutil` for the width each time,
    which brings three compression libraries with it: 15 ms.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=terminal_width() - 2)


def terminal_width() -> int:
    """The columns of the terminal that we write to; 80 if it is none."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns):
        return int(columns)
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def make_parser(
    context: Context, summary: str, example: str, places: str = "store"
) -> argparse.ArgumentParser:
    """The parser of one command, with the options that all have in common.

    `places` is argparse's action for options that say which watchdog is meant: "append" if several
    may be.
    """
    parser = argparse.ArgumentParser(
        prog=f"watchdog {context.command}",
        description=summary,
        epilog=f"example:\n  {example}",
        formatter_class=Formatter,
        allow_abbrev=False,
    )
    parser.add_argument("-c", "--config", action=places, metavar="FILE", help="the configuration")
    return parser


def make_client_parser(
    context: Context, summary: str, example: str, places: str = "store"
) -> argparse.ArgumentParser:
    """The parser of a command that talks to a running watchdog; `places` as in `make_parser`."""
    parser = make_parser(context, summary, example, places)
    help = "its socket, or http://host:port"
    parser.add_argument("-s", "--socket", "--url", action=places, metavar="WHERE", help=help)
    parser.add_argument("--user", metavar="NAME", help="for a watchdog that asks for a password")
    parser.add_argument(
        "--password-file",
        metavar="FILE",
        help="the password; else WATCHDOG_PASSWORD has it, or it is asked for",
    )
    parser.add_argument(
        "--name",
        dest="run_name",
        action=places,
        metavar="NAME",
        help="the `run -- COMMAND` of this name",
    )
    return parser


def connect(options: argparse.Namespace) -> Client:
    """The watchdog that the options mean. `Unreachable` if it cannot be told which."""
    from watchdog.client import Client
    from watchdog.client.errors import Unreachable
    from watchdog.client.find import locate

    where = locate(options.config, options.socket, options.run_name)
    client = Client(where, lambda: _find_login(options))
    if client.address.password:
        raise Unreachable("", _EVERYBODY_SEES)
    return client


def _find_login(options: argparse.Namespace) -> tuple[str, str] | None:
    from watchdog.cli.login import find_login  # only where a password is asked for

    return find_login(options)


def complain(text: object) -> None:
    """Say what went wrong, on the standard error stream."""
    print(f"watchdog: {text}", file=sys.stderr)


def parse(parser: argparse.ArgumentParser, words: Sequence[str]) -> argparse.Namespace:
    """The options of a command whose last positional is `names`; the order is free.

    argparse can do that, too (`parse_intermixed_args`), but formats its help on the way: 15 ms.
    """
    options, rest = parser.parse_known_args(list(words))
    if unknown := [word for word in rest if word.startswith("-")]:
        parser.error(f"unknown option {unknown[0]}")
    options.names += rest
    return options
