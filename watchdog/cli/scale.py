"""`watchdog scale worker=4`: more or fewer instances of a program, and how many there are."""

from __future__ import annotations

import argparse
import json
from typing import Any

from watchdog.cli.context import FAILED, OK, Context, connect, make_client_parser, parse
from watchdog.cli.progress import Waiting
from watchdog.cli.request import describe, is_failure

DEFAULT = "default"
_SUMMARY = """Have more or fewer instances, now, of programs with `instances` in the configuration.
More are started; the highest numbers are stopped, gracefully. It counts until the number in the
file changes, also over a restart of the watchdog. Without an argument: how many there are."""
_EXAMPLE = """watchdog scale worker=4
  watchdog scale worker=default web=8"""


def main(context: Context) -> int:
    """Do it and wait; 1 if an instance did not come up."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    help = "a program and its number, `default` for the file's"
    parser.add_argument("names", nargs="*", metavar="NAME=COUNT", help=help)
    parser.add_argument("--no-wait", action="store_true", help="return at once")
    parser.add_argument("--json", action="store_true", help="how many there are, for scripts")
    options = parse(parser, context.words)
    wanted = dict(_read(parser, word) for word in options.names)
    code = _scale(options, wanted) if wanted else OK
    _show(connect(options).scales(), wanted, options.json)
    return code


def _read(parser: argparse.ArgumentParser, word: str) -> tuple[str, int | str]:
    name, equals, count = word.rpartition("=")
    if not equals or not name or not (count == DEFAULT or count.lstrip("-").isdecimal()):
        parser.error(f"found {word}; allowed: NAME=COUNT such as worker=4, or worker={DEFAULT}")
    number = count if count == DEFAULT else max(-1, min(int(count), 2**31 - 1))
    return name.removesuffix(":*"), number


def _scale(options: argparse.Namespace, wanted: dict[str, int | str]) -> int:
    told = " ".join(f"{name}={count}" for name, count in wanted.items())
    with Waiting(f"scaling {told}"):
        results = connect(options).scale(wanted, not options.no_wait)
    code = OK
    for result in results:
        action, outcome = result["action"], result["outcome"]
        if not options.json:
            print(f"{result['name']}: {describe(action, outcome, result['text'])}")
        if is_failure(action, outcome):
            code = FAILED
    return code


def _show(scales: list[dict[str, Any]], wanted: dict[str, int | str], as_json: bool) -> None:
    shown = [one for one in scales if not wanted or one["name"] in wanted]
    if as_json:
        print(json.dumps(shown, indent=2))
    elif not scales:
        print("no program has `instances` in the configuration")
    for one in () if as_json else shown:
        print(sentence(one))


def sentence(one: dict[str, Any]) -> str:
    """How many there are, and how many the file says if that is not the same. Pure."""
    if one["count"] == one["file"]:
        noun = "instance" if one["count"] == 1 else "instances"
        return f"{one['name']}: {one['count']} {noun}"
    return f"{one['name']}: scaled to {one['count']} (file: {one['file']})"
