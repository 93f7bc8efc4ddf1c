"""`watchdog top`: watch running programs in the terminal."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.cli.context import (
    BAD_CONFIG,
    USAGE,
    Context,
    complain,
    connect,
    make_client_parser,
)
from watchdog.client.errors import Refused, Unreachable

if TYPE_CHECKING:
    from watchdog.tui import Source
    from watchdog.tui.deeds import Drill

_SUMMARY = """Watch programs live: states, health, use of CPU and memory, the last hour, logs,
incidents; and start, stop and restart them. Several watchdogs can be watched at once."""

_EXAMPLE = """watchdog top
  watchdog top -c a.toml -c b.toml
  watchdog top --url http://host:9877 --user admin"""

MISSING = (
    "the terminal view needs the package textual, which is not installed; install it with:"
    "  pip install 'watchdog-supervisor[tui]'"
)


def main(context: Context) -> int:
    """Show it until a person leaves; 78 if textual is not installed."""
    options = make_client_parser(context, _SUMMARY, _EXAMPLE, "append").parse_args(context.words)
    if importlib.util.find_spec("textual") is None:
        complain(MISSING)
        return BAD_CONFIG
    if not is_terminal():
        complain("`top` needs a terminal; `watchdog status` is for pipes and scripts")
        return USAGE
    sources = find_sources(options)
    from watchdog.tui import run

    return run(sources, find_drill())


def is_terminal() -> bool:
    """Whether there is a screen to draw on: a terminal, or a browser's."""
    if os.environ.get("TEXTUAL_DRIVER"):
        return True
    return sys.stdin.isatty() and sys.stdout.isatty() and sys.stderr.isatty()


def find_sources(options: argparse.Namespace) -> list[Source]:
    """Every watchdog that is meant; who asks for a password gets it now, before the first screen.

    One that does not run is waited for. `Unreachable` if it cannot be told which is meant.
    """
    chosen = [
        *({"config": config} for config in options.config or ()),
        *({"socket": place} for place in options.socket or ()),
        *({"run_name": name} for name in options.run_name or ()),
    ]
    return [find_source(options, one) for one in chosen or [{}]]


def find_source(options: argparse.Namespace, one: dict[str, str]) -> Source:
    """One watchdog."""
    from watchdog.tui import Source

    nothing = {"config": None, "socket": None, "run_name": None}
    alone = argparse.Namespace(**{**vars(options), **nothing, **one})
    client = connect(alone)
    try:
        client.status()
    except Unreachable:
        pass  # it may come
    except Refused as refused:
        raise Unreachable(str(client.address), str(refused)) from None
    finally:
        client.close()
    address = client.address
    login = (address.user, address.password) if address.user else None
    return Source(title_of(str(address), one), str(address), login)


def title_of(address: str, one: dict[str, str]) -> str:
    """What a watchdog is called in the view."""
    if "config" in one:
        return one["config"]
    if "run_name" in one:
        return one["run_name"]
    path = Path(address)
    return address.partition("://")[2] or path.parent.name or address


def find_drill() -> Drill | None:
    """What makes the command that drills a program; None in a version without that."""
    if importlib.util.find_spec("watchdog.cli.drill") is None:
        return None
    return make_drill


def make_drill(source: Source, name: str) -> Sequence[str]:
    """The command that drills a program of a watchdog."""
    user = ("--user", source.login[0]) if source.login else ()
    where = ("-s", source.address)
    return (sys.executable, "-m", "watchdog", "drill", name, "--yes", *where, *user)
