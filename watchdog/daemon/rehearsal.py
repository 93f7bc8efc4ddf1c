"""The trial of a new version before it takes over, on both sides.

The one that runs starts the same command once more with `WATCHDOG_REHEARSAL` set. That one reads
the configuration, imports and builds everything, reads what it will be handed, and says so; it
claims, opens and writes nothing. Only if it ends well, in time, is it given the real part.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from watchdog.config import Config
from watchdog.control.backend import Rehearsed, UpgradeError
from watchdog.daemon.handover import REHEARSAL, Handover, nameless_file, read_all, receive, unpack
from watchdog.version import __version__

DEADLINE = 30.0
"""Seconds for the whole trial, on a machine that is busy as well; an ordinary one takes half."""

PARTS = ("config", "control", "core", "daemon", "locks", "logs", "probes", "process", "wire")
"""The packages that the daemon may ever load."""

BEAT = 0.02  # seconds between two looks whether it has ended
LONGEST_REASON = 2000  # characters


class Report(Struct):
    """What a rehearsal has to say when it went well."""

    version: str
    python: str
    unread: list[str] = []  # programs whose state it cannot read: it will adopt them


class Unfit(Exception):
    """The new version could not take over. The text says why."""


# --- on trial -----------------------------------------------------------------------------------


def rehearse(config: Config, build: Callable[[], None]) -> int:
    """Do all but touch anything; the exit code, and the report on standard output."""
    try:
        given = receive(REHEARSAL)
        if given is None:
            raise Unfit("there is nothing to take over")
        check_place(config, given)
        compile_everything()
        build()
        load_late()
    except Unfit as problem:
        print(f"watchdog: {problem}", file=sys.stderr)
        return 1
    except msgspec.DecodeError as error:
        print(f"watchdog: {__version__} cannot read what it is handed: {error}", file=sys.stderr)
        return 1
    unread = sorted(given.programs.keys() - unpack(given.programs).keys())
    print(msgspec.json.encode(Report(__version__, python_version(), unread)).decode())
    return 0


def check_place(config: Config, given: Handover) -> None:
    """The lock, the records and the logs are in the state directory: that one cannot move."""
    if str(config.state) != given.state:
        raise Unfit(
            f"the state directory would change from {given.state} to {config.state}, which an"
            " upgrade cannot do; use: watchdog shutdown, then watchdog run"
        )


def compile_everything() -> None:
    """No module may be broken, also of those that are loaded only when they are needed."""
    package = Path(__file__).parents[1]
    for path in sorted(path for part in PARTS for path in (package / part).glob("*.py")):
        try:
            compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OSError) as error:
            raise Unfit(f"{path}: {error}") from None


def load_late() -> None:
    """Import what the daemon loads with its first client, its first adoption, its first exit."""
    import watchdog.control.http
    import watchdog.control.methods
    import watchdog.control.routes
    import watchdog.daemon.hooks
    import watchdog.daemon.renewal
    import watchdog.daemon.resumption
    import watchdog.daemon.upgrade  # noqa: F401


def python_version() -> str:
    """The interpreter's, in words."""
    return ".".join(map(str, sys.version_info[:3]))


# --- in charge ----------------------------------------------------------------------------------


def command() -> list[str]:
    """How this process was started, with the interpreter that is at its path now."""
    return [sys.executable or sys.orig_argv[0], *sys.orig_argv[1:]]


async def try_out(handover: int, state: Path) -> Rehearsed:
    """Have the new version rehearse with what `handover` holds. Raises `UpgradeError`."""
    output = nameless_file(state)
    try:
        child = start(handover, output)
        code = await wait_for(child)
        return judge(code, read_all(output).decode("utf-8", "replace"))
    except OSError as error:
        raise UpgradeError(f"{command()[0]} cannot be run: {error.strerror or error}") from None
    finally:
        os.close(output)


def start(handover: int, output: int) -> subprocess.Popen[bytes]:
    """The rehearsal, in a session of its own: no terminal's signal ends it halfway."""
    return subprocess.Popen(
        command(),
        env={**os.environ, REHEARSAL: str(handover)},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        pass_fds=[handover],
        start_new_session=True,
    )


async def wait_for(child: subprocess.Popen[bytes]) -> int | None:
    """Its exit code; None, and it is killed, when it took too long."""
    loop = asyncio.get_running_loop()
    until = loop.time() + DEADLINE
    try:
        while child.poll() is None:
            if loop.time() > until:
                return None
            await asyncio.sleep(BEAT)
        return child.returncode
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()


def judge(code: int | None, output: str) -> Rehearsed:
    """What the new version says of itself; `UpgradeError` if it would not start."""
    if code is None:
        raise UpgradeError(f"the new version did not start within {DEADLINE:g} s")
    report = read_report(output) if code == 0 else None
    if report is None:
        raise UpgradeError(f"the new version does not start (exit {code}): {reason_in(output)}")
    return Rehearsed(report.version, report.python)


def read_report(output: str) -> Report | None:
    """The report is the last line."""
    try:
        return msgspec.json.decode(output.rstrip().rpartition("\n")[2], type=Report)
    except msgspec.DecodeError:
        return None


def reason_in(output: str) -> str:
    """Why it failed: what it said; of a trace only the place and the error."""
    lines = [line for line in output.splitlines() if line.strip()]
    if not lines:
        return "it said nothing"
    places = [line.strip() for line in lines if line.startswith('  File "')]
    if places:
        return f"{lines[-1]} ({places[-1]})"[:LONGEST_REASON]
    return "\n".join(lines).removeprefix("watchdog: ")[:LONGEST_REASON]
