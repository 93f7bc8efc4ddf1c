"""A Windows service by NSSM: a PowerShell script that installs it, and one that removes it.

What differs from case to case stands at the top of each script as plain assignments; the rest is
the same for everybody (`nssm_scripts`). No value of an environment file is ever in a script.
"""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import PurePath, PurePosixPath, PureWindowsPath

from watchdog.export.kind import File, Option, Step
from watchdog.export.nssm_scripts import INSTALL, UNINSTALL
from watchdog.export.subject import Subject

SUMMARY = "a Windows service by NSSM"
OPTIONS = (
    Option("--target", "the project's directory on the Windows machine, if this is none", "DIR"),
)

RESTART_DELAY, THROTTLE = 1000, 5000
"""Milliseconds before a new start; and what ends sooner than this is started ever more slowly."""

LOG_BYTES = 10 * 1024 * 1024
"""Of what the watchdog says, before the file is rotated; its programs have logs of their own."""

FOREIGN = "# These paths are of no Windows machine: make it there, or with `--target DIRECTORY`."

Settings = dict[str, str | int]

# PowerShell takes each of these for a quote.
_QUOTES = re.compile("(['\u2018\u2019\u201a\u201b])")


def render(subject: Subject) -> list[File]:
    """The installer and the uninstaller, beside the configuration."""
    place = native(subject.directory)
    texts = {
        "install_windows_service.ps1": head_of(subject, settings_of(subject)) + INSTALL,
        "uninstall_windows_service.ps1": head_of(subject, end_of(subject)) + UNINSTALL,
    }
    return [File(str(place / name), encode(text)) for name, text in texts.items()]


def install(subject: Subject) -> list[Step]:
    """The script does it all."""
    return [run_script(render(subject)[0])]


def uninstall(subject: Subject) -> list[Step]:
    """So does the other one."""
    return [run_script(render(subject)[1])]


def run_script(script: File) -> Step:
    """PowerShell, for this once without asking whether scripts may run."""
    options = ("-NoProfile", "-ExecutionPolicy", "Bypass")
    return Step(("powershell.exe", *options, "-File", script.path))


def settings_of(subject: Subject) -> Settings:
    """What the installer must know, by the names of its variables."""
    command = [to_target(subject, word) for word in own_command(subject)]
    config = to_target(subject, subject.config)
    words = [config if word == subject.config else word for word in subject.command]
    place = native(to_target(subject, subject.directory))
    prefix = len(subject.around.command)
    settings: Settings = {
        "DisplayName": f"watchdog: {subject.name}",
        "Description": f"Supervises the programs of {config}",
        "Application": command[0],
        "Parameters": subprocess.list2cmdline([*command[1:], *words[prefix:]]),
        "Prefix": subprocess.list2cmdline(command[1:]),
        "Config": config,
        "Directory": str(place),
        "LogFile": str(place / "logs" / f"{subject.name}.log"),
        "EnvironmentFile": to_target(subject, subject.around.environment_file),
        "LogBytes": LOG_BYTES,
        "RestartDelay": RESTART_DELAY,
        "Throttle": THROTTLE,
    }
    return settings | end_of(subject)


def end_of(subject: Subject) -> Settings:
    """What it takes to stop it."""
    return {"StopSeconds": math.ceil(subject.stop_seconds)}


def head_of(subject: Subject, settings: Settings) -> str:
    """The assignments, which everything below them uses."""
    lines = [assign(name, value) for name, value in {"Name": subject.name, **settings}.items()]
    foreign = subject.config.startswith("/") and "target" not in subject.options
    note = [FOREIGN] if foreign else []
    return "\n".join(["param([string]$Nssm = 'nssm.exe')", "", *note, *lines, ""])


def assign(name: str, value: str | int) -> str:
    """`$Name = 'value'`, in which PowerShell expands nothing."""
    return f"${name} = {value if isinstance(value, int) else quote(value)}"


def quote(text: str) -> str:
    """A literal. Nothing but quotes has a meaning in it; they are doubled."""
    return "'" + _QUOTES.sub(r"\1\1", text) + "'"


def encode(text: str) -> str:
    """With the mark by which Windows PowerShell knows UTF-8, where it matters."""
    return text if text.isascii() else "\ufeff" + text


def own_command(subject: Subject) -> tuple[str, ...]:
    """What runs `watchdog` on the machine that it is for."""
    target = subject.options.get("target")
    if target is None:
        return subject.around.command
    return (str(PureWindowsPath(target, ".venv", "Scripts", "watchdog.exe")),)


def to_target(subject: Subject, path: str) -> str:
    """A path of this machine, as it is called on the one that the scripts are for."""
    target = subject.options.get("target")
    if target is None or not native(path).is_relative_to(native(subject.directory)):
        return path
    return str(PureWindowsPath(target) / native(path).relative_to(native(subject.directory)))


def native(path: str) -> PurePath:
    """The path by the rules of the system that it is of, whichever this is."""
    return PurePosixPath(path) if path.startswith("/") else PureWindowsPath(path)
