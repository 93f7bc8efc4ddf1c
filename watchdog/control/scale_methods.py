"""`watchdog.*`: how many instances there are of a program, and more or fewer of them."""

from __future__ import annotations

from typing import Any

import msgspec

from watchdog.control.rpc import Api, Table
from watchdog.control.scales import Change, ScaleError
from watchdog.wire import faults
from watchdog.wire.faults import refuse

TABLE = Table("watchdog")
DEFAULT = "default"  # the number that the file says


@TABLE.method("scales", "array")
async def scales(api: Api) -> list[dict[str, Any]]:
    """Every program with `instances`: name, count (how many there are), file (what it says)."""
    return [msgspec.structs.asdict(one) for one in api.backend.instances()]


@TABLE.method("scale", "array", "struct wanted", "boolean wait?")
async def scale(api: Api, wanted: dict[str, Any], wait: bool = True) -> list[dict[str, Any]]:
    """Have so many instances of each: a struct of names and numbers, or `default` for the file's.

    Returns once all have come up or are gone: name, action, outcome and text of each instance.
    """
    numbers = {_name(name): _number(name, given) for name, given in wanted.items()}
    try:
        changes = api.backend.scaling.scale(numbers)
    except ScaleError as error:
        raise refuse(faults.FAILED, str(error)) from None
    if wait:
        return [_change(one) for one in await changes]
    api.begin(changes)
    return []


def _name(name: str) -> str:
    return name.removesuffix(":*")


def _number(name: str, given: Any) -> int | None:
    if given == DEFAULT:
        return None
    if not isinstance(given, int) or isinstance(given, bool):
        raise refuse(faults.BAD_ARGUMENTS, f"{name}: neither a whole number nor `{DEFAULT}`")
    return given


def _change(change: Change) -> dict[str, Any]:
    result = change.result
    told = {"name": result.name, "outcome": result.outcome.value, "text": result.text}
    return {"action": change.action, **told}
