"""Our states in supervisor's words: codes, names, descriptions and times. Pure.

WAITING is ours alone. supervisorctl gives up on a state that it does not know, so it is told
STARTING, which is what a client should do about it: wait. The reason goes into the description.
"""

from __future__ import annotations

import time
from typing import Any

from watchdog.control.backend import ProgramView, WatchdogView
from watchdog.core.model import Cause, State

_CODES = {
    State.STOPPED: 0,
    State.WAITING: 10,
    State.STARTING: 10,
    State.RUNNING: 20,
    State.BACKOFF: 30,
    State.STOPPING: 40,
    State.EXITED: 100,
    State.FATAL: 200,
}
_WATCHDOG_CODES = {"RUNNING": 1, "RESTARTING": 0, "SHUTDOWN": -1}
_LARGEST = 2**31 - 1  # times are 32-bit integers in this API

UP = frozenset({State.WAITING, State.STARTING, State.RUNNING, State.BACKOFF})
SIGNALLABLE = frozenset({State.STARTING, State.RUNNING, State.STOPPING})


def watchdog_state(view: WatchdogView) -> dict[str, Any]:
    """The struct of getState."""
    return {"statecode": _WATCHDOG_CODES.get(view.state, 1), "statename": view.state}


def process_info(view: ProgramView, now: float) -> dict[str, Any]:
    """The struct of getProcessInfo; `now` is of the wall clock, in seconds."""
    return {
        "name": view.process,
        "group": view.group,
        "start": _cap(view.started_at),
        "stop": _cap(view.stopped_at),
        "now": _cap(now),
        "state": _CODES[view.state],
        "statename": "STARTING" if view.state is State.WAITING else view.state.value,
        "spawnerr": spawn_error(view),
        "exitstatus": _exit_status(view),
        "logfile": view.stdout_log,
        "stdout_logfile": view.stdout_log,
        "stderr_logfile": view.stderr_log,
        "pid": view.pid or 0,
        "description": describe(view, now),
    }


def describe(view: ProgramView, now: float) -> str:
    """What supervisorctl prints beside the state."""
    if view.state is State.RUNNING:
        uptime = format_uptime(now - (view.started_at or now))
        return f"pid {view.pid or 0}, uptime {uptime}"
    if view.state in (State.BACKOFF, State.FATAL):
        return spawn_error(view) or f'unknown error (try "tail {view.process}")'
    if view.state in (State.STOPPED, State.EXITED):
        return _describe_stop(view)
    return view.reason if view.state is State.WAITING else ""


def format_uptime(seconds: float) -> str:
    """As a timedelta prints it: 0:00:10, or 2 days, 3:04:05."""
    whole = max(0, int(seconds))
    days, rest = divmod(whole, 86400)
    clock = f"{rest // 3600}:{rest // 60 % 60:02}:{rest % 60:02}"
    return f"{days} day{'s' * (days != 1)}, {clock}" if days else clock


def spawn_error(view: ProgramView) -> str:
    """Why it did not come up, or ended as it should not; empty in every other state."""
    if view.state is State.EXITED:
        code = _exit_status(view)
        return "" if code in view.success else f"Bad exit code {code}"
    if view.state not in (State.BACKOFF, State.FATAL):
        return ""
    if _exited_quickly(view):
        return "Exited too quickly (process log may have details)"
    return view.reason


def failed_to_spawn(view: ProgramView) -> bool:
    """Whether the last failure was that no process came to be."""
    last = view.last_exit
    unknown = last is not None and last.get("code") is None and last.get("signal") is None
    return unknown or view.cause in (Cause.SPAWN, Cause.HOOK)


def _exited_quickly(view: ProgramView) -> bool:
    if view.last_exit is None or failed_to_spawn(view):
        return False
    return (view.stopped_at or 0.0) - (view.started_at or 0.0) < view.start_seconds


def _describe_stop(view: ProgramView) -> str:
    if not view.started_at:
        return "Not started"
    return time.strftime("%b %d %I:%M %p", time.localtime(view.stopped_at or 0))


def _exit_status(view: ProgramView) -> int:
    """The exit code; -1 for one that was killed, 0 while it runs, as supervisor has it."""
    if view.state in SIGNALLABLE:
        return 0
    last = view.last_exit or {}
    code = last.get("code")
    return code if code is not None else -1 if last.get("signal") is not None else 0


def _cap(moment: float | None) -> int:
    return min(int(moment or 0), _LARGEST)
