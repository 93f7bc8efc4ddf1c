"""Output that a killed watchdog had taken and not written, of programs that nobody goes on with."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.system.harness import Watchdog, World, is_alive, wait_until

if sys.platform != "linux":
    pytest.skip("output is moved by splice", allow_module_level=True)

COMMAND = 'command = ["sh", "-c", "echo whole; printf begun; exec sleep 600"]\n'
OTHER = '[programs.other]\ncommand = "sleep 600"\nautostart = false\n'


def die_both(watchdog: Watchdog) -> None:
    """The watchdog is killed with a line half read, and then its program."""
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    watchdog.wait_log("bot", "whole")
    fifo = next((watchdog.state / "fifo").glob("bot.*"))
    wait_until(lambda: is_taken(watchdog, fifo.name), "the half line to be taken")
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "its end")


def is_taken(watchdog: Watchdog, name: str) -> bool:
    """Whether the half line lies where a killed watchdog leaves it."""
    open_files = Path(f"/proc/{watchdog.process.pid}/fd").iterdir()
    found = [path for path in open_files if str(path.resolve()).endswith(f"/{name}")]
    return any(b"begun" in path.read_bytes() for path in found if path.is_file())


def test_output_of_a_program_that_is_not_started_is_kept(world: World) -> None:
    """Of a dead program with `autostart = false`, the log has all that was taken."""
    first = world.up(f"[programs.bot]\n{COMMAND}autostart = false\n")
    assert first.call("start", "bot").returncode == 0
    die_both(first)
    second = world.up(f"[programs.bot]\n{COMMAND}autostart = false\n")
    assert second.log("bot") == "whole\nbegun"
    assert second.leave() == 0


def test_output_of_a_program_that_left_the_configuration_is_kept(world: World) -> None:
    """Where the program is configured no more, its default log has it, and nothing is left over."""
    first = world.up(f"[programs.bot]\n{COMMAND}")
    die_both(first)
    second = world.up(OTHER)
    assert second.log("bot") == "whole\nbegun"
    assert second.leave() == 0
    third = world.up(OTHER)
    assert third.log("bot") == "whole\nbegun"
    assert third.leave() == 0
