"""What the real supervisor makes of a file, as plain values, beside what we make of it."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from supervisor import datatypes, options
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected
from supervisor.options import ServerOptions

from watchdog.config import Config, ProgramConfig

Facts = dict[str, dict[str, Any]]
USUAL_UMASK = 0o22
RESTART = {
    RestartUnconditionally: "always",
    RestartWhenExitUnexpected: "on-failure",
    False: "never",
}


class Refused(Exception):
    """supervisor does not take the file."""


class Supervisor(ServerOptions):  # type: ignore[misc]
    """supervisor's own reader, which would print and exit."""

    def usage(self, msg: object) -> None:
        raise Refused(msg)

    def default_configfile(self) -> None:
        raise Refused("no file")


@pytest.fixture
def without_a_look(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """supervisor does not look whether users and directories exist on this machine."""
    for module in (datatypes, options):
        monkeypatch.setattr(module, "existing_dirpath", os.path.expanduser)
        monkeypatch.setattr(module, "existing_directory", os.path.expanduser)
        monkeypatch.setattr(module, "name_to_uid", str)
    monkeypatch.setattr(options, "gid_for_uid", str)
    yield


def facts_of_supervisor(path: Path) -> Facts:
    """By the full name: all that matters of each process. `Refused` if the file is not taken."""
    reader = Supervisor()
    reader.realize(["-c", str(path)])
    facts: Facts = {}
    for group in reader.process_group_configs:
        for process in group.process_configs:
            name = options.make_namespec(group.name, process.name)
            facts[name] = _facts(group, process, reader)
    return facts


def _facts(group: Any, process: Any, reader: Any) -> dict[str, Any]:
    """A process inherits supervisord's umask, and its directory unless that stays in front."""
    start = Path.cwd() / ("" if reader.nodaemon else reader.directory or "")
    umask = None if reader.umask == USUAL_UMASK else reader.umask
    stdout, stderr = _log(process.stdout_logfile), _log(process.stderr_logfile)
    same = stdout == stderr and stdout not in (None, "AUTO")
    return {
        "group": group.name,
        "priorities": (group.priority, process.priority),
        "command": shlex.split(process.command),
        "directory": os.path.normpath(start / (process.directory or "")),
        "environment": process.environment,
        "umask": umask if process.umask is None else process.umask,
        "user": process.uid,
        "autostart": process.autostart,
        "restart": RESTART[process.autorestart],
        "startsecs": process.startsecs,
        "startretries": process.startretries,
        "exitcodes": set(process.exitcodes),
        "stop": (int(process.stopsignal), process.stopwaitsecs, process.stopasgroup),
        "stdout": stdout,
        "stderr": "merge" if process.redirect_stderr or same else stderr,
        "sizes": (process.stdout_logfile_maxbytes, process.stdout_logfile_backups),
    }


def _log(value: Any) -> Any:
    if value is Automatic:
        return "AUTO"
    return None if value is None else os.path.normpath(Path.cwd() / value)


def facts_of_ours(config: Config) -> Facts:
    """The same of our reading."""
    return {program.name: _ours(program, config) for program in config.programs}


def _ours(program: ProgramConfig, config: Config) -> dict[str, Any]:
    policy, logs = program.policy, program.logs
    return {
        "group": program.team,
        "priorities": (policy.group_priority, policy.priority),
        "command": list(program.command),
        "directory": str(program.directory),
        "environment": program.environment,
        "umask": program.umask,
        "user": program.user,
        "autostart": program.autostart,
        "restart": policy.restart.when,
        "startsecs": policy.start_seconds,
        "startretries": policy.restart.start_retries,
        "exitcodes": set(policy.exit_codes.success),
        "stop": (
            int(signal.Signals[f"SIG{policy.stop.signal}"]),
            policy.stop.grace,
            policy.stop.scope == "group",
        ),
        "stdout": _our_log(logs.path, config),
        "stderr": "merge" if logs.stderr == "merge" else _our_log(logs.stderr_path, config),
        "sizes": (logs.maximum, logs.backups),
    }


def _our_log(path: Path | None, config: Config) -> str | None:
    if path is None or str(path) == "/dev/null":
        return None
    chosen = path.is_relative_to(config.state) or "---" in path.name  # the latter in childlogdir
    return "AUTO" if chosen else str(path)
