"""`supervisor.*`: the daemon and its processes, as supervisor's clients expect to find them."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from watchdog.control import names
from watchdog.control.backend import Action, ProgramView, Result
from watchdog.control.rpc import Api, Table
from watchdog.control.states import (
    SIGNALLABLE,
    UP,
    process_info,
    watchdog_state,
)
from watchdog.core.model import Outcome, State
from watchdog.version import __version__
from watchdog.wire import faults
from watchdog.wire.faults import Fault, refuse

TABLE = Table("supervisor")
API_VERSION = "3.0"  # supervisorctl refuses to work with any other


def guard(api: Api) -> None:
    """Once the watchdog is leaving, this namespace answers with SHUTDOWN_STATE only."""
    if api.backend.watchdog().state != "RUNNING":
        raise refuse(faults.SHUTDOWN_STATE)


# --- the daemon -------------------------------------------------------------------------------


@TABLE.method("getAPIVersion getVersion", "string")
async def get_api_version(api: Api) -> str:
    """The version of this API."""
    guard(api)
    return API_VERSION


@TABLE.method("getSupervisorVersion", "string")
async def get_supervisor_version(api: Api) -> str:
    """The version of the watchdog."""
    guard(api)
    return __version__


@TABLE.method("getIdentification", "string")
async def get_identification(api: Api) -> str:
    """What the watchdog is called."""
    guard(api)
    return api.backend.watchdog().identification


@TABLE.method("getState", "struct")
async def get_state(api: Api) -> dict[str, Any]:
    """The watchdog's own state: statecode and statename."""
    guard(api)
    return watchdog_state(api.backend.watchdog())


@TABLE.method("getPID", "int")
async def get_pid(api: Api) -> int:
    """The process id of the watchdog."""
    guard(api)
    return api.backend.watchdog().pid


@TABLE.method("shutdown", "boolean")
async def shutdown(api: Api) -> bool:
    """Stop everything, then end the watchdog."""
    guard(api)
    api.backend.shutdown()
    return True


# --- information ------------------------------------------------------------------------------


@TABLE.method("getProcessInfo", "struct", "string name")
async def get_process_info(api: Api, name: str) -> dict[str, Any]:
    """What is known of one process (`name` or `group:name`)."""
    guard(api)
    return process_info(names.find(api.backend.programs(), name), time.time())


@TABLE.method("getAllProcessInfo", "array")
async def get_all_process_info(api: Api) -> list[dict[str, Any]]:
    """What is known of every process, in the order of the alphabet."""
    guard(api)
    views = sorted(api.backend.programs(), key=lambda view: (view.group, view.name))
    return [process_info(view, time.time()) for view in views]


# --- start and stop ---------------------------------------------------------------------------


@TABLE.method("startProcess", "boolean", "string name", "boolean wait?")
async def start_process(api: Api, name: str, wait: bool = True) -> Any:
    """Start a process (or `group:*`); with wait, return once it runs."""
    guard(api)
    group, process = names.split(name)
    if process is None:
        return await start_process_group(api, group, wait)
    view = names.find(api.backend.programs(), name)
    if fault := _flaw(api, view, name):
        raise fault
    if view.state in UP:
        raise refuse(faults.ALREADY_STARTED, name)
    return await _request_one(api, "start", view, name, wait)


@TABLE.method("startProcessGroup", "array", "string name", "boolean wait?")
async def start_process_group(api: Api, name: str, wait: bool = True) -> list[dict[str, Any]]:
    """Start all of a group that do not run; the answer has a struct for each."""
    guard(api)
    members = names.find_group(api.backend.programs(), name)
    return await _request_many(api, "start", filter(_is_down, members), wait)


@TABLE.method("startAllProcesses", "array", "boolean wait?")
async def start_all_processes(api: Api, wait: bool = True) -> list[dict[str, Any]]:
    """Start all that do not run; the answer has a struct for each."""
    guard(api)
    return await _request_many(api, "start", filter(_is_down, api.backend.programs()), wait)


@TABLE.method("stopProcess", "boolean", "string name", "boolean wait?")
async def stop_process(api: Api, name: str, wait: bool = True) -> Any:
    """Stop a process (or `group:*`); with wait, return once it is gone."""
    guard(api)
    group, process = names.split(name)
    if process is None:
        return await stop_process_group(api, group, wait)
    view = names.find(api.backend.programs(), name)
    if not _can_stop(view):
        raise refuse(faults.NOT_RUNNING, name)
    return await _request_one(api, "stop", view, name, wait)


@TABLE.method("stopProcessGroup", "array", "string name", "boolean wait?")
async def stop_process_group(api: Api, name: str, wait: bool = True) -> list[dict[str, Any]]:
    """Stop all of a group that run; the answer has a struct for each."""
    guard(api)
    members = names.find_group(api.backend.programs(), name)
    return await _request_many(api, "stop", filter(_can_stop, members), wait)


