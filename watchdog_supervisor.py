"""The entry point of the `watchdog` command, under a name that nobody else has.

The package index holds another project called `watchdog` (file-system events), whose modules land
in the same directory as ours. With it installed, `import watchdog` may be theirs, ours, or a mix of
both; this module is the one place that can still say so in a sentence.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from watchdog.cli.ports import Finding, LogFile, Memory, Release, Survey, Tried
    from watchdog.config import Config


def main() -> int:
    """Run the command line, unless the other `watchdog` is in the way."""
    foreign = find_other_watchdog()
    if foreign is not None:
        print(describe(foreign), file=sys.stderr)
        return 78
    from watchdog.cli.main import main as call
    from watchdog.cli.ports import Supplies

    receivers = judge_receivers, try_receivers
    supplies = Supplies(look_up, free, examine, recall, open_log, *receivers)
    return call(run=start_daemon, demo=start_demo, supplies=supplies)


# The command line knows neither the daemon nor the demonstration, nor may it look into locks: it is
# handed these, and each imports what it starts only when it is called.


def start_daemon(config: Config, names: tuple[str, ...]) -> int:
    """Supervise the programs of a configuration (all, or those named); the exit code."""
    from watchdog.daemon import diet  # noqa: F401 - first of all: it decides what asyncio loads
    from watchdog.daemon.main import run

    return run(config, names)


def start_demo(words: list[str]) -> int:
    """Show the demonstration, which has options of its own; the exit code."""
    from watchdog.demo import main

    return main(words)


def look_up(key: str) -> Survey:
    """Who keeps the locks of a key."""
    from watchdog.rescue import look_up

    return look_up(key)


def free(survey: Survey, signal: str, grace: float, say: Callable[[str], None]) -> Release:
    """End who keeps the lock; whether it is free then."""
    from watchdog.rescue import free

    return free(survey, signal, grace, say)


def examine(config: str | None) -> list[Finding]:
    """What this machine offers, and what is wrong."""
    from watchdog.doctor import examine

    return examine(config, find_other_watchdog())


def recall(state: Path) -> Memory:
    """What is remembered of failures in a state directory."""
    from watchdog.incidents.memory import Memory
    from watchdog.incidents.store import Limits, Store

    return Memory(Store(state / "incidents", Limits(), bytes))


def open_log(path: Path) -> LogFile:
    """A captured log, to be read where it lies."""
    from watchdog.logs.tail import Follower

    return Follower(path)


def judge_receivers(config: Config) -> list[Tried]:
    """Whether apprise understands where alerts are to go; nothing is sent."""
    from watchdog.alerts.trial import judge

    return ask_receivers(judge, config)


def try_receivers(config: Config) -> list[Tried]:
    """Send each receiver of alerts a message."""
    from watchdog.alerts.trial import try_out

    return ask_receivers(try_out, config)


def ask_receivers(ask: Callable[[Config], list[tuple[str, str]]], config: Config) -> list[Tried]:
    """What came of it; `Trouble` if nobody can be asked."""
    from watchdog.alerts.receivers import Missing
    from watchdog.cli.ports import Tried, Trouble

    try:
        return [Tried(name, trouble) for name, trouble in ask(config)]
    except Missing as missing:
        raise Trouble(str(missing)) from None


def find_other_watchdog() -> Path | None:
    """Where the package index's `watchdog` is, if this environment has it."""
    spec = importlib.util.find_spec("watchdog")
    places = list(spec.submodule_search_locations or ()) if spec else []
    # Its own modules in our package: both were installed into one directory.
    for place in places:
        if (Path(place) / "observers").is_dir():
            return Path(place)
    # Beside us, under its own name: it may win or lose by the order of sys.path.
    for entry in filter(None, sys.path):
        if (Path(entry) / "watchdog" / "observers").is_dir():
            return Path(entry) / "watchdog"
    return None


def describe(place: Path) -> str:
    """What is wrong, and what to do."""
    return (
        "watchdog: another package named `watchdog` (file-system events) is installed in"
        f" {place}.\n"
        "Both provide the module `watchdog`, so they cannot share an environment.\n"
        f"Either remove it:    {sys.executable} -m pip uninstall watchdog"
        " && pip install --force-reinstall watchdog-supervisor\n"
        "or install this one into an environment of its own:    pipx install watchdog-supervisor"
    )


if __name__ == "__main__":
    sys.exit(main())
