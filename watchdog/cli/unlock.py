"""`watchdog unlock`: end whoever keeps the lock of a program, and prove that it is free then."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from watchdog.cli.context import (
    BAD_CONFIG,
    FAILED,
    OK,
    USAGE,
    Context,
    complain,
    make_parser,
    terminal_width,
)
from watchdog.cli.ports import Free, LookUp, Survey, Trouble
from watchdog.cli.progress import Waiting
from watchdog.cli.singletons import Meant, add_key, choose, show
from watchdog.config.errors import ConfigError

if TYPE_CHECKING:
    from watchdog.client import Client

_SUMMARY = """End every process that keeps the lock of a program, and prove that it is free then, by
taking it and letting it go. They get the program's stop signal, its grace period, and SIGKILL.
A lock file is never removed: that would free nothing, and let a second copy start.

If a watchdog runs the program, it is asked to stop it; nothing is done behind its back.

Exit code: 0 the lock is free (also if nobody had it, or a watchdog that stood by has it now);
1 it is not, or you said no; 2 there is nobody to ask and no --yes."""

_EXAMPLE = """watchdog unlock bot
  watchdog unlock --key telegram:123456789 --yes"""

_SIGNAL, _GRACE = "TERM", 15.0  # where only a key is given: the defaults of `stop`


def main(context: Context) -> int:
    """Show them, ask, end them."""
    parser = make_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("name", nargs="?", metavar="NAME", help="the program")
    add_key(parser)
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    options = parser.parse_args(context.words)
    if (options.name is None) == (options.key is None):
        parser.error("say which lock: NAME, or --key KEY")
    look_up, free = context.supplies.look_up, context.supplies.free
    if look_up is None or free is None:
        complain("the part that looks into locks is not installed here")
        return FAILED
    try:
        meant = choose(options, [options.name] if options.name else [])
        return max(_unlock(one, options, look_up, free) for one in meant)
    except ConfigError as error:
        complain(f"the configuration is not usable; --key KEY needs none\n{error}")
        return BAD_CONFIG
    except Trouble as trouble:
        complain(trouble)
        return USAGE


def _unlock(meant: Meant, options: argparse.Namespace, look_up: LookUp, free: Free) -> int:
    survey = look_up(meant.key)
    print("\n".join(show(survey, terminal_width() if sys.stdout.isatty() else None)), flush=True)
    if not survey.is_held:
        return OK
    if not survey.keepers:
        complain("nobody whom this user may end; do it as the user who holds it, or as root")
        return FAILED
    supervisor = _find_supervisor(meant, survey)
    if supervisor is None and survey.watchdog_pid is not None:
        complain(_advise(survey))
        return FAILED
    if not options.yes and not _agreed(survey, supervisor is not None):
        return FAILED if sys.stdin.isatty() else USAGE
    if supervisor is not None and not _stop(supervisor, meant.name):
        return FAILED
    return _free(meant, survey, free)


def _free(meant: Meant, survey: Survey, free: Free) -> int:
    stop = meant.program.policy.stop if meant.program is not None else None
    signal, grace = (stop.signal, stop.grace) if stop is not None else (_SIGNAL, _GRACE)
    with Waiting(f"waiting for their end, at most {grace:.0f} s before SIGKILL") as waiting:
        release = free(survey, signal, grace, waiting.say)
    if release.free:
        print(release.text)
        return OK
    complain(release.text)
    return FAILED


def _find_supervisor(meant: Meant, survey: Survey) -> Client | None:
    """The watchdog of this configuration, if it answers and it is the one that runs the program."""
    if meant.config is None:
        return None
    from watchdog.client import Client
    from watchdog.client.errors import Refused, Unreachable

    client = Client(str(meant.config.socket))
    try:
        status = client.status()
    except (Unreachable, Refused):
        return None
    if status["watchdog"]["pid"] == survey.watchdog_pid:
        return client
    kept = {keeper.pid for keeper in survey.keepers}
    runs = {p["pid"] for p in status["programs"] if p["name"] == meant.name}
    return client if kept & runs else None


def _advise(survey: Survey) -> str:
    """What to do about a watchdog that we cannot ask."""
    pid = survey.watchdog_pid
    return (
        f"the watchdog with pid {pid} runs it as program {survey.program!r}, and would start it"
        " again.\n"
        f"stop it there:         watchdog stop {survey.program} -c ITS_CONFIGURATION\n"
        f"or end that watchdog and all that it runs:    kill {pid}\n"
        "and then, if anything is left, unlock again"
    )


def _agreed(survey: Survey, is_supervised: bool) -> bool:
    """Ask on the terminal; where there is none, nobody can have agreed."""
    if not sys.stdin.isatty():
        complain("nobody can be asked here; --yes ends them without asking")
        return False
    many = len([keeper for keeper in survey.keepers if keeper.role != "watchdog"])
    question = f"end {many} process{'es' if many != 1 else ''}?"
    if is_supervised:
        question = "the watchdog runs it; have it stop the program?"
    try:
        agreed = input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        agreed = False
    if not agreed:
        print("nothing was done")
    return agreed


def _stop(client: Client, name: str) -> bool:
    """Have the watchdog stop the program; it stays down until it is started again."""
    from watchdog.cli.request import report

    with Waiting(f"stopping {name}"):
        results = client.request("stop", [name])
    return report("stop", results) == OK
