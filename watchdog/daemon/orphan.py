"""Whether this watchdog may give way to another one: only if nobody looks after it any more.

A supervisor that is killed leaves its watchdog behind, alive and with its programs. The next one
asks it to give way (`watchdog run --take-over`): it ends, its programs run on, and are adopted.
Whoever still has the parent that started it refuses: two supervisors that run the same
configuration would otherwise take it from each other for ever.
"""

from __future__ import annotations


def objection(began_with: int, parent: int, is_leaving: bool) -> str:
    """Why it does not give way; empty if it does.

    `began_with` is the parent's pid at the start, `parent` that of now: the kernel gives an orphan
    to somebody else.
    """
    if is_leaving:
        return "it is shutting down"
    if parent == began_with:
        return f"whoever started it still runs (pid {parent})"
    return ""
