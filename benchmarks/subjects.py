"""Those who are compared: a supervisor in C, supervisord, and this one.

Each runs in the foreground in a directory of its own, with the same programs, the output of each
captured (the floor captures none), a SIGTERM for its end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.children import Children, build

BIN = Path(sys.executable).parent
NAMES = ("floor", "supervisord", "watchdog")
ENDING = 60.0  # seconds that a supervisor may take to stop all of its programs


class Subject(NamedTuple):
    """One supervisor that runs."""

    name: str
    process: subprocess.Popen[bytes]
    children: Children
    began: float  # seconds on CLOCK_MONOTONIC, just before its own start
    place: Path

    def stop(self) -> float:
        """Stop everything; the seconds until the supervisor itself was gone."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(ENDING)
        return time.monotonic() - began


class Stage:
    """Where supervisors are started: a directory, and the two programs in C."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self._floor = build(place, "floor")
        self._child = build(place, "child")
        self._number = 0

    @contextmanager
    def run(
        self, name: str, arguments: Sequence[str] = (), programs: int = 1, extra: str = ""
    ) -> Iterator[Subject]:
        """A supervisor with so many programs, all of which have begun; stopped at the end.

        `extra` is added to each program of our own configuration.
        """
        self._number += 1
        place = self.place / f"{name}-{self._number}"
        place.mkdir()
        children = Children(self._child, place / "reports")
        command = self._command(name, place, children.command(*arguments), programs, extra)
        began = time.monotonic()
        process = _start(command, place)
        try:
            yield Subject(name, process, children, began, place)
        finally:
            _end(process)
            children.close()

    def _command(
        self, name: str, place: Path, child: list[str], programs: int, extra: str
    ) -> list[str]:
        if name == "floor":
            return [self._floor, str(programs), *child]
        if name == "supervisord":
            _configure_supervisord(place, child, programs)
            return [str(BIN / "supervisord"), "-n", "-c", str(place / "supervisord.conf")]
        _configure_watchdog(place, child, programs, extra)
        return [str(BIN / "watchdog"), "run", "-c", str(place / "watchdog.toml")]


def _start(command: list[str], place: Path) -> subprocess.Popen[bytes]:
    with (place / "said").open("wb") as said:
        return subprocess.Popen(
            command,
            cwd=place,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(ENDING)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _configure_supervisord(place: Path, child: list[str], programs: int) -> None:
    # As fast as it goes: running at once (startsecs), restarted always.
    head = f"""[supervisord]
logfile={place}/supervisord.log
pidfile={place}/supervisord.pid
childlogdir={place}
minfds=8192
[unix_http_server]
file={place}/socket
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{place}/socket
"""
    program = f"command={' '.join(child)}\nstartsecs=0\nautorestart=true\nredirect_stderr=true\n"
    text = "".join(f"[program:p{number}]\n{program}" for number in range(programs))
    (place / "supervisord.conf").write_text(head + text)


# The first restart after a time of health is immediate; here that time is short, so that each of
# many kills is a first one. No limit of restarts ends the run.
_PATIENT = """start_seconds = 0
restart = { reset_after = "50ms", limit = 1000000 }
"""


def _configure_watchdog(place: Path, child: list[str], programs: int, extra: str) -> None:
    program = f"command = {json.dumps(child)}\n{_PATIENT}{extra}"
    text = "".join(f"[programs.p{number}]\n{program}" for number in range(programs))
    (place / "watchdog.toml").write_text('[watchdog]\nstate = "state"\n' + text)
