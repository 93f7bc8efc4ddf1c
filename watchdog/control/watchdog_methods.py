"""`watchdog.*`: what supervisor's API has no words for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec

from watchdog.control import names
from watchdog.control.backend import (
    Action,
    GiveWayError,
    ProgramView,
    ReloadError,
    Result,
    UpgradeError,
    WatchdogView,
)
from watchdog.control.rpc import Api, Table
from watchdog.core.model import Outcome
from watchdog.wire import faults
from watchdog.wire.faults import Fault, refuse

TABLE = Table("watchdog")
MOST_LINES = 100_000  # of one answer
MOST_UNAVAILABLE, LONGEST = 1000, 86400.0  # of a rolling restart; seconds
UNKNOWN = "no such program"  # the outcome of a name that nobody has

_STATUS_KEYS = (
    "name",
    "group",
    "state",
    "health",
    "reason",
    "pid",
    "incarnation",
    "uptime_seconds",
    "restarts",
    "singleton",
    "lease",
    "last_exit",
    "last_incident",
)


@TABLE.method("status", "struct")
async def status(api: Api) -> dict[str, Any]:
    """The watchdog and every program, as `watchdog status --json` prints them."""
    return {
        "watchdog": _watchdog(api.backend.watchdog()),
        "programs": [_program(view) for view in api.backend.programs()],
    }


@TABLE.method("start", "array", "array names")
async def start(api: Api, wanted: list[Any]) -> list[dict[str, Any]]:
    """Start programs by name (or `all`) and wait; a struct with name, outcome and text for each."""
    return await _request(api, "start", wanted)


@TABLE.method("stop", "array", "array names")
async def stop(api: Api, wanted: list[Any]) -> list[dict[str, Any]]:
    """Stop programs by name (or `all`) and wait; a struct for each, as for start."""
    return await _request(api, "stop", wanted)


@TABLE.method("restart", "array", "array names")
async def restart(api: Api, wanted: list[Any]) -> list[dict[str, Any]]:
    """Restart programs by name (or `all`) and wait; a struct for each, as for start."""
    return await _request(api, "restart", wanted)


@TABLE.method("restartWithDependents", "array", "array names")
async def restart_with_dependents(api: Api, wanted: list[Any]) -> list[dict[str, Any]]:
    """Restart programs and whoever is up and depends on them, in order; a struct for each."""
    return await _request(api, "restart", wanted, api.backend.with_dependents)


@TABLE.method("signal", "array", "signal signal", "array names")
async def signal(api: Api, value: str | int, wanted: list[Any]) -> list[dict[str, Any]]:
    """Send a signal to programs by name (or `all`); a struct for each."""
    try:
        normal = names.normalize_signal(value)
    except Fault:
        raise refuse(faults.BAD_SIGNAL, f"there is no signal {value}") from None

    async def send(chosen: list[str]) -> list[Result]:
        return [await api.backend.signal(name, normal) for name in chosen]

    return await _for_each(api, wanted, send)


@TABLE.method("restartRolling", "array", "array names", "int unavailable?", "double within?")
async def restart_rolling(
    api: Api, wanted: list[Any], unavailable: int = 1, within: float = 0.0
) -> list[dict[str, Any]]:
    """Restart programs one after the other, the next when the last is ready; as for start.

    `unavailable` is how many may be down at a time, `within` (seconds; 0: what each has by its
    configuration) how long each may take. It goes on also if the client does not wait for it; if
    one does not come up, the others are left alone.
    """
    if not 1 <= unavailable <= MOST_UNAVAILABLE or not 0 <= within <= LONGEST:
        raise refuse(faults.BAD_ARGUMENTS, "from 1 to 1000 at a time, each within 1 day at most")

    async def roll(chosen: list[str]) -> list[Result]:
        return await api.backend.roll(chosen, unavailable, within or None)

    return await _for_each(api, wanted, roll)


@TABLE.method("reloadPrograms", "array", "array names")
async def reload_programs(api: Api, wanted: list[Any]) -> list[dict[str, Any]]:
    """Have programs with `reload` read their own configurations again, by name; as for start.

    It is done when they are healthy after the signal.
    """
    return await _for_each(api, wanted, api.backend.reload_programs)


@TABLE.method("reload", "struct")
async def reload(api: Api) -> dict[str, Any]:
    """Read the configuration again and apply it: what was added, changed, removed, retuned."""
    try:
        reloaded = await api.backend.reload()
    except ReloadError as error:
        raise refuse(faults.CANT_REREAD, str(error)) from None
    return {key: list(value) for key, value in msgspec.structs.asdict(reloaded).items()}


@TABLE.method("upgrade", "struct")
async def upgrade(api: Api) -> dict[str, Any]:
    """Try the new version, then be replaced by it: pid, version and python of both, the count.

    It is done when `watchdog.upgrades` tells a higher count.
    """
    before = api.backend.upgrades()
    try:
        after = await api.backend.upgrade()
    except UpgradeError as error:
        raise refuse(faults.FAILED, str(error)) from None
    following = {"next_version": after.version, "next_python": after.python}
    return msgspec.structs.asdict(before) | following


@TABLE.method("upgrades", "struct")
async def upgrades(api: Api) -> dict[str, Any]:
    """What runs (pid, version, python), how often it was upgraded, the latest attempt's trouble."""
    return msgspec.structs.asdict(api.backend.upgrades())


