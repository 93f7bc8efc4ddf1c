"""The exec probe: well means that a command ends with 0; its last line is the reason."""

from __future__ import annotations

import signal
import subprocess

from watchdog.probes.attempt import Attempt, ProbeTarget, Verdict
from watchdog.probes.command_linux import Command
from watchdog.probes.text import last_line


async def check(target: ProbeTarget, attempt: Attempt) -> Verdict:
    """Run the command to its end, or for as long as there is time."""
    name = target.command[0] if target.command else ""
    attempt.waiting = f"{name} did not end"

    def hear(output: bytes) -> None:
        attempt.detail = _told(output)

    try:
        command = Command(target.command, attempt.surroundings, hear)
    except (OSError, ValueError, IndexError, subprocess.SubprocessError) as error:
        return Verdict(False, f"cannot run {name}: {_why(error)}")
    try:
        return judge(await command.ended, attempt.detail)
    finally:
        command.end()


def judge(code: int | None, told: str) -> Verdict:
    """The verdict on an exit code (negative: minus the signal; None: unknown) and last words."""
    if code == 0:
        return Verdict(True, told)
    how = _how(code)
    return Verdict(False, f"{how}: {told}" if told else how)


def _how(code: int | None) -> str:
    if code is None:
        return "its exit status is not known"
    if code >= 0:
        return f"exit {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"


def _told(output: bytes) -> str:
    return last_line(output.decode(errors="replace"))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror} ({error.filename})" if error.filename else error.strerror
    return str(error)
