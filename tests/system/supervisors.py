"""supervisord and our daemon, configured alike, each asked the same by the real supervisorctl."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import subprocess
import sys
import xmlrpc.client
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from supervisor.xmlrpc import SupervisorTransport

from tests.system.harness import PATIENCE, World, wait_until

RUNNER = Path(__file__).with_name("ctl_runner.py")
Asked = tuple[str, str]  # the words of a command, and what is typed into it
Told = tuple[int, str]  # its exit code, and what it printed

HEARER = "echo ready; echo oops >&2; while read line; do echo heard $line; done"

INI = """
[supervisord]
nodaemon = true
logfile = {place}/main.log
pidfile = {place}/pid
childlogdir = {place}
[unix_http_server]
file = {place}/s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[program:bot]
command = sh -c "{hearer}"
startsecs = 0
stdout_logfile = {place}/bot.out
stderr_logfile = {place}/bot.err
[program:missing]
command = {place}/no-such-program
autostart = false
[program:once]
command = sh -c "exit 3"
autostart = false
autorestart = false
startsecs = 0
[program:plain]
command = {place}/plain
autostart = false
[program:quick]
command = sh -c "exit 1"
autostart = false
startretries = 0
[program:web]
command = sleep {web}
autostart = false
startsecs = 0
priority = 7
[program:w1]
command = sleep 1000
autostart = false
startsecs = 0
[program:w2]
command = sleep 1000
autostart = false
startsecs = 0
[group:workers]
programs = w1,w2
"""

TOML = """
[watchdog]
state = "{place}"
socket = "{place}/s.sock"
[programs.bot]
command = ["sh", "-c", "{hearer}"]
stdin = "pipe"
start_seconds = 0
logs = {{ path = "{place}/bot.out", stderr = "{place}/bot.err" }}
[programs.missing]
command = "{place}/no-such-program"
autostart = false
[programs.once]
command = ["sh", "-c", "exit 3"]
autostart = false
start_seconds = 0
restart.when = "never"
[programs.plain]
command = "{place}/plain"
autostart = false
[programs.quick]
command = ["sh", "-c", "exit 1"]
autostart = false
exit_codes.fatal = [1]
[programs.web]
command = "sleep {web}"
autostart = false
start_seconds = 0
priority = 7
[programs.w1]
command = "sleep 1000"
autostart = false
start_seconds = 0
group_name = "workers"
[programs.w2]
command = "sleep 1000"
autostart = false
start_seconds = 0
group_name = "workers"
"""

MORE = {
    "ini": "[program:new]\ncommand = sleep 1000\nstartsecs = 0\n",
    "toml": '[programs.new]\ncommand = "sleep 1000"\nstart_seconds = 0\n',
}

MASKS = (
    (re.compile(r"pid \d+, uptime \d+:\d\d:\d\d"), "pid PID, uptime TIME"),
    (re.compile(r"[A-Z][a-z]{2} \d\d \d\d:\d\d [AP]M"), "DATE"),
    (re.compile(r"(?m)^(supervisor> )?[1-9]\d*$"), r"\1PID"),
)


class Daemon:
    """One of the two, in a directory of its own; `kind` is the format of its configuration."""

    def __init__(self, world: World, kind: str) -> None:
        self.world = world
        self.kind = kind
        self.place = world.place / kind
        self.place.mkdir()
        (self.place / "plain").write_text("not executable\n")
        self.file = self.place / f"w.{kind}"
        self.url = f"unix://{self.place}/s.sock"
        self.write()

    def write(self, web: str = "1000", tail: str = "") -> None:
        """Its configuration, with another command for `web` or something after it."""
        template = INI if self.kind == "ini" else TOML
        text = template.format(place=self.place, hearer=HEARER, web=web)
        self.file.write_text(text + tail)

    def start(self) -> None:
        """Start it, and wait until its one program that starts by itself has said all."""
        if self.kind == "toml":
            self.world.run("-c", str(self.file))
        else:
            self._start_supervisord()
        self.wait("bot", "RUNNING")
        self.wait_log("bot.out", "ready")
        self.wait_log("bot.err", "oops")

    def _start_supervisord(self) -> None:
        words = [Path(sys.executable).with_name("supervisord"), "-c", self.file]
        around = self.world.environment
        with (self.place / "printed").open("wb") as out:
            daemon = subprocess.Popen(words, env=around, stdout=out, stderr=out, cwd=self.place)
        self.world.adopt(daemon)

    def proxy(self) -> Any:
        """supervisor's own Python client."""
        transport = SupervisorTransport(None, None, self.url)
        return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)

    def wait(self, name: str, state: str) -> None:
        """Until the process is in this state."""

        def is_there() -> bool:
            with contextlib.suppress(OSError, xmlrpc.client.Error, http.client.HTTPException):
                return bool(self.proxy().supervisor.getProcessInfo(name)["statename"] == state)
            return False

        wait_until(is_there, f"{self.kind}: {name} to be {state}")

    def wait_log(self, name: str, text: str) -> None:
        """Until this is in one of its files."""
        path = self.place / name
        wait_until(lambda: path.exists() and text in path.read_text(), f"{text!r} in {path}")

    def ask(self, asked: Iterable[Asked]) -> list[Told]:
        """What the real supervisorctl says to each, masked."""
        done = subprocess.run(
            [sys.executable, str(RUNNER), self.url],
            input=json.dumps([[words.split(), text] for words, text in asked]),
            env=self.world.environment,
            cwd=self.place,
            capture_output=True,
            text=True,
            timeout=2 * PATIENCE,
        )
        assert done.returncode == 0, done.stderr
        return [(code, mask(output, self.place)) for code, output in json.loads(done.stdout)]


def mask(text: str, place: Path) -> str:
    """The text without what differs from run to run."""
    text = text.replace(str(place), "PLACE")
    for pattern, instead in MASKS:
        text = pattern.sub(instead, text)
    return text
