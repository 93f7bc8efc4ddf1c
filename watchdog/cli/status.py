"""`watchdog status`: how the programs are, for people and for scripts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from watchdog.cli.context import (
    NOT_RUNNING,
    OK,
    UNREACHABLE,
    Context,
    complain,
    connect,
    make_client_parser,
    parse,
)
from watchdog.wire.names import choose, choose_all, named

if TYPE_CHECKING:
    from watchdog.client import Client

Program = dict[str, Any]


def main(context: Context) -> int:
    """Print the status; 0 all run, 3 some program does not, 4 a name that nobody has."""
    summary = "How the programs are. Exit code: 0 all run, 3 some do not, 4 no watchdog reachable."
    parser = make_client_parser(context, summary, "watchdog status bot --json")
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these programs")
    parser.add_argument("--json", action="store_true", help="for scripts; the form is stable")
    options = parse(parser, context.words)
    client = connect(options)
    status = client.status()
    programs, unknown = _choose(status["programs"], options.names)
    _show(status | {"programs": programs}, options.json)
    if not options.json:
        _show_scales(client, options.names)
    for name in unknown:
        complain(f"there is no program {name}")
    return UNREACHABLE if unknown else _judge(programs)


def _show_scales(client: Client, names: list[str]) -> None:
    """Which of them there are more or fewer of than the file says."""
    from watchdog.cli.scale import sentence
    from watchdog.client.errors import Refused

    try:
        scales = client.scales()
    except Refused:  # an older watchdog
        return
    for one in scales:
        if one["count"] != one["file"] and (not names or one["name"] in names):
            print(sentence(one))


def _judge(programs: list[Program]) -> int:
    return OK if all(p["state"] == "RUNNING" for p in programs) else NOT_RUNNING


def _choose(programs: list[Program], names: list[str]) -> tuple[list[Program], list[str]]:
    """The programs that are meant, and the names that mean none."""
    if not names or "all" in names:
        return programs, []
    unknown = [name for name in names if not choose(programs, name, named)]
    return choose_all(programs, names, named), unknown


def _show(status: dict[str, Any], as_json: bool) -> None:
    if as_json:
        import json

        print(json.dumps(status, indent=2))
    elif status["programs"]:
        from watchdog.cli.table import print_table

        print_table(status["programs"], sys.stdout)
