"""What can be typed after each command, read off the parsers themselves.

So no list of options is kept twice: a command's own parser is caught at the moment at which the
command would use it, and asked.
"""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple, NoReturn

from watchdog.cli.context import Context
from watchdog.cli.main import COMMANDS, module_of
from watchdog.cli.ports import Supplies

# What may stand at a place: words that are known now, names that are looked up when asked for
# ("programs", "incidents"), "files", "directories", or anything ("").
_BY_METAVAR = {
    "NAME": "programs",
    "ID": "incidents",
    "FILE": "files",
    "OUT": "files",
    "DIR": "directories",
}
_SIGNALS = "HUP INT QUIT USR1 USR2 TERM KILL STOP CONT WINCH"


class Place(NamedTuple):
    """What may stand somewhere."""

    kind: str = ""
    words: tuple[str, ...] = ()


class Option(NamedTuple):
    """An option with all its spellings; `value` is None for a flag."""

    names: tuple[str, ...]
    help: str
    value: Place | None


class Shape(NamedTuple):
    """One command."""

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[Place, ...]  # what stands after it, in order; the last may be repeated


class _Caught(Exception):
    def __init__(self, parser: argparse.ArgumentParser) -> None:
        self.parser = parser


def shapes(context: Context) -> list[Shape]:
    """All commands."""
    return [
        _shape(name, command.summary, _catch_parser(context, name))
        for name, command in COMMANDS.items()
    ]


def _catch_parser(context: Context, name: str) -> argparse.ArgumentParser | None:
    """The parser that the command would use; None if it has none."""

    def catch(parser: argparse.ArgumentParser, *_: Any, **__: Any) -> NoReturn:
        raise _Caught(parser)

    usual = argparse.ArgumentParser.parse_known_args
    argparse.ArgumentParser.parse_known_args = catch  # type: ignore[assignment,method-assign]
    try:
        module_of(name).main(Context(name, [], lambda *_: 0, context.demo, Supplies()))
    except _Caught as caught:
        return caught.parser
    finally:
        argparse.ArgumentParser.parse_known_args = usual  # type: ignore[method-assign]
    return None


def _shape(name: str, summary: str, parser: argparse.ArgumentParser | None) -> Shape:
    actions = parser._actions if parser is not None else []
    shown = [action for action in actions if action.help != argparse.SUPPRESS]
    options = [_option(action) for action in shown if action.option_strings]
    return Shape(
        name,
        summary,
        tuple(options),
        tuple(_place(name, action) for action in actions if not action.option_strings),
    )


def _option(action: argparse.Action) -> Option:
    value = None if action.nargs == 0 else _place("", action)
    if "--user" in action.option_strings or "--name" in action.option_strings:
        value = Place()  # names, but not of programs
    return Option(tuple(action.option_strings), (action.help or "").replace("%%", "%"), value)


def _place(command: str, action: argparse.Action) -> Place:
    if action.choices is not None:
        return Place("words", tuple(map(str, action.choices)))
    metavar = action.metavar if isinstance(action.metavar, str) else ""
    if metavar == "SIGNAL":
        return Place("words", tuple(_SIGNALS.split()))
    if metavar == "NAME=COUNT":
        return Place("programs")
    if metavar == "NAME" and command in ("start", "stop", "restart", "signal"):
        return Place("programs", ("all",))
    return Place(_BY_METAVAR.get(metavar, ""))
