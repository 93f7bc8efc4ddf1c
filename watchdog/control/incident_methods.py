"""`watchdog.*`: what is remembered of failures."""

from __future__ import annotations

from datetime import datetime
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
    """A summary of each incident that is kept, newest first; of one program, or of all.

    A program may have left the configuration: what is kept of it can still be asked for.
    """
    views = names.match(api.backend.programs(), program) if program else []
    wanted = [view.name for view in views] or [program]
    found = [line for name in wanted for line in api.backend.memory.incidents(name)]
    if program and not views and not found:
        raise unknown(program)
    return sorted(found, key=lambda line: float(line["at"]), reverse=True)


@TABLE.method("incident", "struct", "string id")
async def incident(api: Api, id: str) -> dict[str, Any]:
    """One incident with all its evidence; `told` is its story in sentences."""
    found = api.backend.memory.incident(id)
    if found is None:
        raise refuse(faults.BAD_NAME, f"there is no incident {id}; `watchdog incidents` lists them")
    return found


@TABLE.method("why", "string", "string program")
async def why(api: Api, program: str) -> str:
    """What happened to a program last, and how it is now, in sentences; of a group, of each."""
    views = names.match(api.backend.programs(), program)
    if views:
        return "\n".join(tell_all(api, view) for view in views)
    story = api.backend.memory.why(program)
    if not story:
        raise unknown(program)
    return f"{story} It is no longer in the configuration."


def tell_all(api: Api, view: ProgramView) -> str:
    """What happened to it last, how it is now, and what comes next."""
    story = api.backend.memory.why(view.name)
    now = (tell_present(view, story), tell_next(view), view.last_gap)
    return " ".join(filter(None, (story, *now)))


def unknown(program: str) -> Exception:
    """The refusal of a name that nothing is known of."""
    return refuse(faults.BAD_NAME, f"there is no program {program}")


def tell_present(view: ProgramView, story: str) -> str:
    """How it is now, unless the story ends with that; where nothing is kept, that is said."""
    if "It has not recovered" in story and f"it is {view.state}" in story:
        return ""
    now = f"{view.name} is {view.state}"
    if view.state is State.RUNNING and view.health != "unknown":
        now += f" and {view.health}"
    reason = f": {view.reason.rstrip('.')}" if view.reason else ""
    if story:
        return f"Now {now}{reason}."
    return f"{now}{reason}. No incident of it is kept."


def tell_next(view: ProgramView) -> str:
    """When it is tried again, or what it takes; nothing for what is up."""
    if view.state in (State.BACKOFF, State.FATAL) and view.retry_at is not None:
        at = datetime.fromtimestamp(view.retry_at).astimezone().strftime("%H:%M:%S")
        return f"It is tried again at {at}."
    if view.state is State.FATAL:
        return f"It stays down until: watchdog start {view.name}"
    return ""
