"""What the chaos has found once, each as a test of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import World, is_alive, unused_key, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the harness reads /proc")


@pytest.fixture
def world() -> Iterator[World]:
    with tempfile.TemporaryDirectory(prefix="wd", ignore_cleanup_errors=True) as path:
        world = World(Path(path))
        try:
            yield world
        finally:
            world.end()


def section(command: str) -> str:
    """One singleton."""
    return f'[programs.bot]\ncommand = ["sh", "-c", "{command}"]\nsingleton = "{unused_key()}"\n'


@pytest.mark.parametrize("when_held", ["fail", "wait"])
def test_a_dead_programs_helpers_do_not_lock_its_next_watchdog_out(
    world: World, when_held: str
) -> None:
    """Watchdog and program are killed, a helper has the lock: it is ended, and the program starts.

    Whoever comes next must not be refused by what its own predecessor has left behind.
    """
    text = section("sleep 601 & exec sleep 600") + f'when_held = "{when_held}"\n'
    first = world.up(text)
    pid = first.wait("bot", lambda p: p["pid"], "a pid")["pid"]

    def helpers() -> list[int]:
        known = (pid, first.process.pid)
        return [p for p in world.marked() if p not in known and is_alive(p)]

    (helper,) = wait_until(helpers, "the helper")
    first.process.kill()
    first.process.wait()
    os.kill(pid, signal.SIGKILL)
    second = world.up(text)
    seen = second.wait_state("bot", "RUNNING")
    assert (seen["incarnation"], is_alive(helper)) == (2, False)
    assert second.leave() == 0


def remove(directory: Path) -> None:
    """As `rm -r` does it, again where the watchdog was writing into it at the same time."""

    def removed() -> bool:
        with contextlib.suppress(OSError):
            shutil.rmtree(directory)
            return True
        return False

    wait_until(removed, f"{directory} to be removed")


def test_records_are_written_again_when_the_state_directory_was_removed(world: World) -> None:
    """The next watchdog adopts also after `rm -r` of all that it adopts from."""
    text = section("exec sleep 600")
    first = world.up(text)
    pid = first.wait_state("bot", "RUNNING")["pid"]
    remove(first.state)
    wait_until((first.state / "run" / "bot.json").exists, "the record")
    first.process.kill()
    first.process.wait()
    second = world.up(text)
    assert second.wait_state("bot", "RUNNING")["pid"] == pid
    assert second.leave() == 0


def test_remains_of_an_incarnation_that_nobody_wrote_down_are_ended(world: World) -> None:
    """A full disk kept the record from naming the last incarnation: its mark was chosen before."""
    text = section("sleep 601 & exec sleep 600") + 'restart = { jitter = 0, reset_after = "0s" }\n'
    first = world.up(text)
    pid = first.wait_state("bot", "RUNNING")["pid"]
    record = first.state / "run" / "bot.json"
    old = record.read_bytes()
    os.kill(pid, signal.SIGKILL)
    pid = first.wait("bot", lambda p: p["pid"] not in (None, pid), "the next")["pid"]
    first.wait_state("bot", "RUNNING")
    first.process.kill()
    first.process.wait()
    record.write_bytes(old)  # as if it could not have been written since
    os.kill(pid, signal.SIGKILL)
    second = world.up(text)
    seen = second.wait_state("bot", "RUNNING")
    assert seen["incarnation"] == 3
    assert len([p for p in world.marked() if is_alive(p)]) == 3  # a watchdog and two sleepers
    assert second.leave() == 0
