"""`watchdog restart --rolling`: one after the other, the next when the last is ready."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping

from watchdog.cli.context import FAILED, OK
from watchdog.client.client import Client
from watchdog.config.units import parse_duration

_FAILED = ("failed", "left alone", "waiting", "superseded")


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of `restart` that ask for it."""
    add = parser.add_argument
    add("--rolling", action="store_true", help="one after the other, the next when one is ready")
    add("--max-unavailable", type=int, metavar="N", help="with --rolling: so many at a time (1)")
    add(
        "--within",
        metavar="TIME",
        help="with --rolling: each must be ready so long after its start",
    )


def check(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """Refuse what cannot be meant; read the time."""
    given = options.max_unavailable is not None or options.within is not None
    if given and not options.rolling:
        parser.error("--max-unavailable and --within want --rolling")
    if options.rolling and options.with_dependents:
        parser.error("--rolling and --with-dependents exclude each other; name all the programs")
    if options.max_unavailable is not None and not 1 <= options.max_unavailable <= 1000:
        parser.error(f"--max-unavailable: found {options.max_unavailable}; allowed: 1 to 1000")
    options.seconds = 0.0
    if options.within is not None:
        options.seconds = _read_time(parser, options.within)


def _read_time(parser: argparse.ArgumentParser, text: str) -> float:
    try:
        seconds = parse_duration(text)
    except (ValueError, KeyError):
        seconds = 0.0
    if not 0 < seconds <= 86400:
        parser.error(f"--within: found {text!r}; allowed: a duration such as 30s, up to 1d")
    return seconds


def ask(client: Client, options: argparse.Namespace) -> list[dict[str, str]]:
    """Have it done, and wait."""
    return client.restart_rolling(options.names, options.max_unavailable or 1, options.seconds)


def report(results: Iterable[Mapping[str, str]]) -> int:
    """Print a line for each program; 1 if it stopped before the last."""
    code = OK
    for result in results:
        print(f"{result['name']}: {describe(result['outcome'], result['text'])}")
        if result["outcome"] in _FAILED or result["outcome"] == "no such program":
            code = FAILED
    return code


def describe(outcome: str, text: str) -> str:
    """What became of one program. Pure."""
    match outcome:
        case "done":
            return "restarted"
        case "not running":
            return "stopped, and left so"
        case "failed":
            return f"ERROR ({text})"
        case "left alone":
            return "left as it was"
        case _:
            return f"{outcome} ({text})" if text else outcome
