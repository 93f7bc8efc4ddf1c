"""What can be done to a program, the question before it, and how it went, in a sentence."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from typing import NamedTuple

from watchdog.client import Client, Refused, Unreachable
from watchdog.tui.rows import Row
from watchdog.tui.sources import Source, explain

Drill = Callable[[Source, str], Sequence[str]]
"""The command that drills a program of a watchdog."""


class Deed(NamedTuple):
    """A request."""

    done: str  # how it is said once it is done
    effect: str  # what is said before; empty if it needs no question


DEEDS = {
    "start": Deed("started", ""),
    "stop": Deed("stopped", "It will stay down until somebody starts it."),
    "restart": Deed("restarted", "It will be gone for as long as it needs to stop and start."),
    "kill": Deed("killed", "SIGKILL: it cannot save anything. It comes back as its rules say."),
    "drill": Deed("drilled", "Its failures are rehearsed on the live program, one after another."),
}
NO_DRILL = "this version has no `watchdog drill` yet"


def do(source: Source, name: str, deed: str) -> tuple[bool, str]:
    """Do it and wait: whether it went well, and a sentence."""
    client = source.client()
    try:
        results = perform(client, name, deed)
    except (Unreachable, Refused) as error:
        return False, f"{name}: {explain(error)}"
    finally:
        client.close()
    return judge(name, DEEDS[deed], results[0] if results else {})


def perform(client: Client, name: str, deed: str) -> Sequence[dict[str, str]]:
    """The request itself."""
    return client.signal("KILL", [name]) if deed == "kill" else client.request(deed, [name])


def judge(name: str, deed: Deed, result: dict[str, str]) -> tuple[bool, str]:
    """What the answer means. Pure."""
    outcome, text = result.get("outcome", "no answer"), result.get("text", "")
    if outcome == "done":
        return True, f"{name} {deed.done}"
    told = f"{outcome}: {text}" if text and text != outcome else outcome
    return outcome in ("waiting", "already started", "not running"), f"{name}: {told}"


def question(deed: str, row: Row) -> str:
    """What is asked before."""
    return f"{deed.capitalize()} {row.name}?"


def run_drill(
    command: Sequence[str], login: tuple[str, str] | None, say: Callable[[str], None]
) -> int:
    """Run the command, a line at a time; its exit code. The password is in no argument."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "76"}
    if login is not None:
        environment["WATCHDOG_PASSWORD"] = login[1]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment,
    )
    assert process.stdout is not None
    for line in process.stdout:
        say(line.decode(errors="replace").rstrip("\n"))
    return process.wait()