@TABLE.method("shutdown", "boolean")
async def shutdown(api: Api) -> bool:
    """Stop everything, then end the watchdog. Asking twice is no error."""
    api.backend.shutdown()
    return True


@TABLE.method("giveWay", "boolean")
async def give_way(api: Api) -> bool:
    """End, and leave the programs running, for another watchdog to adopt them.

    Refused unless whoever started this watchdog is gone.
    """
    try:
        api.backend.give_way()
    except GiveWayError as error:
        raise refuse(faults.FAILED, str(error)) from None
    return True


@TABLE.method("lastLines", "string", "string name", "string stream", "int count")
async def last_lines(api: Api, name: str, stream: str, count: int) -> str:
    """The last lines of a program's stdout or stderr, reaching back into rotated files."""
    if stream not in ("stdout", "stderr"):
        raise refuse(faults.BAD_ARGUMENTS, "the stream is stdout or stderr")
    found = names.only(api.backend.programs(), name)
    path = api.backend.log_path(found.name, "stdout" if stream == "stdout" else "stderr")
    return _last_lines(api, path, max(0, min(count, MOST_LINES)))


# --- inside -----------------------------------------------------------------------------------


def _last_lines(api: Api, path: str | None, count: int) -> str:
    if path is None:
        raise refuse(faults.NO_FILE, "this output is not captured")
    try:
        return api.logs.last_lines(Path(path), count).decode("utf-8", "replace")
    except FileNotFoundError:
        raise refuse(faults.NO_FILE, f"there is no log at {path} yet") from None
    except OSError as error:
        raise refuse(faults.FAILED, f"{path}: {error.strerror}") from None


def _watchdog(view: WatchdogView) -> dict[str, Any]:
    return {
        "pid": view.pid,
        "version": view.version,
        "state": view.state,
        "uptime_seconds": view.uptime_seconds,
    }


def _program(view: ProgramView) -> dict[str, Any]:
    shown = {key: getattr(view, key) for key in _STATUS_KEYS}
    return shown | {"state": view.state.value, "health": view.health.value}


async def _request(
    api: Api, action: Action, wanted: list[Any], widen: Callable[[list[str]], list[str]] = list
) -> list[dict[str, Any]]:
    if api.backend.watchdog().state != "RUNNING" and action != "stop":
        raise refuse(faults.SHUTDOWN_STATE, "the watchdog is shutting down")
    return await _for_each(api, wanted, lambda chosen: api.backend.request(action, widen(chosen)))


async def _for_each(
    api: Api, wanted: list[Any], do: Callable[[list[str]], Awaitable[list[Result]]]
) -> list[dict[str, Any]]:
    """Do it to every program that is meant, each once, and report each, the unknown ones too."""
    chosen, unknown = _choose(api.backend.programs(), wanted)
    results = await do(chosen) if chosen else []
    return [*map(_result, results), *map(_unknown, unknown)]


def _choose(views: list[ProgramView], wanted: list[Any]) -> tuple[list[str], list[str]]:
    chosen: dict[str, None] = {}
    unknown: list[str] = []
    for name in map(str, wanted):
        found = names.match(views, name)
        chosen |= dict.fromkeys(view.name for view in found)
        if not found and name != "all":
            unknown.append(name)
    return list(chosen), unknown


def _result(result: Result) -> dict[str, Any]:
    outcome: Outcome = result.outcome
    return {"name": result.name, "outcome": outcome.value, "text": result.text}


def _unknown(name: str) -> dict[str, Any]:
    return {"name": name, "outcome": UNKNOWN, "text": f"there is no program {name}"}
