"""`supervisor.*`: what is written or emptied: logs begun anew, input for a process, an event."""

from __future__ import annotations

from typing import Any

from watchdog.control import names
from watchdog.control.backend import InputError, ProgramView
from watchdog.control.rpc import Api, Table
from watchdog.control.supervisor_methods import guard
from watchdog.core.model import State
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("supervisor")
_READING = (State.STARTING, State.RUNNING)


@TABLE.method("clearLog", "boolean")
async def clear_log(api: Api) -> bool:
    """Begin the watchdog's own log anew."""
    guard(api)
    try:
        api.backend.clear_main_log()
    except FileNotFoundError:
        raise refuse(faults.NO_FILE) from None
    except OSError:
        raise refuse(faults.FAILED) from None
    return True


@TABLE.method("clearProcessLogs clearProcessLog", "boolean", "string name")
async def clear_process_logs(api: Api, name: str) -> bool:
    """Begin the captured output of a process anew."""
    guard(api)
    _clear(api, names.find(api.backend.programs(), name), name)
    return True


@TABLE.method("clearAllProcessLogs", "array")
async def clear_all_process_logs(api: Api) -> list[dict[str, Any]]:
    """Begin the captured output of every process anew; the answer has a struct for each."""
    guard(api)
    answers = []
    for view in api.backend.programs():
        told = {"name": view.process, "group": view.group}
        try:
            _clear(api, view, names.join(view))
            answers.append({**told, "status": faults.SUCCESS, "description": "OK"})
        except faults.Fault as fault:
            answers.append({**told, "status": fault.code, "description": fault.text})
    return answers


@TABLE.method("sendProcessStdin", "boolean", "string name", "string chars")
async def send_process_stdin(api: Api, name: str, chars: str) -> bool:
    """Write to the standard input of a process whose `stdin` is "pipe"."""
    guard(api)
    view = names.find(api.backend.programs(), name)
    if view.pid is None or view.state not in _READING:
        raise refuse(faults.NOT_RUNNING, name)
    try:
        await api.backend.send_input(view.name, chars.encode())
    except InputError as error:
        raise refuse(faults.NO_FILE, f"{name}: {error}") from None
    return True


@TABLE.method("sendRemoteCommEvent", "boolean", "string type", "string data")
async def send_remote_comm_event(api: Api, kind: str, data: str) -> bool:
    """Tell the event listeners that subscribed to REMOTE_COMMUNICATION."""
    api.backend.remote_event(kind, data)
    return True


def _clear(api: Api, view: ProgramView, name: str) -> None:
    try:
        api.backend.clear_logs(view.name)
    except OSError:
        raise refuse(faults.FAILED, name) from None
