"""What the status of a watchdog says, in sentences. Pure."""

from __future__ import annotations

from typing import Any

from watchdog.cli.table import format_uptime

Program = dict[str, Any]

# What XML-RPC has no word for is left out of a struct, and put in again at the other end.
EMPTY: Program = dict.fromkeys(("pid", "uptime_seconds", "singleton", "lease", "last_exit"))


def tell(program: Program, now: float) -> str:
    """How a program is and why, and how its last process ended. `now` in Unix seconds."""
    lines = [_present(program), _past(program, now)]
    if program.get("last_incident"):
        lines.append(f"Its last incident: {program['last_incident']}.")
    return "\n".join(line for line in lines if line)


def list_incidents(status: dict[str, Any]) -> list[str]:
    """The last incident of each program that had one."""
    return [
        f"{program['name']}: {program['last_incident']}"
        for program in status["programs"]
        if program.get("last_incident")
    ]


def without_nothing(value: Any) -> Any:
    """The value without what is None, which supervisord's XML-RPC cannot say."""
    if isinstance(value, dict):
        return {key: without_nothing(one) for key, one in value.items() if one is not None}
    if isinstance(value, list | tuple):
        return [without_nothing(one) for one in value if one is not None]
    return "" if value is None else value


def as_lines(value: Any) -> list[str]:
    """An answer of any form, for a person."""
    if isinstance(value, dict):
        return ["  ".join(f"{key}: {_flat(one)}" for key, one in value.items())]
    if isinstance(value, list):
        return [line for one in value for line in as_lines(one)]
    return str(value).splitlines()


def list_lines(incidents: list[Any]) -> list[str]:
    """A line for each incident; one in a form that is not known is shown as it is."""
    from watchdog.cli.incidents import line_of

    if not all(isinstance(one, dict) and "id" in one for one in incidents):
        return as_lines(incidents)
    ids = max((len(one["id"]) for one in incidents), default=0)
    return [line_of({"recovered": None, **one}, ids) for one in incidents]


def is_well(program: Program) -> bool:
    """Whether it runs, and nothing is known against it."""
    return bool(program["state"] == "RUNNING" and program["health"] != "unhealthy")


def _present(program: Program) -> str:
    parts = [f"{program['name']} is {program['state']}"]
    if program.get("pid"):
        parts.append(f"pid {program['pid']} for {format_uptime(program.get('uptime_seconds'))}")
    if program["health"] != "unknown":
        parts.append(program["health"])
    reason = f": {program['reason']}" if program["reason"] else ""
    return f"{', '.join(parts)}{reason}."


def _past(program: Program, now: float) -> str:
    last = program.get("last_exit")
    if not last:
        return "None of its processes has ended yet."
    ago = format_uptime(now - last["at"])
    return (
        f"Its last process ended {ago} ago: {last['text']}. Restarts so far: {program['restarts']}."
    )


def _flat(value: Any) -> str:
    return "; ".join(as_lines(value)) if isinstance(value, dict | list) else str(value)
