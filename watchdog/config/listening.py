"""What a program may be told as an event listener: supervisor's events, and who subscribes to them.

The names form a tree by their words: whoever subscribes to PROCESS_STATE gets every
PROCESS_STATE_something, and EVENT is all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from watchdog.config import kinds
from watchdog.config.errors import Findings, nearest
from watchdog.config.kinds import Kind
from watchdog.config.model import ListenerConfig, ProgramConfig
from watchdog.config.options import option, section
from watchdog.config.read import Table

_STATES = ["STOPPED", "EXITED", "STARTING", "STOPPING", "BACKOFF", "FATAL", "RUNNING", "UNKNOWN"]
EVENTS = (
    "EVENT",
    "PROCESS_STATE",
    *(f"PROCESS_STATE_{state}" for state in _STATES),
    "PROCESS_COMMUNICATION",
    "PROCESS_COMMUNICATION_STDOUT",
    "PROCESS_COMMUNICATION_STDERR",
    "PROCESS_LOG",
    "PROCESS_LOG_STDOUT",
    "PROCESS_LOG_STDERR",
    "PROCESS_GROUP",
    "PROCESS_GROUP_ADDED",
    "PROCESS_GROUP_REMOVED",
    "REMOTE_COMMUNICATION",
    "SUPERVISOR_STATE_CHANGE",
    "SUPERVISOR_STATE_CHANGE_RUNNING",
    "SUPERVISOR_STATE_CHANGE_STOPPING",
    "TICK",
    "TICK_5",
    "TICK_60",
    "TICK_3600",
)
"""Every name that can be subscribed to."""


def _read_event(value: Any) -> str:
    name = kinds.read_text(value)
    if name in EVENTS:
        return name
    close = nearest(name, EVENTS)
    raise kinds.Unfit(f"did you mean {close}?" if close else "")


def _events() -> Kind:
    def read(value: Any) -> tuple[str, ...]:
        found = kinds.each(_read_event, value)
        if not found:
            raise kinds.Unfit("it is empty")
        return tuple(dict.fromkeys(found))

    return Kind(f"a list of {', '.join(EVENTS)}", read, brief="a list of events")


LISTENER = section(
    "listener",
    "The program is an event listener as supervisor has them: it is told on its stdin what "
    "happens, and answers on its stdout, which is no log then. Its stderr is logged as usual. "
    'Its `priority` is 0 and `on_watchdog_death` "kill" unless they are written; '
    "[listeners.md](listeners.md) says more.",
    option(
        "events",
        _events(),
        None,
        f"What it is told: {', '.join(f'`{name}`' for name in EVENTS)}. A name stands for all that "
        "begin with it; `EVENT` is everything.",
        example='["PROCESS_STATE_EXITED", "TICK_60"]',
        required=True,
        unset="required",
    ),
    option(
        "buffer",
        kinds.integer(1, 100_000),
        10,
        "How many events wait for a listener that is busy; then the oldest is dropped.",
        elsewhere="buffer_size",
    ),
    option(
        "pool",
        kinds.text("a name"),
        None,
        "Listeners of one pool share its events: each event goes to one of them.",
        example='"mailers"',
        unset="the program's name: a pool of its own",
    ),
    optional=True,
)


def listener_of(name: str, table: Table, findings: Findings) -> ListenerConfig | None:
    """What the program listens to; None if it is no listener."""
    given = table["listener"]
    if given is None:
        return None
    if "on_watchdog_death" in table.given and table["on_watchdog_death"] == "adopt":
        hint = "the pipes to a listener end with the watchdog; it is started anew"
        key = (*table.path, "on_watchdog_death")
        findings.add(key, 'found "adopt" beside listener', '"kill"', hint)
    if table["stdin"] == "pipe":
        hint = "take it out: a listener reads events"
        findings.add((*table.path, "stdin"), 'found "pipe" beside listener', '"null"', hint)
    return ListenerConfig(given["pool"] or name, given["events"] or (), given["buffer"])


def check_pools(programs: Iterable[ProgramConfig], findings: Findings) -> None:
    """Listeners of one pool must want the same."""
    first: dict[str, ProgramConfig] = {}
    for program in programs:
        if program.listener is None:
            continue
        other = first.setdefault(program.listener.pool, program)
        if set(other.listener.events) != set(program.listener.events) or (  # type: ignore[union-attr]
            other.listener.buffer != program.listener.buffer  # type: ignore[union-attr]
        ):
            found = f"events or buffer differ from those of programs.{other.name}"
            hint = f'both are in the pool "{program.listener.pool}", which has one of each'
            findings.add(("programs", program.name, "listener"), found, hint=hint)
