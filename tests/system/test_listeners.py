"""Event listeners that were written for supervisor, under us."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.system.harness import World, is_alive, memory_of, wait_until
from tests.system.listening import Heard, heard, masked, scripts, supervisor_of, unused_port

SUPERLANCE = """
[programs.web]
command = ["python", "web.py", "{port}"]
[programs.hog]
command = ["python", "-c", "x = b'x' * 60_000_000; import time; time.sleep(1000)"]
[programs.crasher]
command = ["sh", "-c", "exit 3"]
start_seconds = 0
autostart = false
restart = {{ when = "never" }}
[programs.httpok]
command = ["httpok", "-p", "web", "http://127.0.0.1:{port}/"]
listener = {{ events = ["TICK_5"] }}
[programs.memmon]
command = ["memmon", "-p", "hog=30MB"]
listener = {{ events = ["TICK_5"] }}
[programs.crashmail]
command = ["crashmail", "-p", "crasher", "-m", "ops@example.com", "-s", "cat > mail"]
listener = {{ events = ["PROCESS_STATE_EXITED"] }}
"""

WEB = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    count = 0
    def do_GET(self):
        Handler.count += 1
        self.send_response(200 if Handler.count < 2 else 500)
        self.end_headers()
HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


def test_superlance_runs_under_us(world: World) -> None:
    """httpok restarts what answers 500, memmon what is too big, and crashmail mails a crash."""
    if not shutil.which("ps"):
        pytest.skip("memmon needs ps")
    (world.place / "web.py").write_text(WEB)
    watchdog = world.up(SUPERLANCE.format(port=unused_port()))
    for name in ("httpok", "memmon", "crashmail"):
        watchdog.wait_state(name, "RUNNING")
    assert watchdog.call("start", "crasher").returncode in (0, 1)
    mail = world.place / "mail"
    wait_until(lambda: mail.exists() and "crashed at" in mail.read_text(), "crashmail's mail")
    assert "Process crasher in group crasher exited unexpectedly" in mail.read_text()
    for name in ("web", "hog"):
        watchdog.wait(name, lambda p: p["incarnation"] > 1, f"{name} to be restarted")
    assert "Restarting" in watchdog.log("memmon")
    assert watchdog.program("httpok")["incarnation"] == 1


OURS = """
[programs.ear]
command = ["python", "dump.py", "heard", "gate"]
listener = { events = ["EVENT"], buffer = 100 }
[programs.good]
command = ["sh", "-c", "sleep 1.6"]
restart = { when = "never" }
[programs.bad]
command = ["sh", "-c", "sleep 1.6; exit 3"]
restart = { when = "never" }
[programs.quick]
command = ["sh", "-c", "exit 5"]
restart = { limit = 1 }
[programs.talker]
command = ["python", "talk.py"]
logs = { stdout_events = true, stdout_capture = "1KB" }
[programs.stubborn]
command = ["python", "stubborn.py"]
"""

THEIRS = """
[supervisord]
identifier = watchdog
nodaemon = true
logfile = supervisord.log
pidfile = supervisord.pid
[unix_http_server]
file = s.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[eventlistener:ear]
command = python dump.py heard gate
events = EVENT
buffer_size = 100
[program:good]
command = sh -c "sleep 1.6"
autorestart = false
[program:bad]
command = sh -c "sleep 1.6; exit 3"
autorestart = false
[program:quick]
command = sh -c "exit 5"
startretries = 1
[program:talker]
command = python talk.py
stdout_events_enabled = true
stdout_capture_maxbytes = 1KB
[program:stubborn]
command = python stubborn.py
"""


def exercise(place: Path, server: Path) -> list[Heard]:
    """The same with either: wait for the programs' own events, then stop and start one and talk."""
    told = place / "heard"

    def has(name: str, *parts: str) -> bool:
        return any(
            event.name == name and all(part in event.payload for part in parts)
            for event in heard(told)
        )

    wait_until(lambda: has("PROCESS_STATE_FATAL", "quick"), "quick to be given up")
    wait_until(lambda: has("PROCESS_STATE_EXITED", "good"), "good to end")
    wait_until(lambda: has("PROCESS_STATE_EXITED", "bad"), "bad to end")
    wait_until(lambda: has("PROCESS_LOG_STDOUT", "three"), "the talker to talk")
    client = supervisor_of(server)
    client.supervisor.stopProcess("talker")
    client.supervisor.startProcess("talker")
    client.supervisor.sendRemoteCommEvent("kind", "some\ndata: ä")
    wait_until(lambda: has("REMOTE_COMMUNICATION"), "the remote event")
    client("close")()
    return heard(told)


