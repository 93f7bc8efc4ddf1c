"""The platform as a person runs it: a sandbox for Telegram, and `watchdog run` in this folder."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from bot.sandbox import SandboxClient
from trial.place import CONFIG, HOME, Place

PATIENCE = 60.0  # seconds: a deadline for a slow machine, never waited out when all is well
PAUSE = 0.25  # seconds between two looks

T = TypeVar("T")


class Trouble(Exception):
    """What was expected did not come; the text says what."""


def wait_for(what: str, look: Callable[[], T], seconds: float = PATIENCE) -> T:
    """The first true value of `look`. Raises Trouble once the time is over."""
    end = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > end:
            raise Trouble(f"waited {seconds:g} s in vain for {what}")
        time.sleep(PAUSE)
    return found


class Platform:
    """The processes of one place."""

    def __init__(self, place: Place, config: Path = CONFIG) -> None:
        self.place, self._config = place, config
        self.sandbox = SandboxClient(place.sandbox)
        self._sandbox: subprocess.Popen[bytes] | None = None
        self.watchdog: subprocess.Popen[bytes] | None = None

    def start_sandbox(self) -> None:
        """A Telegram of our own."""
        port_file = self.place.directory / "sandbox.port"
        port_file.unlink(missing_ok=True)
        port = str(self.place.ports["SANDBOX_PORT"])
        words = ["bot.sandbox", "--quiet", "--port", port, "--port-file", str(port_file)]
        self._sandbox = self.start(words, self.place.directory / "sandbox.out")

        def listens() -> bool:
            assert self._sandbox is not None
            if self._sandbox.poll() is not None:
                raise Trouble((self.place.directory / "sandbox.out").read_text().strip())
            return port_file.exists()

        wait_for("the sandbox", listens)

    def start_watchdog(self, output: Path | None = None) -> None:
        """`watchdog run`, in the foreground unless its output goes to a file."""
        self.watchdog = self.start(["watchdog", "run", "-c", str(self._config)], output)

    def start(self, words: list[str], output: Path | None) -> subprocess.Popen[bytes]:
        """`python -m ...` in this folder."""
        return self.run([sys.executable, "-m", *words], output)

    def run(self, words: list[str], output: Path | None = None) -> subprocess.Popen[bytes]:
        """Any command, in this folder."""
        with contextlib.ExitStack() as stack:
            out = stack.enter_context(output.open("ab")) if output else None
            return subprocess.Popen(
                words,
                cwd=HOME,
                env=self.place.environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT if output else None,
            )

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the watchdog, to its end."""
        return subprocess.run(
            [sys.executable, "-m", "watchdog", *words, "-c", str(self._config)],
            cwd=HOME,
            env=self.place.environment(),
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )

    def order(self, *words: str) -> None:
        """The same; Trouble if it fails."""
        done = self.ask(*words)
        if done.returncode:
            raise Trouble(f"`watchdog {' '.join(words)}`: {done.stderr or done.stdout}".strip())

    def program(self, name: str) -> dict[str, Any]:
        """What the watchdog says of one program."""
        found: dict[str, Any] = json.loads(self.ask("status", name, "--json").stdout)
        return dict(found["programs"][0])

    def pids(self) -> dict[str, int]:
        """The main process of each program."""
        found = json.loads(self.ask("status", "--json").stdout)["programs"]
        return {str(one["name"]): int(one["pid"] or 0) for one in found}

    def all_ready(self) -> bool:
        """Whether all programs run."""
        if self.watchdog is not None and self.watchdog.poll() is not None:
            raise Trouble(f"the watchdog ended with exit code {self.watchdog.returncode}")
        return self.ask("status").returncode == 0

    def uptime(self) -> float:
        """Seconds since the watchdog started."""
        return float(json.loads(self.ask("status", "--json").stdout)["watchdog"]["uptime_seconds"])

    def stop(self) -> int | None:
        """End everything, in order; the watchdog's exit code."""
        code = _end(self.watchdog)
        _end(self._sandbox)
        return code


def _end(process: subprocess.Popen[bytes] | None) -> int | None:
    if process is None:
        return None
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        return process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextlib.contextmanager
def platform(place: Place, config: Path = CONFIG) -> Iterator[Platform]:
    """A platform with its sandbox up; ended, and all that is left of it, afterwards."""
    place.write()
    one = Platform(place, config)
    try:
        one.start_sandbox()
        yield one
    finally:
        one.stop()
        for pid in find_left(place):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if place.locks is not None:  # of a check: nobody needs it any more
            shutil.rmtree(place.directory, ignore_errors=True)


def find_left(place: Place) -> list[int]:
    """The processes that still have this place in their environment."""
    mark = f"MIMIC_STATE={place.state}".encode()
    return [pid for pid in _list_pids() if pid != os.getpid() and mark in _environ_of(pid)]


def _list_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def _environ_of(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return []
