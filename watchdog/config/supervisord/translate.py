"""A process of supervisord as one of our [programs.NAME] tables. Pure.

The tables say everything that differs from our own defaults, so that the same program written in
TOML behaves the same. In every text a dollar is doubled: it is no variable here.

Where supervisord would let a crash loop run hot, ours has a pace: an exit that was expected is
answered at once, but with at most one start a second (`EXPECTED_PACE`); one that was not, after the
program had been RUNNING, at once, then after 1 s, 2 s, 4 s ... up to a minute, until it has run for
ten seconds (`HEALTHY_AFTER`). Nothing becomes FATAL by that, as in supervisord.
"""

from __future__ import annotations

import os
import shlex
from typing import Any

from msgspec import Struct

from watchdog.config.supervisord.groups import Group
from watchdog.config.supervisord.kinds import LogFile
from watchdog.config.supervisord.processes import Output, Process

EXPECTED_PACE = "1s"
HEALTHY_AFTER = 10  # seconds
SLOWEST = "60s"
NEVER_FATAL = {"limit": 1_000_000, "within": "10ms"}  # no window of that length has so many
_WHEN = {"always": "always", "unexpected": "on-failure", "never": "never"}
NOWHERE = "/dev/null"
_UNLIMITED_BACKUPS = 1000  # the most that our own option takes


class Setting(Struct, frozen=True):
    """What supervisord's own section and surroundings mean for every program."""

    directory: str  # where a program without a directory of its own runs; absolute
    start: str  # where supervisord itself is started: what relative paths are relative to
    environment: dict[str, str] = {}
    user: str | None = None
    umask: int | None = None
    childlogdir: str | None = None
    identifier: str = "supervisor"


class BadCommand(ValueError):
    """The command cannot be split into words. The text says why."""


def translate(process: Process, group: Group, setting: Setting) -> dict[str, Any]:
    """The table. `BadCommand` if the command is none."""
    table: dict[str, Any] = {
        "command": _words(process.command),
        "directory": os.path.join(setting.start, process.directory or setting.directory),  # noqa: PTH118
        "autostart": process.autostart,
        "priority": process.priority,
        "group_priority": group.priority,
        "start_seconds": process.startsecs,
        "restart": _restart(process),
        "exit_codes": {"success": list(process.exitcodes), "fatal": [], "slow": []},
        "stop": _stop(process),
        "logs": _logs(process, setting),
    }
    table |= _given("environment", _environment(process, setting))
    table |= _given("user", process.user or setting.user)
    umask = setting.umask if process.umask is None else process.umask
    table |= _given("umask", None if umask is None else f"{umask:03o}")
    if group.listener is not None:
        table["listener"] = {**group.listener, "pool": group.name}
        table["on_watchdog_death"] = "kill"
    elif group.socket is not None:
        table |= {"sockets": [group.socket], "stdin": "socket"}
    else:
        table["stdin"] = "pipe"  # as in supervisor: it waits for input instead of seeing its end
    return table


def _given(key: str, value: Any) -> dict[str, Any]:
    return {key: value} if value else {}


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise BadCommand(f"{str(error).lower()} in the command") from None
    if not words:
        raise BadCommand("the command is empty")
    return words


def _environment(process: Process, setting: Setting) -> dict[str, str]:
    url = {"SUPERVISOR_SERVER_URL": process.serverurl} if process.serverurl else {}
    return {**url, **setting.environment, **process.environment}


def _restart(process: Process) -> dict[str, Any]:
    return {
        "when": _WHEN[process.autorestart],
        "start_retries": process.startretries,
        "after_success": EXPECTED_PACE,
        "reset_after": max(HEALTHY_AFTER, process.startsecs),
        "maximum": SLOWEST,
        **NEVER_FATAL,
    }


def _stop(process: Process) -> dict[str, Any]:
    scope = "group" if process.stopasgroup else "main"
    return {"signal": process.stopsignal, "grace": process.stopwaitsecs, "scope": scope}


def _logs(process: Process, setting: Setting) -> dict[str, Any]:
    """AUTO goes where our logs are, unless there is a childlogdir; a syslog is not written to."""
    out, err = process.stdout, process.stderr
    logs: dict[str, Any] = {
        "maximum": out.maximum,
        "backups": min(out.backups, _UNLIMITED_BACKUPS),
        **_told("stdout", out),
    }
    logs |= _given("path", _path(out.file, out.syslog, process, "stdout", setting))
    if process.redirect_stderr:
        return {**logs, "stderr": "merge"}
    path = _path(err.file, err.syslog, process, "stderr", setting)
    chosen = "state" if "path" in logs else "separate"
    logs["stderr"] = "discard" if path == NOWHERE else path or chosen
    if path != NOWHERE:
        logs["stderr_maximum"] = err.maximum
        logs["stderr_backups"] = min(err.backups, _UNLIMITED_BACKUPS)
        logs |= _told("stderr", err)
    return logs


def _told(stream: str, output: Output) -> dict[str, Any]:
    """What event listeners hear of a stream."""
    told = {f"{stream}_events": output.events, f"{stream}_capture": output.capture}
    return {key: value for key, value in told.items() if value}


def _path(
    file: LogFile, syslog: bool, process: Process, stream: str, setting: Setting
) -> str | None:
    """The log; None for the one that we choose."""
    if isinstance(file, str):
        return absolute(file, setting.start)
    if file is None and not syslog:
        return NOWHERE
    if setting.childlogdir is None:
        return None
    name = f"{process.key.replace(':', '-')}-{stream}---{setting.identifier}.log"
    return absolute(os.path.join(setting.childlogdir, name), setting.start)  # noqa: PTH118


def absolute(path: str, start: str) -> str:
    """The path as supervisord means it: `~` is a home, and it begins where supervisord starts."""
    return os.path.normpath(os.path.join(start, os.path.expanduser(path)))  # noqa: PTH111, PTH118