def test_events_are_told_as_supervisord_tells_them(world: World) -> None:
    """The same programs under both: the same events in the same words and the same order."""
    ours, theirs = world.place / "ours", world.place / "theirs"
    for place in (ours, theirs):
        place.mkdir()
        scripts(place)
    world.write(f'[watchdog]\nstate = "state"\n{OURS}', "ours/w.toml")
    watchdog = world.run("-c", str(ours / "w.toml"))
    watchdog.state = ours / "state"
    (theirs / "s.conf").write_text(THEIRS)
    supervisord = subprocess.Popen(
        ["supervisord", "-c", "s.conf"],
        cwd=theirs,
        env=world.environment,
        stdout=subprocess.DEVNULL,
    )
    try:
        watchdog.wait_up()
        found = exercise(ours, ours / "state" / "control.sock")
        expected = exercise(theirs, theirs / "s.sock")
        watchdog.signal(signal.SIGTERM)
        supervisord.send_signal(signal.SIGTERM)
        watchdog.wait_exit()
        supervisord.wait(30)
    finally:
        supervisord.kill()
        supervisord.wait()
    for program in ("good", "bad", "quick", "talker"):
        assert masked(found, program) == masked(expected, program), program
    for name in ("PROCESS_GROUP_ADDED", "REMOTE_COMMUNICATION", "SUPERVISOR_STATE_CHANGE_RUNNING"):
        mine, yours = (
            sorted(e.payload for e in them if e.name == name) for them in (found, expected)
        )
        assert mine == yours
        assert mine
    for place in (ours, theirs):
        last = heard(place / "heard")
        assert "SUPERVISOR_STATE_CHANGE_STOPPING" in [event.name for event in last]
        assert ("PROCESS_STATE_STOPPING", "RUNNING") in [
            (e.name, e.fields["from_state"]) for e in last if "processname:stubborn " in e.payload
        ]


EAR = """
[programs.ear]
command = ["python", "dump.py", "heard", "gate"]
start_seconds = 0
listener = { events = ["REMOTE_COMMUNICATION"] }
"""


def test_an_upgrade_loses_no_event(world: World) -> None:
    """The pipes, the event that a listener has, and those that wait go over to the new version."""
    place = scripts(world.place)
    (place / "gate").touch()
    watchdog = world.up(EAR)
    before = watchdog.wait_state("ear", "RUNNING")
    client = supervisor_of(watchdog.socket)
    for number in range(3):
        client.supervisor.sendRemoteCommEvent("k", str(number))
    wait_until(lambda: heard(place / "heard"), "the first event")
    told = watchdog.call("upgrade")
    assert told.returncode == 0, told.stdout
    wait_until(lambda: "upgraded from" in watchdog.text, "the new version")
    watchdog.wait_up()
    client = supervisor_of(watchdog.socket)
    client.supervisor.sendRemoteCommEvent("k", "3")
    (place / "gate").unlink()
    wait_until(lambda: len(heard(place / "heard")) == 4, "all four events")
    events = heard(place / "heard")
    assert [e.payload for e in events] == [f"type:k\n{number}" for number in range(4)]
    assert [e.headers["poolserial"] for e in events] == list("0123")
    assert watchdog.program("ear")["pid"] == before["pid"]


def test_a_listener_ends_with_a_killed_watchdog(world: World) -> None:
    """Its pipes are gone, so it goes too; the next watchdog starts it anew and is heard."""
    place = scripts(world.place)
    first = world.up(EAR)
    pid = first.wait_state("ear", "RUNNING")["pid"]
    first.process.kill()
    first.process.wait()
    wait_until(lambda: not is_alive(pid), "the listener to end")
    second = world.up(EAR)
    assert second.wait_state("ear", "RUNNING")["pid"] != pid
    supervisor_of(second.socket).supervisor.sendRemoteCommEvent("k", "again")
    wait_until(
        lambda: [e.payload for e in heard(place / "heard")] == ["type:k\nagain"], "the event"
    )


