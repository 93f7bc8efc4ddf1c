"""`watchdog drill NAME`: rehearse failures on the live program, held against what was promised."""

from __future__ import annotations

import signal
import sys
from argparse import Namespace
from typing import TYPE_CHECKING, NoReturn

from watchdog.cli.context import FAILED, OK, USAGE, Context, complain, connect, make_client_parser
from watchdog.config.faults import FAULTS
from watchdog.config.units import parse_duration

if TYPE_CHECKING:
    from watchdog.drill.model import Promise, Rehearsal

_SUMMARY = """Break the live program on purpose, one fault after another, and hold what is seen
against what its configuration promises:

  kill   SIGKILL to its main process: noticed at once
  stop   SIGSTOP: a hang, which liveness or the heartbeat must notice
  block  the command drill.block: alive, without answers
  mute   the command drill.mute: alive and with answers, without doing its work

What nothing in the configuration promises to notice is left out, and said. A drill is refused where
it would do harm: restart.when is "never", the program is not RUNNING and healthy, its crash-loop
limit is near, or another drill is under way. Incidents of a drill are marked as such.

Exit code: 0 every promise was kept; 1 one was broken, the drill was refused, or nothing could be
rehearsed; 2 there is nobody to ask and no --yes."""

_EXAMPLE = """watchdog drill bot
  watchdog drill bot --only kill,stop --yes"""


def main(context: Context) -> int:
    """Show what is about to be done, ask, do it, tell."""
    parser = make_client_parser(context, _SUMMARY, _EXAMPLE)
    parser.add_argument("name", metavar="NAME", help="the program")
    parser.add_argument(
        "--only", metavar="FAULT,...", default=",".join(FAULTS), help="some of them"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask")
    parser.add_argument("--json", action="store_true", help="for scripts; wants --yes")
    parser.add_argument("--by", default="a person", help="who holds it, for the journal")
    parser.add_argument(
        "--wait", metavar="TIME", default="0s", help="how long it may take to be safe, such as 30s"
    )
    options = parser.parse_args(context.words)
    wanted = options.only.split(",")
    if unknown := [fault for fault in wanted if fault not in FAULTS]:
        parser.error(f"--only: found {unknown[0]!r}; there are {', '.join(FAULTS)}")
    try:
        options.patience = parse_duration(options.wait)
    except ValueError:
        parser.error(f"--wait: found {options.wait!r}; allowed: a duration such as 30s")
    if options.json and not options.yes:
        parser.error("--json cannot ask; add --yes")
    return hold(options, tuple(fault for fault in FAULTS if fault in wanted))


def hold(options: Namespace, faults: tuple[str, ...]) -> int:
    """The drill; its exit code."""
    from watchdog.drill.model import result_of
    from watchdog.drill.rehearsal import Drill, NotSafe

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    drill = Drill(connect(options), options.name, show_progress)
    try:
        plan = drill.plan(faults, options.patience)
        if not options.yes and not agreed(options.name, plan):
            return FAILED if sys.stdin.isatty() else USAGE
        rehearsals = drill.hold(faults, options.by)
    except NotSafe as reason:
        show_progress("")
        complain(f"no drill: {reason}")
        return FAILED
    finally:
        show_progress("")
    show(options.name, rehearsals, options.json)
    return OK if result_of(rehearsals) == "kept" else FAILED


def leave(number: int, _: object) -> NoReturn:
    """End as at Ctrl-C: the program must not stay as the drill has left it."""
    raise SystemExit(128 + number)


def agreed(name: str, plan: list[tuple[str, Promise | str]]) -> bool:
    """Ask on the terminal; where there is none, nobody can have agreed."""
    from watchdog.drill.telling import tell_plan

    if not sys.stdin.isatty():
        complain("nobody can be asked here; --yes holds the drill without asking")
        return False
    print("\n".join(tell_plan(name, plan)))
    try:
        said = input("Go on? [y/N] ")
    except EOFError:
        said = ""
    if said.strip().lower() in ("y", "yes"):
        return True
    print("nothing was done")
    return False


def show_progress(text: str) -> None:
    """One line that is written over, where somebody watches."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def show(name: str, rehearsals: list[Rehearsal], as_json: bool) -> None:
    """The result as a table, or as JSON."""
    if not as_json:
        from watchdog.drill.telling import tell

        print("\n".join(tell(name, rehearsals)))
        return
    import json

    from watchdog.drill.model import as_data, result_of

    told = {"program": name, "result": result_of(rehearsals)}
    print(json.dumps({**told, "faults": [as_data(one) for one in rehearsals]}, indent=2))
