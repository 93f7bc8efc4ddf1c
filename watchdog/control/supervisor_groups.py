"""`supervisor.*`: the configuration, read again and applied group by group; and a new start."""

from __future__ import annotations

from watchdog.control.backend import GroupError, ReloadError
from watchdog.control.configs import config_info
from watchdog.control.rpc import Api, Table
from watchdog.control.supervisor_methods import guard
from watchdog.wire import faults
from watchdog.wire.faults import Fault, refuse

TABLE = Table("supervisor")
_CODES = {
    "unknown": faults.BAD_NAME,
    "active": faults.ALREADY_ADDED,
    "running": faults.STILL_RUNNING,
}


@TABLE.method("reloadConfig", "array")
async def reload_config(api: Api) -> list[list[list[str]]]:
    """Read the configuration again: the groups that were added, changed and removed, as [[[...]]].

    Nothing is applied: that is for addProcessGroup and removeProcessGroup.
    """
    guard(api)
    try:
        changes = api.backend.reread()
    except ReloadError as error:
        raise refuse(faults.CANT_REREAD, str(error)) from None
    return [[list(changes.added), list(changes.changed), list(changes.removed)]]


@TABLE.method("addProcessGroup", "boolean", "string name")
async def add_process_group(api: Api, name: str) -> bool:
    """Take a group of the configuration that was read last into force."""
    guard(api)
    try:
        api.backend.add_group(name)
    except GroupError as error:
        raise _fault(error, name) from None
    return True


@TABLE.method("removeProcessGroup", "boolean", "string name")
async def remove_process_group(api: Api, name: str) -> bool:
    """Take a group that was stopped out of force."""
    guard(api)
    try:
        api.backend.remove_group(name)
    except GroupError as error:
        raise _fault(error, name) from None
    return True


@TABLE.method("getAllConfigInfo", "array")
async def get_all_config_info(api: Api) -> list[dict[str, object]]:
    """How every process is configured, also those whose group is not in force."""
    guard(api)
    configured = sorted(api.backend.configured(), key=lambda one: one.program.name)
    return [config_info(one) for one in configured]


@TABLE.method("restart", "boolean")
async def restart(api: Api) -> bool:
    """Stop everything, then start the watchdog anew with the configuration as it is then.

    A configuration that cannot be used is refused with CANT_REREAD, and nothing is stopped.
    """
    guard(api)
    try:
        await api.backend.renew()
    except ReloadError as error:
        raise refuse(faults.CANT_REREAD, str(error)) from None
    return True


def _fault(error: GroupError, name: str) -> Fault:
    return refuse(_CODES[error.problem], name)
