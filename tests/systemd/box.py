"""A real systemd, booted beside the one of this machine or without any: see `boot.sh`.

It has its own processes, mounts, network and cgroups below ours; what it writes goes to memory. It
needs root and a cgroup2 tree that may be written to.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SYSTEMD = Path("/lib/systemd/systemd")
TOOLS = ("unshare", "nsenter", "pivot_root", "mount", "setsid")
BOOTING = 60.0  # seconds; it takes one on a machine that is not busy
PATIENCE = 40.0

NO_CGROUP = "this machine cannot boot a systemd: "
"""How the reason begins if nothing but the machine itself is at fault (`tests/conftest.py`)."""


class CannotBoot(Exception):
    """There can be no systemd here. The text says why."""


class Box:
    """A booted systemd."""

    def __init__(self, cgroup: Path, place: Path) -> None:
        self._cgroup = cgroup
        self._place = place
        self._log = place.with_name(f"{place.name}.log")
        self._booter = self._boot()
        self.pid = self._wait_pid()

    def _boot(self) -> subprocess.Popen[bytes]:
        script = (
            f"echo $$ >{self._cgroup}/cgroup.procs; exec unshare --mount --propagation private"
            ' --pid --cgroup --uts --ipc --net --fork --kill-child=SIGKILL sh "$@"'
        )
        words = [str(HERE / "boot.sh"), str(self._place), *shown_places()]
        with self._log.open("wb") as log:
            return subprocess.Popen(
                ["sh", "-c", script, "sh", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _wait_pid(self) -> int:
        """Its first process, seen from here, once it is up."""
        end = time.monotonic() + BOOTING
        while time.monotonic() < end and self._booter.poll() is None:
            for pid in children_of(self._booter.pid):
                self.pid = pid
                if self.run("systemctl", "is-system-running").stdout.strip() in (
                    "running",
                    "degraded",
                ):
                    return pid
            time.sleep(0.05)
        log = self._log.read_text(errors="replace")
        self.end()
        raise AssertionError(f"systemd did not boot: {log}")

    def run(self, *words: str, cwd: str = "/", stdin: str = "") -> subprocess.CompletedProcess[str]:
        """A command inside, to its end; both streams are in `stdout`."""
        enter = ["nsenter", "-t", str(self.pid), "-a", "sh", "-c", 'cd "$0" && exec "$@"', cwd]
        return subprocess.run(
            [*enter, *words],
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=BOOTING,
        )

    def check(self, *words: str, cwd: str = "/") -> str:
        """The same; what it printed. It must succeed."""
        done = self.run(*words, cwd=cwd)
        assert done.returncode == 0, f"{' '.join(words)} failed ({done.returncode}): {done.stdout}"
        return done.stdout

    def path(self, inside: str) -> Path:
        """Where a file of it is, seen from here."""
        return Path(f"/proc/{self.pid}/root{inside}")

    def write(self, inside: str, text: str) -> None:
        """Write a file in it."""
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def end(self) -> None:
        """Kill all of it."""
        with contextlib.suppress(OSError):
            (self._cgroup / "cgroup.kill").write_text("1")
        self._booter.kill()
        self._booter.wait()
        remove_cgroup(self._cgroup)
        self._log.unlink(missing_ok=True)
        self._place.rmdir()


def boot() -> Box:
    """Boot one; `CannotBoot` if this machine cannot."""
    check_machine()
    cgroup = find_cgroup2() / f"watchdog-test-{uuid.uuid4().hex[:8]}"
    try:
        cgroup.mkdir()
    except OSError as error:
        raise CannotBoot(f"{NO_CGROUP}{cgroup} cannot be made ({error.strerror})") from None
    try_namespaces(cgroup)
    return Box(cgroup, Path(tempfile.mkdtemp(prefix="wdbox-")))


def try_namespaces(cgroup: Path) -> None:
    """The two things that a container may forbid even to root."""
    script = f"echo $$ >{cgroup}/cgroup.procs && unshare --mount --pid --cgroup --net --fork true"
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True)
    if done.returncode:
        remove_cgroup(cgroup)
        raise CannotBoot(f"{NO_CGROUP}{done.stderr.strip()}")


def check_machine() -> None:
    """Root and the tools."""
    if os.geteuid() != 0:
        raise CannotBoot("booting a systemd needs root")
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if not SYSTEMD.exists():
        missing.append("systemd")
    if missing:
        raise CannotBoot(f"not installed: {', '.join(missing)}")


def find_cgroup2() -> Path:
    """Where the cgroup2 tree is."""
    for line in Path("/proc/mounts").read_text().splitlines():
        _, mount, kind, options, *_ = line.split()
        if kind == "cgroup2":
            if "rw" not in options.split(","):
                raise CannotBoot(f"{NO_CGROUP}the cgroup2 tree at {mount} is read-only")
            return Path(mount)
    raise CannotBoot(f"{NO_CGROUP}there is no cgroup2 tree")


def shown_places() -> list[str]:
    """The repository and the interpreter, which may lie where the box has something of its own."""
    places = sorted({str(ROOT), sys.prefix, sys.base_prefix})
    return [p for p in places if not any(p.startswith(f"{other}/") for other in places)]


def children_of(pid: int) -> list[int]:
    """The pids of its children."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(word) for word in text.split()]


