"""Programs for the tests of event listeners, and what one of them was told."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import NamedTuple

from supervisor import childutils

DUMPER = """
import os, sys, time
from supervisor import childutils
out, gate = sys.argv[1:3]
while True:
    childutils.listener.ready(sys.stdout)
    line = sys.stdin.readline()
    if not line:
        break
    payload = sys.stdin.read(int(childutils.get_headers(line)["len"]))
    with open(out, "a") as file:
        file.write(repr((line, payload)) + "\\n")
    while os.path.exists(gate):
        time.sleep(0.02)
    childutils.listener.ok(sys.stdout)
"""
"""Writes down each event; while the file `gate` exists it keeps the one that it has."""

STUBBORN = """
import signal, sys, time
def leave(*_):
    time.sleep(0.7)
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
while True:
    time.sleep(60)
"""

TALKER = """
import sys, time
from supervisor.events import ProcessCommunicationEvent as Event
def say(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    time.sleep(0.4)
time.sleep(2.5)  # it is RUNNING by then
say(b"one is a line\\ntwo is another line\\n")  # supervisord keeps back what is short
say(Event.BEGIN_TOKEN + "a mess\\u00e4ge".encode() + Event.END_TOKEN)
say(b"three is the last line of them\\n")
time.sleep(1000)
"""


class Heard(NamedTuple):
    """One event as a listener got it."""

    headers: dict[str, str]
    payload: str

    @property
    def name(self) -> str:
        """Which event."""
        return self.headers["eventname"]

    @property
    def fields(self) -> dict[str, str]:
        """The payload's first line."""
        return childutils.get_headers(self.payload.partition("\n")[0])


def heard(path: Path) -> list[Heard]:
    """What a dumper has written so far."""
    if not path.exists():
        return []
    pairs = [eval(line) for line in path.read_text().splitlines(keepends=True) if line[-1:] == "\n"]
    return [Heard(childutils.get_headers(line), payload) for line, payload in pairs]


def masked(events: list[Heard], program: str) -> list[tuple[str, list[str], str]]:
    """What was told of one program: event, names of the headers in order, payload without pids."""
    return [
        (event.name, list(event.headers), re.sub(r"pid:[1-9]\d*", "pid:N", event.payload))
        for event in events
        if f"processname:{program} " in event.payload
    ]


def supervisor_of(path: Path) -> childutils.xmlrpclib.ServerProxy:
    """Supervisor's own client, at a control socket."""
    return childutils.getRPCInterface({"SUPERVISOR_SERVER_URL": f"unix://{path}"})


def unused_port() -> int:
    """A port of loopback on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def scripts(place: Path) -> Path:
    """The programs of this module as files in this directory."""
    for name, text in {"dump": DUMPER, "stubborn": STUBBORN, "talk": TALKER}.items():
        (place / f"{name}.py").write_text(text)
    return place
