"""As the first process of a container: nothing is above it, and all orphans end up with it.

A container engine is not needed for that: a process namespace of its own is what makes the first
process, and `conf/docker/Dockerfile` adds only files to it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.harness import ROOT, World, is_alive, wait_until

ORPHANS = '["sh", "-c", "for i in 1 2 3; do (sleep 0.$i &); done; exec sleep 1000"]'


def children_of(pid: int) -> dict[int, str]:
    """The state letter of each child."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = {}
    for child in map(int, pids):
        try:
            found[child] = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:  # reaped meanwhile
            continue
    return found


class Container:
    """A watchdog that is the first process of its namespace."""

    def __init__(self, world: World) -> None:
        self.world = world
        words = ["unshare", "--pid", "--fork", "--kill-child=SIGKILL", "--mount-proc"]
        with (world.place / "out").open("wb") as out:
            self.outer = subprocess.Popen(
                [*words, sys.executable, "-m", "watchdog", "run", "-c", "w.toml"],
                cwd=world.place,
                env=world.environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )
        self.pid = wait_until(lambda: next(iter(children_of(self.outer.pid)), 0), "it to begin")

    def enter(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command in the container, as `docker exec` or the health check."""
        return subprocess.run(
            ["nsenter", "-t", str(self.pid), "-p", "-m", f"--wd={self.world.place}", *words],
            env={**self.world.environment, "WATCHDOG_CONFIG": "w.toml"},
            capture_output=True,
            text=True,
            timeout=30,
        )

    def is_well(self) -> bool:
        """What the health check says."""
        return self.enter(sys.executable, "-m", "watchdog", "status").returncode == 0

    def text(self) -> str:
        """What it printed."""
        return (self.world.place / "out").read_text()


@pytest.fixture
def container(world: World) -> Container:
    """One with a program that leaves orphans behind."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("a process namespace needs root and unshare")
    world.write(f"[programs.bot]\ncommand = {ORPHANS}\nstart_seconds = 0\n")
    return Container(world)


def is_alone(container: Container) -> bool:
    """Whether the watchdog has its program and nothing else, dead or alive."""
    left = children_of(container.pid)
    return len(left) == 1 and "Z" not in left.values()


def test_it_reaps_what_others_left_behind(container: Container) -> None:
    """Orphans of a program and of a command that was run in the container leave no zombie."""
    wait_until(container.is_well, "the health check to pass")
    container.enter("sh", "-c", "sleep 0.2 & sleep 0.1 &")
    wait_until(lambda: is_alone(container), "all orphans to be gone")
    assert "internal error" not in container.text()


def test_it_ends_with_its_programs(container: Container) -> None:
    """SIGTERM, as of `docker stop`, ends the programs in order, and the container with code 0."""
    wait_until(container.is_well, "the health check to pass")
    wait_until(lambda: is_alone(container), "all orphans to be gone")
    (program,) = children_of(container.pid)
    os.kill(container.pid, signal.SIGTERM)
    assert container.outer.wait(30) == 0
    assert not is_alive(program)
    assert "everything is down" in container.text()


def test_the_recipe_names_what_there_is() -> None:
    """Every file that the Dockerfile copies is in the repository; its commands are ours."""
    lines = (ROOT / "conf/docker/Dockerfile").read_text().splitlines()
    sources = [word for line in lines if line.startswith("COPY") for word in line.split()[1:-1]]
    assert sources
    assert not [source for source in sources if not (ROOT / source).exists()]
    assert '  CMD ["watchdog", "status"]' in lines
