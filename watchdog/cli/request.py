"""`watchdog start`, `stop` and `restart`: ask, wait, and say what became of each program."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from watchdog.cli import rolling
from watchdog.cli.context import FAILED, OK, Context, connect, make_client_parser, parse
from watchdog.cli.progress import Look, Waiting
from watchdog.client.client import Client
from watchdog.wire.names import choose_all, named

_SUMMARIES = {
    "start": "Start programs and wait until they run.",
    "stop": "Stop programs, those that depend on others first, and wait until they are gone.",
    "restart": "Stop programs and start them again, and wait until they run. What depends on them "
    "goes on, unless it is named too.",
}
_DOING = {"start": "starting", "stop": "stopping", "restart": "restarting"}
_UNDER_WAY = ("STARTING", "STOPPING", "BACKOFF", "WAITING")
_PAST = {
    "start": "started",
    "stop": "stopped",
    "restart": "restarted",
    "signal": "signalled",
    "reload": "reloaded",
}
# What was wanted is so already: an error in words, as supervisorctl has it, but no failure.
_HARMLESS = {("start", "already started"), ("stop", "not running")}


def main(context: Context) -> int:
    """Do it; 1 if any program could not be brought to where it was wanted."""
    action = context.command
    parser = make_client_parser(context, _SUMMARIES[action], f"watchdog {action} bot")
    parser.add_argument("names", nargs="+", metavar="NAME", help="a program, or `all`")
    if action == "restart":
        help = "also what is up and depends on them; in order, each when those are ready"
        parser.add_argument("--with-dependents", action="store_true", help=help)
        rolling.add_options(parser)
    options = parse(parser, context.words)
    if action == "restart":
        rolling.check(parser, options)
    client = connect(options)
    with Waiting(f"{_DOING[action]} {' '.join(options.names)}", _watcher(options)):
        results = _ask(client, action, options)
    return rolling.report(results) if is_rolling(options) else report(action, results)


def is_rolling(options: argparse.Namespace) -> bool:
    """Whether it is a restart of one after the other."""
    return bool(getattr(options, "rolling", False))


def _ask(client: Client, action: str, options: argparse.Namespace) -> list[dict[str, str]]:
    if is_rolling(options):
        return rolling.ask(client, options)
    if action == "restart" and options.with_dependents:
        return client.restart_with_dependents(options.names)
    return client.request(action, options.names)


def _watcher(options: argparse.Namespace) -> Look:
    """Tells what is not done yet, over a connection of its own."""
    return lambda: under_way(connect(options).status()["programs"], options.names)


def under_way(programs: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """Those of the named programs (or `all`) that are between two states, and in which. Pure."""
    return ", ".join(
        f"{program['name']} {program['state']}"
        for program in choose_all(programs, names, named)
        if program["state"] in _UNDER_WAY
    )


def report(action: str, results: Iterable[Mapping[str, str]]) -> int:
    """Print a line for each program; the exit code."""
    code = OK
    for result in results:
        print(f"{result['name']}: {describe(action, result['outcome'], result['text'])}")
        if is_failure(action, result["outcome"]):
            code = FAILED
    return code


def is_failure(action: str, outcome: str) -> bool:
    """Whether it is not as it was wanted. Pure."""
    return outcome not in ("done", "waiting") and (action, outcome) not in _HARMLESS


def describe(action: str, outcome: str, text: str) -> str:
    """What became of a request, in words. Pure."""
    if outcome == "done":
        return _PAST[action]
    if outcome == "waiting":
        return f"waiting ({text})" if text else "waiting"
    detail = f": {text}" if text and outcome == "superseded" else ""
    return f"ERROR ({text if text and outcome == 'failed' else outcome + detail})"
