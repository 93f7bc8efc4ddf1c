"""`system.*`: which methods there are, and several calls in one."""

from __future__ import annotations

from typing import Any

from watchdog.control.rpc import Api, Method, Table
from watchdog.wire import faults
from watchdog.wire.faults import Fault, refuse

TABLE = Table("system")
MOST_CALLS = 1000  # in one multicall


@TABLE.method("listMethods", "array")
async def list_methods(api: Api) -> list[str]:
    """The names of all methods."""
    return sorted(api.methods)


@TABLE.method("methodHelp", "string", "string name")
async def method_help(api: Api, name: str) -> str:
    """What a method does."""
    return _find(api, name).help


@TABLE.method("methodSignature", "array", "string name")
async def method_signature(api: Api, name: str) -> list[str]:
    """The types of a method: first that of its result, then those of its arguments."""
    return _find(api, name).signature


@TABLE.method("multicall", "array", "array calls")
async def multicall(api: Api, calls: list[Any]) -> list[Any]:
    """Make several calls, one after the other; a fault takes the place of a result."""
    if len(calls) > MOST_CALLS:
        raise refuse(faults.BAD_ARGUMENTS, f"more than {MOST_CALLS} calls")
    return [await _call_one(api, call) for call in calls]


async def _call_one(api: Api, call: Any) -> Any:
    try:
        return await api.call(*_unpack(call))
    except Fault as fault:
        return {"faultCode": fault.code, "faultString": fault.text}


def _unpack(call: Any) -> tuple[str, tuple[Any, ...]]:
    name = call.get("methodName") if isinstance(call, dict) else None
    params = call.get("params", []) if isinstance(call, dict) else None
    if not isinstance(name, str) or not isinstance(params, list):
        raise refuse(faults.INCORRECT_PARAMETERS, "No methodName")
    if name == "system.multicall":
        raise refuse(faults.INCORRECT_PARAMETERS, "Recursive system.multicall forbidden")
    return name, tuple(params)


def _find(api: Api, name: str) -> Method:
    if name not in api.methods:
        raise refuse(faults.SIGNATURE_UNSUPPORTED)
    return api.methods[name]
