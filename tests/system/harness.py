"""The real `watchdog run` as a process, with everything that a test asks of it.

Each world has a directory of its own (with a short path: a socket's has at most 107 bytes), locks
of its own, and a mark in the environment of all that it starts. By the mark the whole tree is found
and ended when the test is over, however it went.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from watchdog.client import Client
from watchdog.client.errors import Unreachable

ROOT = Path(__file__).parents[2]
PATIENCE = 40.0  # seconds: a deadline for a slow machine, never waited out when all is well
MARK = "WATCHDOG_TEST_WORLD"
KEPT = ("LANG", "LC_ALL", "VIRTUAL_ENV")

Program = dict[str, Any]


def wait_until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true value of `condition`; fails once `seconds` have passed."""
    end = time.monotonic() + seconds
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for: {what}")
        time.sleep(0.02)


def is_alive(pid: int) -> bool:
    """Whether the process runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def memory_of(pid: int) -> int:
    """The resident KiB of a process."""
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmRSS"))


def unused_key() -> str:
    """A singleton's key that no other test has: the abstract socket's name is the machine's."""
    return f"test-{uuid.uuid4().hex}"


class World:
    """A directory, an environment, and the watchdogs that live there."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.mark = uuid.uuid4().hex
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = kept | {
            MARK: self.mark,
            # `python` in a configuration is the one that runs the tests.
            "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
            "HOME": str(place / "home"),
            "XDG_STATE_HOME": str(place / "home"),
            "XDG_CONFIG_HOME": str(place / "home"),
            "WATCHDOG_LOCK_DIR": str(place / "locks"),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
        }
        self._count = 0
        self._processes: list[subprocess.Popen[bytes]] = []

    def write(self, text: str, name: str = "w.toml") -> Path:
        """A configuration; `state` is added if it says nothing of the watchdog itself."""
        path = self.place / name
        if "[watchdog]" not in text:
            text = f'[watchdog]\nstate = "state"\n{text}'
        path.write_text(text)
        return path

    def start(self, text: str, *words: str, name: str = "w.toml") -> Watchdog:
        """`watchdog run -c` with this configuration; returns at once."""
        return self.run("-c", str(self.write(text, name)), *words)

    def up(self, text: str, *words: str, name: str = "w.toml") -> Watchdog:
        """The same, and wait until it answers."""
        watchdog = self.start(text, *words, name=name)
        watchdog.wait_up()
        return watchdog

    def run(self, *words: str, environment: Mapping[str, str] | None = None) -> Watchdog:
        """`watchdog run` with these words."""
        self._count += 1
        out = self.place / f"out-{self._count}"
        with out.open("wb") as file:
            process = subprocess.Popen(
                [sys.executable, "-m", "watchdog", "run", *words],
                cwd=self.place,
                env={**self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        self._processes.append(process)
        return Watchdog(self, process, out)

    def adopt(self, process: subprocess.Popen[bytes]) -> None:
        """Somebody else's daemon, started with our environment, ends with this world too."""
        self._processes.append(process)

    def call(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """A command of the command line, to its end; both streams are in `stdout`."""
        return subprocess.run(
            [sys.executable, "-m", "watchdog", *words],
            cwd=cwd or self.place,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )

    def marked(self) -> Iterator[int]:
        """The pids of everything that was started in this world and lives."""
        wanted = f"{MARK}={self.mark}".encode()
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and int(entry.name) != os.getpid():
                with contextlib.suppress(OSError):
                    if wanted in (entry / "environ").read_bytes():
                        yield int(entry.name)

    def end(self) -> None:
        """Kill all of it, stopped or not, until nothing is left."""

        def sweep() -> bool:
            pids = [pid for pid in self.marked() if is_alive(pid)]
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return not pids

        for process in self._processes:  # first those who would start others
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        wait_until(sweep, "nothing of the test to be left running")
        for process in self._processes:
            process.wait()
        remove_cgroups(self.place)


def remove_cgroups(place: Path) -> None:
    """What the next watchdog of each state directory below it would have removed."""
    if sys.platform == "linux":
        from watchdog.process.contained import Cgroups

        for note in place.rglob("cgroups"):
            Cgroups(note.parent, allowed=False)


class Watchdog:
    """One `watchdog run`."""

    def __init__(self, world: World, process: subprocess.Popen[bytes], out: Path) -> None:
        self.world = world
        self.process = process
        self.out = out
        self.state = world.place / "state"

    @property
    def config(self) -> str:
        """The file it was started with."""
        return str(self.world.place / "w.toml")

    @property
    def text(self) -> str:
        """All that it has printed."""
        return self.out.read_text(errors="replace")

    @functools.cached_property
    def socket(self) -> Path:
        """Where it listens."""
        return self.state / "control.sock"

    def client(self) -> Client:
        """A new client of it."""
        return Client(str(self.socket))

    def status(self) -> dict[str, Any]:
        """As `watchdog status --json`."""
        client = self.client()
        try:
            return client.status()
        finally:
            client.close()

    def wait_up(self) -> None:
        """Until it answers."""

        def answers() -> bool:
            assert self.process.poll() is None, f"it ended: {self.text}"
            try:
                return bool(self.status())
            except Unreachable:
                return False

        wait_until(answers, "the watchdog to answer")

    def program(self, name: str) -> Program:
        """What it says of one program."""
        return next(p for p in self.status()["programs"] if p["name"] == name)

    def wait(self, name: str, what: Callable[[Program], Any], why: str) -> Program:
        """The program's status once the condition holds."""
        seen: list[Program] = []

        def holds() -> Program | None:
            try:
                seen[:] = [self.program(name)]
            except (Unreachable, StopIteration):
                return None
            return seen[0] if what(seen[0]) else None

        try:
            found: Program = wait_until(holds, why)
        except AssertionError as error:
            raise AssertionError(f"{error}\nlast seen: {seen}\nits output:\n{self.text}") from None
        return found

    def wait_state(self, name: str, *states: str) -> Program:
        """The program's status once it is in one of these states."""
        return self.wait(name, lambda p: p["state"] in states, f"{name} to be {states}")

    def wait_text(self, text: str) -> str:
        """All that was printed, once this is in it."""
        try:
            wait_until(lambda: text in self.text, text)
        except AssertionError as error:
            raise AssertionError(f"{error}\nits output:\n{self.text}") from None
        return self.text

    def call(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        """A client command, sent to this watchdog."""
        return self.world.call(command, "-s", str(self.socket), *words)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def leave(self) -> int:
        """SIGTERM; its exit code."""
        self.signal(signal.SIGTERM)
        return self.wait_exit()

    def wait_exit(self) -> int:
        """Its exit code, once it has ended."""
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"it does not end; its output:\n{self.text}") from None

    def journal(self) -> list[dict[str, Any]]:
        """Every line of the journal, each of which must be whole and valid."""
        lines = (self.state / "journal.jsonl").read_text().splitlines()
        return [json.loads(line) for line in lines]

    def log(self, name: str) -> str:
        """What was captured of a program's output."""
        with contextlib.suppress(FileNotFoundError):
            return (self.state / "logs" / f"{name}.log").read_text(errors="replace")
        return ""

    def wait_log(self, name: str, text: str) -> str:
        """The captured output, once this is in it."""
        wait_until(lambda: text in self.log(name), f"{text!r} in the log of {name}")
        return self.log(name)
