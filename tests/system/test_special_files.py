"""What the configuration names and is no plain file stays what it is, whatever is asked for."""

from __future__ import annotations

import os
import xmlrpc.client
from pathlib import Path

import pytest
from supervisor.xmlrpc import SupervisorTransport

from tests.system.harness import World

CONF = """\
[unix_http_server]
file=%(here)s/control.sock
[supervisord]
logfile=/dev/null
pidfile=%(here)s/null
[supervisorctl]
serverurl=unix://%(here)s/control.sock
[watchdog]
state = %(here)s/state
[program:bot]
command=sh -c 'n=0; while [ $n -lt 300 ]; do echo line $n; n=$((n+1)); done; exec sleep 1000'
stdout_logfile=%(here)s/stdout
stdout_logfile_maxbytes=500
[program:loop]
command=sh -c 'exit 3'
startretries=2
"""


def test_what_is_no_plain_file_is_left_as_it_is(world: World) -> None:
    """A log to our output, clearing it, a pid file that is a device: all of it stays."""
    (world.place / "null").symlink_to("/dev/null")
    (world.place / "stdout").symlink_to("/proc/self/fd/1")
    dog = world.start(CONF, name="supervisord.conf")
    dog.wait_text("line 299")
    dog.wait_text("loop: FATAL")
    transport = SupervisorTransport(None, None, f"unix://{world.place}/control.sock")
    api = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        api.supervisor.clearProcessLogs("bot")
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        api.supervisor.clearLog()
    dog.leave()
    text = dog.text
    assert [line for line in text.splitlines() if line.startswith("line ")] == [
        f"line {number}" for number in range(300)
    ]
    assert "loop: FATAL" in text
    assert (world.place / "null").readlink() == Path("/dev/null")
    assert (world.place / "stdout").readlink() == Path("/proc/self/fd/1")
    assert not (world.place / "stdout.1").exists()


@pytest.mark.parametrize("step", ["--install", "--uninstall"])
def test_a_definition_is_no_link_and_no_device(world: World, step: str) -> None:
    """A masked unit leads to /dev/null; it is neither replaced nor removed, and it is said why."""
    world.write('[programs.bot]\ncommand = ["true"]\n')
    masked = world.place / "bots.conf"
    masked.symlink_to("/dev/null")
    done = world.call(
        *("service", "supervisord", "-c", "w.toml", step),
        *("--name", "bots", "--conf-dir", str(world.place)),
    )
    assert (done.returncode, "is no plain file" in done.stdout) == (1, True)
    assert masked.is_symlink()


def test_a_name_is_no_path(world: World) -> None:
    """The name of a service leads nowhere else."""
    world.write('[programs.bot]\ncommand = ["true"]\n')
    done = world.call("service", "supervisord", "-c", "w.toml", "--name", "../bots")
    assert (done.returncode, "allowed: letters, digits" in done.stdout) == (2, True)


def test_the_log_may_be_a_pipe_that_nobody_reads(world: World) -> None:
    """Nobody who asks for such a log makes the watchdog wait."""
    os.mkfifo(world.place / "pipe")
    dog = world.start('[programs.bot]\ncommand = "sleep 1000"\nlogs.path = "pipe"\n')
    dog.wait_state("bot", "RUNNING")
    transport = SupervisorTransport(None, None, f"unix://{dog.socket}")
    api = xmlrpc.client.ServerProxy("http://localhost", transport=transport)
    with pytest.raises(xmlrpc.client.Fault, match="FAILED"):
        api.supervisor.readProcessStdoutLog("bot", -100, 0)
    assert api.supervisor.tailProcessStdoutLog("bot", 0, 100) == ["", 0, False]
    assert dog.call("logs", "bot").stdout == ""
    assert dog.program("bot")["state"] == "RUNNING"
    dog.leave()


def test_a_pid_file_is_no_directory(world: World) -> None:
    """It is said, and nothing is started."""
    (world.place / "pids").mkdir()
    text = '[watchdog]\npidfile = "pids"\n[programs.bot]\ncommand = "sleep 1000"\n'
    world.write(text)
    dog = world.run("-c", "w.toml")
    assert dog.wait_exit() == 78
    assert "the pid file" in dog.text
