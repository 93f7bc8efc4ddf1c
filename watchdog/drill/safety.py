"""When a drill would do harm. Pure."""

from __future__ import annotations

from watchdog.drill.model import Facts


def objection(facts: Facts, faults: int) -> str:
    """Why so many faults must not be rehearsed on this program now; empty if they may be."""
    name = facts["name"]
    if facts["busy"]:
        return f"a drill of {facts['busy']} is under way; wait until it is over"
    if facts["restart"] == "never":
        return f'{name} would not come back: restart.when is "never"'
    if not is_well(facts):
        return not_well(facts)
    if facts["restarts"] + faults > facts["limit"]:
        return too_near(facts, faults)
    return ""


def is_well(facts: Facts) -> bool:
    """Up, and healthy as far as anybody looks."""
    return facts["state"] == "RUNNING" and facts["health"] in ("healthy", "unknown")


def not_well(facts: Facts) -> str:
    """How it is instead; the reason is its own, such as a lock that another holds."""
    now = facts["state"] if facts["state"] != "RUNNING" else f"RUNNING and {facts['health']}"
    reason = f" ({facts['reason']})" if facts["reason"] else ""
    return f"{facts['name']} is {now}{reason}; a drill wants it RUNNING and healthy"


def too_near(facts: Facts, faults: int) -> str:
    """The drill itself would end in FATAL."""
    left = max(0, facts["limit"] - facts["restarts"])
    wanted = "1 restart" if faults == 1 else f"{faults} restarts"
    advice = "try again later, or with fewer faults (--only)" if facts["limit"] else ""
    text = (
        f"the drill takes {wanted}, and {facts['name']} has {left} left before it counts as a "
        f"crash loop (restart.limit {facts['limit']} within {facts['within']:g} s)"
    )
    return f"{text}; {advice}" if advice else text
