"""`watchdog holders`: who keeps the lock of a program, whether or not a watchdog runs."""

from __future__ import annotations

import sys

from watchdog.cli.context import (
    BAD_CONFIG,
    FAILED,
    NOT_RUNNING,
    OK,
    USAGE,
    Context,
    complain,
    make_parser,
    parse,
    terminal_width,
)
from watchdog.cli.ports import Survey, Trouble, as_data
from watchdog.cli.singletons import add_key, choose, show
from watchdog.config.errors import ConfigError

_SUMMARY = """List every process that keeps the lock of a program (of all, if none is named): also
one that merely inherited it. No watchdog needs to run, and nothing is touched.

roles:  program   the process that the lock is for
        helper    another process of its tree
        watchdog  the watchdog that runs it
        stray     it inherited the lock from a program that is gone

Exit code: 0 somebody keeps it, 3 nobody does, 1 it cannot be told."""

_EXAMPLE = """watchdog holders bot
  watchdog holders --key telegram:123456789 --json"""


def main(context: Context) -> int:
    """Print who they are."""
    parser = make_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs")
    add_key(parser)
    parser.add_argument("--json", action="store_true", help="for scripts; the form is stable")
    options = parse(parser, context.words)
    if context.supplies.look_up is None:
        complain("the part that looks into locks is not installed here")
        return FAILED
    if options.key is not None and options.names:
        parser.error("--key has no NAME beside it")
    try:
        surveys = [context.supplies.look_up(m.key) for m in choose(options, options.names)]
    except ConfigError as error:
        complain(f"the configuration is not usable; --key KEY needs none\n{error}")
        return BAD_CONFIG
    except Trouble as trouble:
        complain(trouble)
        return USAGE
    _print(surveys, options.json)
    return OK if any(survey.is_held for survey in surveys) else NOT_RUNNING


def _print(surveys: list[Survey], as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps([plain(survey) for survey in surveys], indent=2))
        return
    width = terminal_width() if sys.stdout.isatty() else None
    for survey in surveys:
        print("\n".join(show(survey, width)))


def plain(survey: Survey) -> dict[str, object]:
    """A survey as plain data."""
    return as_data(survey) | {"keepers": [as_data(keeper) for keeper in survey.keepers]}