@TABLE.method("stopAllProcesses", "array", "boolean wait?")
async def stop_all_processes(api: Api, wait: bool = True) -> list[dict[str, Any]]:
    """Stop all that run; the answer has a struct for each."""
    guard(api)
    return await _request_many(api, "stop", filter(_can_stop, api.backend.programs()), wait)


# --- signals ----------------------------------------------------------------------------------


@TABLE.method("signalProcess", "boolean", "string name", "signal signal")
async def signal_process(api: Api, name: str, signal: str | int) -> Any:
    """Send a signal, as a name (HUP) or number (1), to a process (or `group:*`)."""
    guard(api)
    group, process = names.split(name)
    if process is None:
        return await signal_process_group(api, group, signal)
    view = names.find(api.backend.programs(), name)
    return await _signal_one(api, view, name, signal)


@TABLE.method("signalProcessGroup", "array", "string name", "signal signal")
async def signal_process_group(api: Api, name: str, signal: str | int) -> list[dict[str, Any]]:
    """Send a signal to all of a group that run; the answer has a struct for each."""
    guard(api)
    return await _signal_many(api, names.find_group(api.backend.programs(), name), signal)


@TABLE.method("signalAllProcesses", "array", "signal signal")
async def signal_all_processes(api: Api, signal: str | int) -> list[dict[str, Any]]:
    """Send a signal to all that run; the answer has a struct for each."""
    guard(api)
    return await _signal_many(api, api.backend.programs(), signal)


# --- inside -----------------------------------------------------------------------------------


def _is_down(view: ProgramView) -> bool:
    return view.state not in UP


def _can_stop(view: ProgramView) -> bool:
    """A parked program can be stopped too: that ends its tries to come back."""
    return view.state in UP or (view.state is State.FATAL and view.retry_at is not None)


async def _request_one(api: Api, action: Action, view: ProgramView, name: str, wait: bool) -> bool:
    if not wait:
        api.begin(api.backend.request(action, [view.name]))
        return True
    for result in await api.backend.request(action, [view.name]):
        if fault := _judge(action, result, name):
            raise fault
    return True


async def _request_many(
    api: Api, action: Action, views: Iterable[ProgramView], wait: bool
) -> list[dict[str, Any]]:
    asked = list(views)
    told: dict[str, Fault | None] = {}
    if action == "start":
        told = {v.name: flaw for v in asked if (flaw := _flaw(api, v, names.join(v)))}
    sound = [view.name for view in asked if view.name not in told]
    if sound and not wait:
        api.begin(api.backend.request(action, sound))
    elif sound:
        full = {view.name: names.join(view) for view in asked}
        for result in await api.backend.request(action, sound):
            told[result.name] = _judge(action, result, full[result.name])
    return [_struct(view, told.get(view.name)) for view in asked]


def _flaw(api: Api, view: ProgramView, name: str) -> Fault | None:
    """The fault of a program whose command is not there: nothing is tried then."""
    match api.backend.flaw(view.name):
        case "missing":
            return refuse(faults.NO_FILE, name)
        case "not executable":
            return refuse(faults.NOT_EXECUTABLE, name)
    return None


def _judge(action: Action, result: Result, name: str) -> Fault | None:
    """The fault that an outcome amounts to, of those that supervisorctl expects for the action."""
    match result.outcome:
        case Outcome.DONE | Outcome.WAITING:
            return None
        case Outcome.ALREADY_STARTED:
            return refuse(faults.ALREADY_STARTED, name)
        case Outcome.NOT_RUNNING:
            return refuse(faults.NOT_RUNNING, name)
    if action == "stop":
        return refuse(faults.FAILED, f"{name}: {result.text}")
    if result.outcome is Outcome.SUPERSEDED:
        return refuse(faults.ABNORMAL_TERMINATION, name)
    return refuse(faults.SPAWN_ERROR, name)


async def _signal_one(api: Api, view: ProgramView, name: str, signal: str | int) -> bool:
    normal = names.normalize_signal(signal)
    if view.state not in SIGNALLABLE:
        raise refuse(faults.NOT_RUNNING, name)
    result = await api.backend.signal(view.name, normal)
    if result.outcome is Outcome.NOT_RUNNING:
        raise refuse(faults.NOT_RUNNING, name)
    if result.outcome is not Outcome.DONE:
        raise refuse(faults.FAILED, result.text)
    return True


async def _signal_many(
    api: Api, views: Iterable[ProgramView], signal: str | int
) -> list[dict[str, Any]]:
    answers = []
    for view in [view for view in views if view.state in SIGNALLABLE]:
        try:
            await _signal_one(api, view, names.join(view), signal)
            answers.append(_struct(view, None))
        except Fault as fault:
            answers.append(_struct(view, fault))
    return answers


def _struct(view: ProgramView, fault: Fault | None) -> dict[str, Any]:
    return {
        "name": view.process,
        "group": view.group,
        "status": fault.code if fault else faults.SUCCESS,
        "description": fault.text if fault else "OK",
    }
