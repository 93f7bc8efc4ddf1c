"""What a step of the machine means to people: a line for the console and fields for the journal.

Pure: it compares a program before and after one event, and says nothing where nothing changed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from watchdog.core.effects import RollOver
from watchdog.core.events import Exited
from watchdog.core.hooks import describe
from watchdog.core.model import Exit, Health, State
from watchdog.core.program import Program

ENDED_BY_ITSELF = (State.STARTING, State.RUNNING)


LONGEST_WORDS = 200
"""Characters of a process's last line that go into a reason."""


def add_last_words(event: Exited, words: Callable[[], str]) -> Exited:
    """The exit, with what the process said last: "exit status 77: the token is refused".

    Only where it ended by itself and unwell: a code says that something is wrong, its last line
    what. A process that was killed had no chance to say anything to the point.
    """
    if not event.exit.code:
        return event
    text = "".join(char if char.isprintable() else " " for char in words())
    if not text.strip():
        return event
    detail = f"{event.exit.detail}: {shorten(text.strip())}"
    return replace(event, exit=replace(event.exit, detail=detail))


def shorten(text: str) -> str:
    """The text, cut where it would be too long for a reason."""
    return text if len(text) <= LONGEST_WORDS else text[: LONGEST_WORDS - 1] + "…"


def fields_of(before: Program, after: Program) -> dict[str, Any]:
    """What the journal keeps of a change."""
    told: dict[str, Any] = {
        "program": after.policy.name,
        "state": after.state,
        "health": after.health,
        "reason": after.reason,
        "incarnation": after.incarnation,
        "pid": after.pid,
        "restarts": after.restarts,
    }
    if before.state is not after.state:
        told["from"] = before.state
        told["cause"] = after.cause
    if after.last_exit is not None and after.last_exit is not before.last_exit:
        told["exit"] = exit_fields(after.last_exit)
    return told


def exit_fields(exit: Exit) -> dict[str, Any]:
    """An exit as plain data."""
    return {"code": exit.code, "signal": exit.signal, "text": exit.detail}


def changed(before: Program, after: Program) -> bool:
    """Whether there is anything to tell."""
    return (
        before.state is not after.state
        or before.health is not after.health
        or before.pid != after.pid
        or is_held_up(before, after)
    )


def is_held_up(before: Program, after: Program) -> bool:
    """Whether it just became known what the program waits for."""
    return after.state is State.WAITING is before.state and before.reason != after.reason


def sentence(before: Program, after: Program) -> str:
    """One line for whoever watches the console; empty if it would say nothing new."""
    text = describe_change(before, after)
    ended = after.last_exit if after.last_exit is not before.last_exit else None
    if ended and ended.detail and ended.detail not in text:
        text = f"{ended.detail}; {text}" if text else ended.detail
    return f"{after.policy.name}: {text}" if text else ""


def describe_change(before: Program, after: Program) -> str:
    """The change itself; the moments that pass at once (WAITING, STARTING) are left out."""
    if before.state is not after.state:
        if after.state is State.WAITING:
            return "restarting at once" if before.state in ENDED_BY_ITSELF else ""
        return "" if after.state is State.STARTING else describe_state(after)
    if before.pid is None and after.pid is not None:
        return f"started as pid {after.pid} (incarnation {after.incarnation})"
    if is_held_up(before, after):
        return describe_state(after)
    if before.health is not after.health and after.health is not Health.UNKNOWN:
        return f"{after.health}: {after.reason}" if after.reason else str(after.health)
    return ""


def reason_of(program: Program) -> str:
    """The reason that is shown: with the hook that runs, if that does not say it."""
    told = "" if program.hook is None else describe(program.hook)
    return "; ".join(filter(None, (program.reason, "" if told == program.reason else told)))


def describe_state(program: Program) -> str:
    """The state, with its reason and what comes next."""
    text = str(program.state)
    if program.reason:
        text += f": {program.reason}"
    if program.state in (State.BACKOFF, State.FATAL) and program.retry_at is not None:
        text += f" (again in {program.retry_at - program.since:.1f} s)"
    elif program.state is State.FATAL:
        text += f" (stays down until: watchdog start {program.policy.name})"
    return text


def tell_roll(over: RollOver) -> str:
    """How a rolling restart ended."""
    if not over.text:
        return f"rolling restart done: {', '.join(over.done) or 'nothing was to be done'}"
    at = f" at {over.program}" if over.program else ""
    left = f"; left as they were: {', '.join(over.left)}" if over.left else ""
    return f"rolling restart stopped{at}: {over.text}{left}"


def reload_of(before: Program, after: Program) -> tuple[str, str] | None:
    """What a step meant to a reload by signal: begun, done or failed, and why; None if nothing."""
    was, now = before.reloading, after.reloading
    if now is not None:
        signal = after.policy.reload.signal if after.policy.reload else ""
        return None if was is not None and was.began == now.began else ("begun", f"SIG{signal}")
    if after.last_exit is not None and after.last_exit is not before.last_exit:
        return "failed", after.last_exit.detail
    if after.state is not State.RUNNING:
        return "failed", f"it is {after.state}" + (f": {after.reason}" if after.reason else "")
    return ("failed", after.reload_trouble) if after.reload_trouble else ("done", "")
