"""The state directory and the control socket: unusable, removed, stale, too long."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from tests.system.harness import World, wait_until

SLEEPER = '[programs.a]\ncommand = "sleep 600"\n'


def test_a_state_directory_that_cannot_be_made_is_refused(world: World) -> None:
    """What cannot be written is exit 78 with the path, the cause and what to set."""
    (world.place / "file").write_text("")
    watchdog = world.start(f'[watchdog]\nstate = "file"\nsocket = "s"\n{SLEEPER}')
    assert watchdog.wait_exit() == 78
    assert f"the state directory {world.place / 'file'} cannot be used" in watchdog.text
    assert "set `state` under [watchdog]" in watchdog.text
    assert "Traceback" not in watchdog.text


def test_a_state_directory_on_a_read_only_disk_is_refused(world: World) -> None:
    """The same where not even root may write."""
    watchdog = world.start(f'[watchdog]\nstate = "/proc/nowhere"\nsocket = "s"\n{SLEEPER}')
    assert watchdog.wait_exit() == 78
    assert "/proc/nowhere cannot be used" in watchdog.text


@pytest.mark.parametrize("at_once", [True, False])
def test_a_removed_state_directory_is_made_anew(world: World, at_once: bool) -> None:
    """With its state removed the watchdog goes on, answers again, and the programs never notice.

    It is taken away at once, or file by file, while the watchdog is already putting things back.
    """
    watchdog = world.up(SLEEPER)
    pid = watchdog.wait("a", lambda p: p["pid"], "a pid")["pid"]
    if at_once:
        watchdog.state.rename(world.place / "away")
        watchdog.wait_text("the state directory was removed; made anew")
    else:
        shutil.rmtree(watchdog.state, ignore_errors=True)
    seen = watchdog.wait("a", lambda p: p["pid"], "an answer after the removal")
    assert seen["pid"] == pid
    assert watchdog.call("restart", "a").returncode == 0
    assert watchdog.journal()
    assert stat_mode(watchdog.state) == 0o700
    assert stat_mode(watchdog.socket) == 0o600
    assert watchdog.leave() == 0


def stat_mode(path: Path) -> int:
    """The permission bits."""
    return path.stat().st_mode & 0o777


def test_a_removed_control_socket_is_made_anew(world: World) -> None:
    """With only the socket removed it listens again, mode 0600."""
    watchdog = world.up(SLEEPER)
    watchdog.socket.unlink()
    watchdog.wait("a", lambda p: p["state"], "an answer")
    assert stat_mode(watchdog.socket) == 0o600
    assert watchdog.leave() == 0
    assert not watchdog.socket.exists()


def test_a_stale_socket_file_is_no_obstacle(world: World) -> None:
    """A socket that a killed watchdog left is replaced."""
    (world.place / "state").mkdir()
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(world.place / "state" / "control.sock"))
    stale.close()
    refused = world.call("status", "-s", str(world.place / "state" / "control.sock"))
    assert refused.returncode == 4
    assert "not running" in refused.stdout
    watchdog = world.up(SLEEPER)
    assert watchdog.leave() == 0


def test_a_socket_path_held_by_a_file_is_refused(world: World) -> None:
    """Somebody's file at the socket's path is not removed: exit 78 names it."""
    (world.place / "precious").write_text("data")
    watchdog = world.start(f'[watchdog]\nstate = "state"\nsocket = "precious"\n{SLEEPER}')
    assert watchdog.wait_exit() == 78
    assert "precious" in watchdog.text
    assert (world.place / "precious").read_text() == "data"


def test_a_socket_path_that_is_too_long_is_refused_with_a_way_out(world: World) -> None:
    """Over 107 bytes: exit 78 with the length, the limit, and a shorter path to set."""
    watchdog = world.start(f'[watchdog]\nstate = "{"x" * 110}"\n{SLEEPER}')
    assert watchdog.wait_exit() == 78
    assert "at most 107 bytes" in watchdog.text
    assert "set `socket` under [watchdog] to a shorter path" in watchdog.text
    short = f'[watchdog]\nstate = "{"x" * 110}"\nsocket = "state/control.sock"\n{SLEEPER}'
    (world.place / "state").mkdir()
    again = world.up(short)
    assert again.leave() == 0


def test_the_journal_survives_sigkill_as_whole_lines(world: World) -> None:
    """After a SIGKILL every line of the journal is valid JSON, the last start among them."""
    watchdog = world.up(
        '[programs.a]\ncommand = "sleep 600"\n[programs.b]\ncommand = "sleep 600"\n'
    )
    for name in ("a", "b"):
        pid = watchdog.wait(name, lambda p: p["pid"], "a pid")["pid"]
        os.kill(pid, signal.SIGKILL)
    watchdog.wait("b", lambda p: p["incarnation"] == 2 and p["pid"], "the second incarnation")
    last = watchdog.program("b")["pid"]
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    lines = watchdog.journal()
    assert any(line.get("pid") == last for line in lines)
    assert any(line.get("exit", {}).get("signal") == 9 for line in lines)
    assert all("at" in line and "event" in line for line in lines)


@pytest.mark.parametrize("wipe", [False, True])
def test_a_killed_watchdogs_child_lives_and_bars_the_next(world: World, wipe: bool) -> None:
    """The child outlives a SIGKILL of the watchdog and keeps its lock, whatever files are removed.

    A second watchdog from another directory is refused with exit 69, naming it.
    """
    key = f"test-{world.mark}"
    program = f'[programs.bot]\ncommand = "sleep 600"\nsingleton = "{key}"\n'
    watchdog = world.up(program)
    pid = watchdog.wait("bot", lambda p: p["pid"], "a pid")["pid"]
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    if wipe:
        shutil.rmtree(world.place / "locks")
    text = f'[watchdog]\nstate = "elsewhere"\n{program}'
    second = world.start(text, name="second.toml")
    assert second.wait_exit() == 69
    assert "bot is already running elsewhere" in second.text
    assert f"pid {pid}" in second.text
    os.kill(pid, 0)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: pid not in world.marked(), "the child to be gone")
    third = world.start(text, name="second.toml")
    third.wait_text("bot: started as pid")
