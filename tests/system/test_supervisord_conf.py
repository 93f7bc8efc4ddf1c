"""`watchdog run -c supervisord.conf`: real programs, and supervisorctl with the same file."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.system.harness import Watchdog, World, is_alive, wait_until

SUPERVISORCTL = Path(sys.executable).with_name("supervisorctl")
FILE = """\
; what many a project's documentation has
[unix_http_server]
file=%(here)s/control.sock   ; the path of the socket
chmod=0700
[supervisord]
logfile=%(here)s/own.log
pidfile=%(here)s/own.pid
nodaemon=true
identifier=site
environment=COLOUR="blue"
[supervisorctl]
serverurl=unix://%(here)s/control.sock
[watchdog]
state = %(here)s/state
[program:worker]
command=sh -c 'echo "$SUPERVISOR_GROUP_NAME $SUPERVISOR_PROCESS_NAME $COLOUR"; exec sleep 1000'
process_name=%(program_name)s_%(process_num)02d
numprocs=3
startsecs=0
redirect_stderr=true
stdout_logfile=%(here)s/worker.log
[program:apart]
command=sh -c 'echo out; echo err >&2; exec sleep 1000'
startsecs=0
stdout_logfile=%(here)s/apart.log
stderr_logfile=%(here)s/apart.err
stderr_logfile_maxbytes=1MB
[program:broken]
command=sh -c 'exit 3'
startretries=0
[program:once]
command=sh -c 'sleep 0.2; exit 2'
startsecs=0
exitcodes=0,2
priority=1
[group:all-of-it]
programs=apart,once
priority=5
"""


def ctl(world: World, *words: str) -> tuple[int, str]:
    """The exit code of supervisorctl, which reads the same file, and what it printed."""
    done = subprocess.run(
        [SUPERVISORCTL, "-c", world.place / "supervisord.conf", *words],
        cwd=world.place,
        env=world.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


def start(world: World, text: str = FILE) -> Watchdog:
    """Run with the file, until supervisorctl is answered."""
    (world.place / "supervisord.conf").write_text(text)
    watchdog = world.run("-c", str(world.place / "supervisord.conf"))
    watchdog.__dict__["socket"] = world.place / "control.sock"
    watchdog.wait_up()
    return watchdog


def test_a_whole_file(world: World) -> None:
    """Groups, numbers, states and logs are supervisor's; everything is gone at the end."""
    watchdog = start(world)
    watchdog.wait_state("broken", "FATAL")
    watchdog.wait_state("all-of-it:once", "EXITED")
    watchdog.wait_state("worker:worker_02", "RUNNING")
    code, text = ctl(world, "status")
    states = [line.split()[:2] for line in text.splitlines()]
    assert states == [
        ["all-of-it:apart", "RUNNING"],
        ["all-of-it:once", "EXITED"],
        ["broken", "FATAL"],
        ["worker:worker_00", "RUNNING"],
        ["worker:worker_01", "RUNNING"],
        ["worker:worker_02", "RUNNING"],
    ]
    assert code == 3
    assert ctl(world, "stop", "worker:worker_01") == (0, "worker:worker_01: stopped\n")
    assert ctl(world, "status", "worker:worker_01")[1].split()[1] == "STOPPED"
    assert ctl(world, "start", "worker:*") == (0, "worker:worker_01: started\n")
    place = world.place
    wait_until(lambda: (place / "worker.log").read_text().count("\n") == 4, "all their output")
    assert sorted(set((place / "worker.log").read_text().split("\n"))) == [
        "",
        "worker worker_00 blue",
        "worker worker_01 blue",
        "worker worker_02 blue",
    ]
    wait_until(lambda: (place / "apart.err").read_text() == "err\n", "its standard error")
    assert (place / "apart.log").read_text() == "out\n"
    assert (place / "own.pid").read_text() == f"{watchdog.process.pid}\n"
    assert (place / "control.sock").stat().st_mode & 0o777 == 0o700
    assert "RUNNING" in (place / "own.log").read_text()
    pids = [program["pid"] for program in watchdog.status()["programs"] if program["pid"]]
    assert watchdog.leave() == 0
    assert not any(is_alive(pid) for pid in pids)
    assert not (place / "own.pid").exists()


def test_a_changed_file_is_applied(world: World) -> None:
    """A reload adds, replaces and removes as the file says; a bad one changes nothing."""
    watchdog = start(world)
    before = watchdog.wait_state("worker:worker_00", "RUNNING")["pid"]
    file = world.place / "supervisord.conf"
    file.write_text(FILE.replace("numprocs=3", "numprocs=soon"))
    refused = watchdog.call("reload")
    assert '[program:worker] numprocs: found "soon"' in refused.stdout
    file.write_text(FILE.replace("numprocs=3", "numprocs=4").replace("startretries=0", ""))
    assert watchdog.call("reload").returncode == 0
    watchdog.wait_state("worker:worker_03", "RUNNING")
    assert watchdog.program("worker:worker_00")["pid"] == before


def test_a_group_by_our_own_commands(world: World) -> None:
    """`watchdog -c supervisord.conf` finds the socket, and takes supervisor's names."""
    watchdog = start(world)
    file = str(world.place / "supervisord.conf")
    watchdog.wait_state("worker:worker_02", "RUNNING")
    done = world.call("stop", "-c", file, "worker:*")
    assert done.returncode == 0, done.stdout
    for number in range(3):
        assert watchdog.program(f"worker:worker_0{number}")["state"] == "STOPPED"
    shown = world.call("status", "-c", file, "worker:worker_00").stdout
    assert "worker:worker_00" in shown
    watchdog.signal(signal.SIGTERM)
    assert watchdog.wait_exit() == 0
