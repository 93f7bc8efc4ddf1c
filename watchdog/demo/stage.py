"""The stage: a temporary directory and the processes in it, started as a user would start them.

All that is written is below that directory: state, socket, locks, logs. Everything started carries
a marker in its environment, by which `close` finds and ends it however the story went.
"""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

from watchdog.demo import scenery, sweep
from watchdog.demo.scenery import MARKER, Cast

# Below the range from which the kernel takes ports for outgoing connections (32768 on Linux): while
# the bot is down, nobody but a server could take it.
HEALTH_PORTS = range(21000, 32000)
REFUSAL_PATIENCE = 20.0  # seconds for a second copy to be refused
SHUTDOWN_PATIENCE = 30.0  # seconds for `watchdog shutdown`
POLITE = 3.0  # seconds after SIGTERM, when the story was left in the middle

# What a process needs to find its Python and to write text; nothing that would set up a bot, a
# watchdog or a proxy.
_KEPT = ("HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "USER", "LOGNAME", "PYTHONPATH", "VIRTUAL_ENV")


class StageError(Exception):
    """Something did not come up; the text says what."""


class Ended(NamedTuple):
    """How a process ended, and what it said."""

    code: int
    text: str


class Stage:
    """Owns the directory and the processes. `close` always leaves nothing of them."""

    def __init__(self) -> None:
        self.cast = Cast(random.randrange(10**9, 10**10), _free_port(), _name_python())
        self.place = Path(tempfile.mkdtemp(prefix="watchdog-demo-")).resolve()
        self.config = self.place / "watchdog.toml"
        self.state = self.place / "state"
        self.logs = {
            "watchdog": self.place / "watchdog.out",
            "bot": self.state / "logs" / "bot.log",
            "sandbox": self.place / "sandbox.log",
        }
        self.environment = _environment(self.place)
        self.sandbox_url = ""
        self._sandbox: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def watchdog_pid(self) -> int:
        """The pid of the watchdog, once it was started."""
        assert self._watchdog is not None
        return self._watchdog.pid

    def start_sandbox(self, patience: float = 20.0) -> None:
        """Start the sandbox on a port of its own choice, and wait until it listens."""
        port_file = self.place / "sandbox.port"
        options = ["-m", "bot.sandbox", "--port", "0", "--port-file", str(port_file)]
        self._sandbox = self._start(options, self.logs["sandbox"])
        deadline = time.monotonic() + patience
        while not port_file.exists():
            if self._sandbox.poll() is not None or time.monotonic() > deadline:
                raise StageError("the sandbox did not come up")
            time.sleep(0.02)
        self.sandbox_url = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def write_files(self) -> str:
        """Lay out the configuration and its `.env`; returns the configuration."""
        text = scenery.write_config(self.cast)
        self.config.write_text(text)
        self._write_environment(self.place)
        return text

    def start_watchdog(self) -> None:
        """`watchdog run -c watchdog.toml`."""
        words = ["-m", "watchdog", "run", "-c", str(self.config)]
        self._watchdog = self._start(words, self.logs["watchdog"])

    def run_second_watchdog(self) -> Ended:
        """The same from another directory, with a configuration and a state of its own."""
        elsewhere = self._lay_out_elsewhere()
        config = elsewhere / "watchdog.toml"
        config.write_text(scenery.write_config(self.cast))
        return self._run(["-m", "watchdog", "run", "-c", str(config)], elsewhere)

    def run_second_bot(self) -> Ended:
        """`python -m bot`, by hand, in another directory."""
        return self._run(["-m", "bot"], self._lay_out_elsewhere())

    def shut_down(self) -> int | None:
        """`watchdog shutdown`; the exit code of the watchdog, None if it still runs."""
        assert self._watchdog is not None
        self._run(["-m", "watchdog", "shutdown", "-c", str(self.config)], self.place)
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._watchdog.wait(SHUTDOWN_PATIENCE)
        return None

    def stop_sandbox(self) -> None:
        """End the sandbox as Ctrl-C would."""
        _end_politely(self._sandbox)

    def trouble(self) -> str | None:
        """Says it if the sandbox or the watchdog ended by itself."""
        for name, process in (("sandbox", self._sandbox), ("watchdog", self._watchdog)):
            if process is not None and process.poll() is not None:
                code = process.returncode
                how = f"killed by signal {-code}" if code < 0 else f"with exit code {code}"
                return f"the {name} ended by itself, {how}"
        return None

    def check(self) -> None:
        """Raise StageError if there is trouble."""
        if found := self.trouble():
            raise StageError(found)

    def leftovers(self) -> list[str]:
        """Whatever still runs of the demonstration, this process aside."""
        return [sweep.describe(process) for process in sweep.find(str(self.place))]

    def close(self, keep: bool) -> None:
        """End everything that was started, and remove the directory unless it is to be kept."""
        _end_politely(self._watchdog)
        _end_politely(self._sandbox)
        sweep.sweep(str(self.place))
        for process in (self._watchdog, self._sandbox):
            if process is not None:
                process.wait()
        if not keep:
            shutil.rmtree(self.place, ignore_errors=True)

    def _lay_out_elsewhere(self) -> Path:
        elsewhere = self.place / "elsewhere"
        elsewhere.mkdir(exist_ok=True)
        self._write_environment(elsewhere)
        return elsewhere

    def _write_environment(self, directory: Path) -> None:
        file = directory / ".env"
        file.touch(mode=0o600)
        file.write_text(scenery.write_environment(self.cast, self.sandbox_url))

    def _start(self, words: Iterable[str], log: Path) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C is ours to hear, and to pass on in order.
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, *words],
                cwd=self.place,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _run(self, words: Iterable[str], directory: Path) -> Ended:
        try:
            done = subprocess.run(
                [sys.executable, *words],
                cwd=directory,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=REFUSAL_PATIENCE,
                start_new_session=True,
            )
        except subprocess.TimeoutExpired as late:
            raise StageError(f"`{' '.join(words)}` did not end within {late.timeout:g} s") from None
        return Ended(done.returncode, done.stdout.decode("utf-8", "replace").strip())


def _environment(place: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    root = Path(__file__).parents[2]  # where `watchdog` and `bot` are, installed or checked out
    kept = {name: base[name] for name in _KEPT if name in base}
    paths = {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), base.get("PATH", os.defpath)]),
        "PYTHONPATH": os.pathsep.join(filter(None, [base.get("PYTHONPATH", ""), str(root)])),
        "TMPDIR": str(place),
        "XDG_STATE_HOME": str(place / "home"),
        "XDG_CONFIG_HOME": str(place / "home"),
        "WATCHDOG_LOCK_DIR": str(place / "locks"),
    }
    return kept | paths | {MARKER: str(place), "PYTHONUNBUFFERED": "1"}


def _name_python() -> str:
    """How a configuration would call this Python: `python`, if that is what the PATH makes it."""
    beside = Path(sys.executable).with_name("python")
    return "python" if beside.exists() else sys.executable


def _free_port() -> int:
    for port in random.sample(HEALTH_PORTS, 50):
        with socket.socket() as attempt, contextlib.suppress(OSError):
            attempt.bind(("127.0.0.1", port))
            return port
    raise StageError(f"no port of 127.0.0.1 is free from {HEALTH_PORTS[0]} to {HEALTH_PORTS[-1]}")


def _end_politely(process: subprocess.Popen[bytes] | None) -> None:
    if process is None or process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(POLITE)