def remove_cgroup(group: Path) -> None:
    """Remove an empty tree of cgroups, as soon as the kernel lets us."""
    end = time.monotonic() + PATIENCE
    while group.exists():
        for directory, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                Path(directory).rmdir()
        if time.monotonic() > end:
            raise AssertionError(f"{group} cannot be removed")
        time.sleep(0.02)


def wait_until(condition: Callable[[], Any], what: Callable[[], str] | str) -> Any:
    """The first true value of `condition`; fails after `PATIENCE`."""
    end = time.monotonic() + PATIENCE
    while True:
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for: {what() if callable(what) else what}")
        time.sleep(0.05)


class Service:
    """One configuration in the box, with the unit that our own command made of it."""

    def __init__(self, box: Box, text: str, *options: str) -> None:
        self.box = box
        self.name = f"t{uuid.uuid4().hex[:8]}"
        self.directory = f"/srv/{self.name}"
        self.unit = f"{self.name}.service"
        self.options = options
        self.write(text)

    @property
    def state(self) -> str:
        """Its state directory."""
        return f"{self.directory}/state"

    def write(self, text: str) -> None:
        """Its configuration."""
        self.box.write(f"{self.directory}/watchdog.toml", f'[watchdog]\nstate = "state"\n{text}')

    def watchdog(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of the command line."""
        return self.box.run(sys.executable, "-m", "watchdog", *words, cwd=self.directory)

    def make(self, what: str) -> str:
        """`watchdog service systemd --install` or the like."""
        done = self.watchdog("service", "systemd", "--name", self.name, *self.options, what)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def override(self, *lines: str) -> None:
        """A drop-in for the unit; daemon-reload must follow."""
        text = "\n".join(["[Service]", *lines, ""])
        self.box.write(f"/etc/systemd/system/{self.unit}.d/test.conf", text)

    def show(self, key: str) -> str:
        """A property of the unit."""
        return self.box.check("systemctl", "show", "--property", key, "--value", self.unit).strip()

    def wait(self, key: str, value: str) -> None:
        """Until the property is this."""

        def explain() -> str:
            return f"{key}={value}; it is {self.show(key)}; {self.journal()}"

        wait_until(lambda: self.show(key) == value, explain)

    def systemctl(self, *words: str) -> str:
        """A command for the unit; it must succeed."""
        done = self.box.run("systemctl", *words, self.unit)
        assert done.returncode == 0, f"{words}: {done.stdout}\n{self.journal()}"
        return done.stdout

    def kill(self, signal: str) -> None:
        """A signal to the watchdog alone."""
        self.systemctl("kill", "--kill-whom=main", f"--signal={signal}")

    def status(self) -> dict[str, Any]:
        """`watchdog status --json`."""
        done = self.watchdog("status", "--json")
        assert done.returncode in (0, 3), done.stdout
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def pid_of(self, program: str) -> int:
        """A program's pid."""
        return next(int(p["pid"]) for p in self.status()["programs"] if p["name"] == program)

    def changes(self) -> list[dict[str, Any]]:
        """The watchdog's own journal."""
        text = self.box.path(f"{self.state}/journal.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def journal(self) -> str:
        """What systemd's journal has of it."""
        return self.box.run("journalctl", "--no-pager", "-o", "cat", "-u", self.unit).stdout

    def entries(self) -> Iterator[dict[str, Any]]:
        """The watchdog's own lines in systemd's journal."""
        text = self.box.check("journalctl", "-o", "json", f"_SYSTEMD_UNIT={self.unit}")
        return (json.loads(line) for line in text.splitlines())
