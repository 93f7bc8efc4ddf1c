"""`watchdog.drill*`: a failure that is rehearsed. Only one is under way in the whole watchdog."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from watchdog.control import names
from watchdog.control.backend import DrillError
from watchdog.control.rpc import Api, Table
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("watchdog")


@TABLE.method("drillFacts", "struct", "string name")
async def drill_facts(api: Api, name: str) -> dict[str, Any]:
    """What a drill of this program is judged by; changes nothing."""
    return api.backend.drills.facts(names.only(api.backend.programs(), name).name)


@TABLE.method("drillBegin", "string", "string name")
async def drill_begin(api: Api, name: str) -> str:
    """Begin a drill: its token. It ends by itself 15 s after the last call that had it."""
    program = names.only(api.backend.programs(), name).name
    if api.backend.watchdog().state != "RUNNING":
        raise refuse(faults.SHUTDOWN_STATE, "the watchdog is shutting down")
    try:
        return api.backend.drills.begin(program)
    except DrillError as error:
        raise refuse(faults.FAILED, str(error)) from None


@TABLE.method("drillRenew", "boolean", "string token")
async def drill_renew(api: Api, token: str) -> bool:
    """The drill goes on for another 15 s."""
    try:
        api.backend.drills.renew(token)
    except DrillError as error:
        raise refuse(faults.FAILED, str(error)) from None
    return True


@TABLE.method("drillStrike", "double", "string token", "string fault")
async def drill_strike(api: Api, token: str, fault: str) -> float:
    """kill, stop, block or mute the program: the time just before, by the watchdog's clock."""
    return float(await _refusing(api.backend.drills.strike(token, fault)))


@TABLE.method("drillMend", "boolean", "string token")
async def drill_mend(api: Api, token: str) -> bool:
    """A process that was stopped for the drill goes on."""
    await _refusing(api.backend.drills.mend(token))
    return True


@TABLE.method("drillEnd", "boolean", "string token", "struct result")
async def drill_end(api: Api, token: str, result: dict[str, Any]) -> bool:
    """The drill is over; what came of it goes into the journal."""
    await _refusing(api.backend.drills.end(token, result))
    return True


async def _refusing(work: Coroutine[Any, Any, Any]) -> Any:
    try:
        return await work
    except DrillError as error:
        raise refuse(faults.FAILED, str(error)) from None
