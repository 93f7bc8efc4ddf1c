"""`python -m bot poison`: list, show and forget the updates that were left out."""

import argparse
import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from typing import Any, TypeVar

from bot.database import Database, DatabaseError
from bot.exits import Exit, ExitCode
from bot.poison_store import SCHEMA, Poison, PoisonStore
from bot.settings import Settings
from bot.survey import demand_settings, load_survey
from bot.times import stamp

Result = TypeVar("Result")

_NOTHING = "No poison: every update could be handled."


def add_poison(commands: Any) -> None:
    """The command and its own commands, for the command line."""
    parser = commands.add_parser(
        "poison", help="updates that were left out: `poison show N`, `poison forget N...`"
    )
    parser.set_defaults(command=_list, json=False)
    ways = parser.add_subparsers(title="commands", metavar="")
    one = ways.add_parser("list", help="all of them, the oldest first")
    one.add_argument("--json", action="store_true", help="one object a line, with the content")
    one.set_defaults(command=_list)
    one = ways.add_parser("show", help="one as it was sent, without personal data")
    one.add_argument("number", type=int)
    one.set_defaults(command=_show)
    one = ways.add_parser("forget", help="delete some, or `all`")
    one.add_argument("numbers", nargs="+", type=_number_or_all, metavar="number")
    one.set_defaults(command=_forget)


def _number_or_all(word: str) -> int | None:
    return None if word == "all" else int(word)


def _list(options: argparse.Namespace) -> ExitCode:
    kept = _with_store(lambda store: store.all())
    if options.json:
        lines = [json.dumps(asdict(poison)) for poison in kept]
    else:
        lines = [line_of(poison) for poison in kept] or [_NOTHING]
    print("\n".join(lines))
    return ExitCode.CLEAN


def line_of(poison: Poison) -> str:
    """One line of the list."""
    when, error = stamp(poison.at), " ".join(poison.error.split())
    return f"{poison.number}  {when}  update {poison.update_id}  {poison.kind}: {error[:200]}"


def _show(options: argparse.Namespace) -> ExitCode:
    kept = _with_store(lambda store: store.all())
    found = next((poison for poison in kept if poison.number == options.number), None)
    if found is None:
        raise _unknown(options.number)
    print(f"{line_of(found)}\n{found.content}")
    return ExitCode.CLEAN


def _forget(options: argparse.Namespace) -> ExitCode:
    numbers = None if None in options.numbers else list(options.numbers)
    gone = _with_store(lambda store: store.forget(numbers))
    print(f"forgotten: {', '.join(map(str, gone)) or 'none'}")
    for number in numbers or []:
        if number not in gone:
            raise _unknown(number)
    return ExitCode.CLEAN


def _unknown(number: int) -> Exit:
    return Exit(ExitCode.CRASH, f"there is no poison {number}; `python -m bot poison` lists all")


def _with_store(work: Callable[[PoisonStore], Coroutine[Any, Any, Result]]) -> Result:
    settings: Settings = demand_settings(load_survey())
    with Database(settings.database_path, (SCHEMA,)) as database:
        try:
            return asyncio.run(work(PoisonStore(database)))
        except DatabaseError as error:
            raise Exit(ExitCode.TEMPORARY, f"{database.path} cannot be used: {error}") from None
