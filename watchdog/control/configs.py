"""A program's configuration in supervisor's words. Pure.

What supervisor has and we have not is answered with what comes nearest, as its clients expect every
key. Secrets are struck out of the command.
"""

from __future__ import annotations

import shlex
import signal
from typing import Any

from watchdog.config.model import ProgramConfig
from watchdog.config.secret import strike
from watchdog.control.backend import Configured

NONE = "none"  # this API has no null
MADE_UP = 999  # supervisor's priority of a group that has none


def config_info(configured: Configured) -> dict[str, Any]:
    """The struct of getAllConfigInfo."""
    program = configured.program
    return {
        "name": program.process,
        "group": program.team,
        "inuse": configured.in_use,
        "autostart": program.autostart,
        "group_prio": _group_priority(program),
        "process_prio": program.policy.priority,
        "command": strike(shlex.join(program.command), program.secrets),
        "directory": str(program.directory),
        "uid": program.user or NONE,
        "serverurl": "auto",
        **_life(program),
        **_logs(program),
    }


def _life(program: ProgramConfig) -> dict[str, Any]:
    policy = program.policy
    return {
        "startsecs": int(policy.start_seconds),
        "startretries": policy.restart.limit,
        "exitcodes": list(policy.exit_codes.success),
        "stopsignal": _number(policy.stop.signal),
        "stopwaitsecs": int(policy.stop.grace),
        "killasgroup": True,  # what is left of the tree after the grace is killed
    }


def _logs(program: ProgramConfig) -> dict[str, Any]:
    logs = program.logs
    told: dict[str, Any] = {
        "redirect_stderr": logs.stderr == "merge",
        "stdout_logfile": str(logs.path),
        "stderr_logfile": str(logs.stderr_path or NONE),
    }
    for stream in ("stdout", "stderr"):
        told |= {
            f"{stream}_capture_maxbytes": 0,
            f"{stream}_events_enabled": False,
            f"{stream}_logfile_backups": logs.backups,
            f"{stream}_logfile_maxbytes": min(logs.maximum, 2**31 - 1),
            f"{stream}_syslog": False,
        }
    return told


def _number(name: str) -> int:
    return int(signal.Signals[f"SIG{name}"])


def _group_priority(program: ProgramConfig) -> int:
    if program.group_priority is not None:
        return program.group_priority
    return program.policy.priority if program.team == program.process else MADE_UP