def test_a_listener_without_its_pipes_is_replaced(world: World) -> None:
    """Should one outlive its watchdog all the same, the next one does not keep it."""
    text = """
[programs.ear]
command = ["sh", "-c", "echo READY; exec sleep 1000"]
start_seconds = 0
listener = { events = ["REMOTE_COMMUNICATION"] }
"""
    first = world.up(text)
    pid = first.wait_state("ear", "RUNNING")["pid"]
    first.signal(signal.SIGSTOP)
    children = Path(f"/proc/{first.process.pid}/task/{first.process.pid}/children").read_text()
    (guardian,) = {int(child) for child in children.split()} - {pid}
    os.kill(guardian, signal.SIGKILL)
    first.process.kill()
    first.process.wait()
    assert is_alive(pid)
    second = world.up(text)
    assert second.wait("ear", lambda p: p["incarnation"] == 2, "the next one")["pid"] != pid
    assert not is_alive(pid)


POOL = """
[programs.one]
command = ["python", "dump.py", "heard", "gate"]
start_seconds = 0
listener = {{ pool = "ears", events = {events} }}
[programs.two]
command = ["python", "dump.py", "heard", "gate"]
start_seconds = 0
listener = {{ pool = "ears", events = {events} }}
"""


def test_a_pool_shares_its_events_and_hears_of_a_reload(world: World) -> None:
    """Each event goes to one of the two; groups that come and go are told; so are new wishes."""
    place = scripts(world.place)
    out = place / "heard"
    watchdog = world.up(POOL.format(events='["REMOTE_COMMUNICATION"]'))
    pids = [watchdog.wait_state(name, "RUNNING")["pid"] for name in ("one", "two")]
    client = supervisor_of(watchdog.socket)
    for number in range(8):
        client.supervisor.sendRemoteCommEvent("k", str(number))
    wait_until(lambda: len(heard(out)) == 8, "all events")
    assert sorted(int(e.payload[-1]) for e in heard(out)) == list(range(8))
    more = POOL.format(events='["PROCESS_GROUP"]')
    world.write(more + '[programs.other]\ncommand = ["sleep", "100"]\n')
    assert watchdog.call("reload").returncode == 0
    wait_until(lambda: heard(out)[-1].payload == "groupname:other\n", "the new group")
    world.write(more)
    assert watchdog.call("reload").returncode == 0
    wait_until(lambda: heard(out)[-1].name == "PROCESS_GROUP_REMOVED", "its end")
    client.supervisor.sendRemoteCommEvent("k", "9")  # nobody wants it now
    assert [watchdog.program(name)["pid"] for name in ("one", "two")] == pids
    assert [e.name for e in heard(out)[8:]] == ["PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED"]


STUCK = """
[programs.mute]
command = ["sleep", "1000"]
start_seconds = 0
listener = { events = ["EVENT"] }
[programs.deaf]
command = ["sh", "-c", "echo READY; exec sleep 1000"]
start_seconds = 0
listener = { events = ["REMOTE_COMMUNICATION"], buffer = 3 }
"""


def test_a_flood_with_stuck_listeners(world: World) -> None:
    """Listeners that never say or read anything cost neither memory nor time."""
    watchdog = world.up(STUCK)
    watchdog.wait_state("deaf", "RUNNING")
    client = supervisor_of(watchdog.socket)
    data = "x" * 100_000  # more than a pipe holds
    client.supervisor.sendRemoteCommEvent("k", data)
    calls = [{"methodName": "supervisor.sendRemoteCommEvent", "params": ["k", "y" * 1000]}] * 500
    client.system.multicall(calls)
    before, slowest = memory_of(watchdog.process.pid), 0.0
    for _ in range(20):
        assert client.system.multicall(calls) == [True] * 500
        began = time.monotonic()
        assert watchdog.program("deaf")["state"] == "RUNNING"
        slowest = max(slowest, time.monotonic() - began)
    assert memory_of(watchdog.process.pid) - before < 4096  # KiB; the events were 10 MB
    assert slowest < 5
    assert watchdog.text.count("the oldest is dropped") == 2
