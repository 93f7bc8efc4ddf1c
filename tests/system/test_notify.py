"""Heartbeats and READY by real sd_notify datagrams; memory; users; limits."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.system.harness import World, wait_until

NOTIFIER = """
import os, socket, sys, time
def say(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.sendto(text.encode(), os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1))
"""


def test_ready_brings_a_program_up_and_not_before(world: World) -> None:
    """With a heartbeat startup probe a program is RUNNING when it says READY=1."""
    (world.place / "ready.py").write_text(
        NOTIFIER + "say('STATUS=loading the model')\n"
        "while not os.path.exists('go'): time.sleep(0.02)\n"
        "say('READY=1'); time.sleep(600)\n"
    )
    watchdog = world.up(
        '[programs.a]\ncommand = "python ready.py"\nstart_seconds = 0\n'
        'startup = { heartbeat = true, period = "1s", failure_threshold = 60 }\n'
    )
    watchdog.wait("a", lambda p: p["pid"], "a pid")
    assert watchdog.program("a")["state"] == "STARTING"
    (world.place / "go").touch()
    assert watchdog.wait_state("a", "RUNNING")["incarnation"] == 1


def test_a_program_that_never_says_ready_is_ended(world: World) -> None:
    """Without READY=1 in time the program is killed, and the reason says what it did not say."""
    watchdog = world.up(
        '[programs.a]\ncommand = "sleep 600"\n'
        'startup = { heartbeat = true, period = "100ms", failure_threshold = 5 }\n'
    )
    watchdog.wait("a", lambda p: p["incarnation"] >= 2, "another incarnation")
    assert "no READY=1 within" in watchdog.text


def test_a_missed_heartbeat_is_a_hang(world: World) -> None:
    """A program that beats is left alone; once it stops beating it is replaced."""
    (world.place / "beat.py").write_text(
        NOTIFIER + "say('READY=1')\n"
        "assert int(os.environ['WATCHDOG_USEC']) == 1_000_000\n"
        "while not os.path.exists('hush'): say('WATCHDOG=1'); time.sleep(0.1)\n"
        "os.unlink('hush'); time.sleep(600)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python beat.py"\nheartbeat = "1s"\n')
    watchdog.wait(
        "a",
        lambda p: p["state"] == "RUNNING" and p["uptime_seconds"] > 2.5,
        "more than two heartbeats' time",
    )
    assert watchdog.program("a")["incarnation"] == 1
    (world.place / "hush").touch()
    watchdog.wait("a", lambda p: p["incarnation"] == 2, "its replacement")
    assert "no heartbeat for 1 s" in watchdog.text


def test_a_program_may_call_itself_hung(world: World) -> None:
    """WATCHDOG=trigger is a hang at once."""
    (world.place / "cry.py").write_text(
        NOTIFIER + "say('READY=1')\n"
        "if not os.path.exists('cried'):\n    open('cried', 'w').close(); say('WATCHDOG=trigger')\n"
        "while True: say('WATCHDOG=1'); time.sleep(0.2)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python cry.py"\nheartbeat = "60s"\n')
    watchdog.wait("a", lambda p: p["incarnation"] == 2, "its replacement")


def test_too_much_memory_is_a_restart_with_the_figure(world: World) -> None:
    """A program above its ceiling is ended politely and started anew; the reason has the sizes."""
    (world.place / "eat.py").write_text(
        "import os, time\n"
        "if not os.path.exists('ate'):\n"
        "    open('ate', 'w').close(); food = b'x' * 120_000_000\n"
        "time.sleep(600)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python eat.py"\nmemory = "60MB"\n')
    watchdog.wait("a", lambda p: p["incarnation"] == 2 and p["pid"], "the restart")
    line = next(line for line in watchdog.text.splitlines() if "STOPPING" in line)
    assert "memory" in line
    assert "60" in line, line


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_program_runs_as_another_user_with_its_groups_umask_and_limits(world: World) -> None:
    """`user`, `umask` and `limits` are in force in the process, and its output is captured."""
    watchdog = world.up(
        '[programs.a]\ncommand = ["sh", "-c", "id -un; umask; ulimit -n; ulimit -c; sleep 600"]\n'
        'directory = "/"\nuser = "nobody"\numask = "027"\nlimits = { open_files = 123, core = 0 }\n'
    )
    text = watchdog.wait_log("a", "123\n0\n")
    assert text == "nobody\n0027\n123\n0\n"
    pid = watchdog.program("a")["pid"]
    assert Path(f"/proc/{pid}").stat().st_uid == pwd.getpwnam("nobody").pw_uid
    assert watchdog.call("stop", "a").returncode == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be somebody else")
def test_another_users_heartbeat_arrives(world: World) -> None:
    """A program that runs as nobody reaches its notify socket."""
    world.place.chmod(0o755)
    (world.place / "beat.py").write_text(NOTIFIER + "say('READY=1'); time.sleep(600)\n")
    watchdog = world.up(
        '[programs.a]\ncommand = "python3 beat.py"\nuser = "nobody"\nstart_seconds = 600\n'
        'heartbeat = "60s"\nenvironment = { PATH = "/usr/local/bin:/usr/bin:/bin" }\n'
    )
    watchdog.wait_state("a", "RUNNING")


def test_an_unknown_user_is_named(world: World) -> None:
    """A user that does not exist is FATAL with its name, or refused with the configuration."""
    watchdog = world.start('[programs.a]\ncommand = "sleep 600"\nuser = "no-such-user"\n')
    wait_until(lambda: "no-such-user" in watchdog.text, "the name")
    assert "Traceback" not in watchdog.text


def test_a_signal_reaches_the_program(world: World) -> None:
    """`watchdog signal` sends it to the main process and to nobody else."""
    script = "trap 'echo heard' USR1; echo ready; while :; do sleep 0.1; done"
    watchdog = world.up(f'[programs.a]\ncommand = ["sh", "-c", "{script}"]\n')
    watchdog.wait_log("a", "ready")
    assert watchdog.call("signal", "USR1", "a").returncode == 0
    watchdog.wait_log("a", "heard")
    assert watchdog.program("a")["incarnation"] == 1
