"""A property list for launchd (macOS): a daemon for root, else an agent of the user.

launchd ends everything that is left of a job together with it, unless AbandonProcessGroup says
otherwise: then programs live on when the watchdog is killed, and the next one adopts them.
"""

from __future__ import annotations

import plistlib
from typing import Any

from watchdog.export.kind import File, Option, Step
from watchdog.export.subject import Subject

SUMMARY = "a property list for launchd"
OPTIONS: tuple[Option, ...] = ()

DAEMONS = "/Library/LaunchDaemons"
AGENTS = "Library/LaunchAgents"
THROTTLE = 10  # seconds between two starts: launchd's own smallest


def render(subject: Subject) -> list[File]:
    """The property list."""
    text = plistlib.dumps(describe(subject), sort_keys=False).decode()
    return [File(path(subject), text)]


def install(subject: Subject) -> list[Step]:
    """Loaded anew, in case an older one is there, which starts it."""
    return [
        Step(("launchctl", "bootout", service(subject)), required=False),
        Step(("launchctl", "enable", service(subject))),
        Step(("launchctl", "bootstrap", domain(subject), path(subject))),
    ]


def uninstall(subject: Subject) -> list[Step]:
    """Stopped in order, and forgotten."""
    return [Step(("launchctl", "bootout", service(subject)), required=False)]


def describe(subject: Subject) -> dict[str, Any]:
    """The job, as launchd.plist(5) has it."""
    around = subject.around
    job: dict[str, Any] = {
        "Label": label(subject),
        "ProgramArguments": list(subject.command),
        "WorkingDirectory": subject.directory,
        "EnvironmentVariables": {"PATH": around.path},
        "RunAtLoad": True,
        "KeepAlive": True,
        "ThrottleInterval": THROTTLE,
        "ExitTimeOut": int(subject.stop_seconds),
        "AbandonProcessGroup": True,
        "ProcessType": "Interactive",  # anything else may be slowed down: probes would be late
        "StandardOutPath": f"{log_directory(subject)}/{label(subject)}.log",
        "StandardErrorPath": f"{log_directory(subject)}/{label(subject)}.log",
    }
    if subject.system and around.user:
        job["UserName"] = around.user
    return job


def label(subject: Subject) -> str:
    """The job's name."""
    return f"watchdog.{subject.name}"


def path(subject: Subject) -> str:
    """Where launchd looks for it."""
    place = DAEMONS if subject.system else f"{subject.around.home}/{AGENTS}"
    return f"{place}/{label(subject)}.plist"


def log_directory(subject: Subject) -> str:
    """Where what the watchdog says goes; `<state>/watchdog.log` has it, too, and is rotated."""
    return "/Library/Logs" if subject.system else f"{subject.around.home}/Library/Logs"


def domain(subject: Subject) -> str:
    """Where the job lives."""
    return "system" if subject.system else f"gui/{subject.around.uid}"


def service(subject: Subject) -> str:
    """The job in its domain."""
    return f"{domain(subject)}/{label(subject)}"
