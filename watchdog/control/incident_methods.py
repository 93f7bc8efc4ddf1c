"""`watchdog.*`: what is remembered of failures."""

from __future__ import annotations

from typing import Any

from watchdog.control import names
from watchdog.control.backend import ProgramView
from watchdog.control.rpc import Api, Table
from watchdog.core.model import State
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("watchdog")


@TABLE.method("incidents", "array", "string program?")
async def incidents(api: Api, program: str = "") -> list[dict[str, Any]]:
    """A summary of each incident that is kept, newest first; of one program, or of all."""
    if program:
        program = names.find(api.backend.programs(), program).name
    return api.backend.memory.incidents(program)


@TABLE.method("incident", "struct", "string id")
async def incident(api: Api, id: str) -> dict[str, Any]:
    """One incident with all its evidence; `told` is its story in sentences."""
    found = api.backend.memory.incident(id)
    if found is None:
        raise refuse(faults.BAD_NAME, f"there is no incident {id}; `watchdog incidents` lists them")
    return found


@TABLE.method("why", "string", "string program")
async def why(api: Api, program: str) -> str:
    """What happened to a program last, and how it is now, in sentences."""
    view = names.find(api.backend.programs(), program)
    story = api.backend.memory.why(view.name)
    return " ".join(filter(None, (story, tell_present(view, bool(story)))))


def tell_present(view: ProgramView, failed_before: bool) -> str:
    """How it is now; where nothing is kept, that is said."""
    now = f"{view.name} is {view.state}"
    if view.state is State.RUNNING and view.health != "unknown":
        now += f" and {view.health}"
    reason = f": {view.reason}" if view.reason else ""
    if failed_before:
        return f"Now {now}{reason}."
    return f"{now}{reason}. No incident of it is kept."
