"""Whether a watchdog runs for the configuration, and who has the locks of its programs."""

from __future__ import annotations

from collections.abc import Iterator

from watchdog.cli.ports import Finding, Survey, Trouble
from watchdog.client import Client
from watchdog.client.errors import Refused, Unreachable
from watchdog.config.model import Config
from watchdog.rescue import look_up


def watchdog_of(config: Config) -> int | None:
    """The pid of the watchdog that answers at the configuration's socket."""
    client = Client(str(config.socket))
    try:
        return int(client.status()["watchdog"]["pid"])
    except (Unreachable, Refused):
        return None


def examine_copies(config: Config, watchdog: int | None) -> Iterator[Finding]:
    """One finding for the watchdog, and one for each singleton."""
    text = f"it runs as pid {watchdog}" if watchdog else f"none answers at {config.socket}"
    yield Finding("watchdog", "ok", text)
    for program in config.programs:
        if program.singleton is not None:
            yield _look(program.name, program.singleton.key, watchdog)


def _look(name: str, key: str, watchdog: int | None) -> Finding:
    try:
        return judge_copies(name, look_up(key), watchdog)
    except Trouble as trouble:
        return Finding("copies", "wrong", f"{name}: {trouble}")


def judge_copies(name: str, survey: Survey, watchdog: int | None) -> Finding:
    """Pure: the finding for one singleton, when this is the pid of our watchdog."""
    if not survey.is_held:
        return Finding("copies", "ok", f"{name}: {survey.key} is held by nobody")
    if watchdog is not None and survey.watchdog_pid == watchdog:
        return _judge_own(name, survey)
    who = survey.hidden or ", ".join(f"pid {k.pid} ({k.role})" for k in survey.keepers)
    text = f"{name}: {survey.key} is held, and not by the watchdog of this configuration: {who}"
    advice = f"look: watchdog holders {name}; end them: watchdog unlock {name}"
    return Finding("copies", "wrong", text, advice)


def _judge_own(name: str, survey: Survey) -> Finding:
    strays = [keeper.pid for keeper in survey.keepers if keeper.role == "stray"]
    if not strays:
        return Finding("copies", "ok", f"{name}: {survey.key} is held by our own watchdog")
    text = f"{name}: {survey.key} is also kept by pid {', '.join(map(str, strays))}, left of before"
    return Finding("copies", "warning", text, f"look: watchdog holders {name}")
