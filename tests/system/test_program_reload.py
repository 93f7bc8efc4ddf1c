"""`watchdog reload NAME`: a program that reads its own configuration again at a signal."""

from __future__ import annotations

import socket

from tests.system.harness import World

SERVER = """
import http.server, pathlib, signal, sys, threading

answer = [200]

def reload(*_):
    told = pathlib.Path("told").read_text()
    if told == "bad":
        sys.exit("the configuration is bad")
    answer[0] = 503
    if told != "never":
        threading.Timer(float(told), lambda: answer.__setitem__(0, 200)).start()

signal.signal(signal.SIGHUP, reload)

class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(answer[0])
        self.end_headers()

    def log_message(self, *_):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
CONFIG = """
[programs.web]
command = ["python", "server.py", "{port}"]
reload = {{ signal = "HUP", within = "3s" }}
start_seconds = "200ms"
readiness = {{ http = "http://127.0.0.1:{port}/", period = "200ms", failure_threshold = 2 }}
[programs.deaf]
command = "sleep 600"
start_seconds = "50ms"
"""
NOTIFIER = """
import os, pathlib, signal, socket, time

def say(text):
    place = os.environ["NOTIFY_SOCKET"].replace("@", chr(0), 1)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(text, place)

def reload(*_):
    say(b"RELOADING=1")
    time.sleep(0.5)
    pathlib.Path("told").write_text("again")
    say(b"READY=1")

signal.signal(signal.SIGHUP, reload)
say(b"READY=1")
while True:
    time.sleep(600)
"""
NOTIFYING = """
[programs.web]
command = ["python", "notifier.py"]
reload = true
startup.heartbeat = true
start_seconds = "50ms"
"""


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_reload_is_done_when_the_program_is_ready_again(world: World) -> None:
    """The same process goes on; one that does not get well, or ends of it, is an error."""
    (world.place / "server.py").write_text(SERVER)
    told = world.place / "told"
    watchdog = world.up(CONFIG.format(port=unused_port()))
    pid = watchdog.wait("web", lambda p: p["health"] == "healthy", "web to be ready")["pid"]
    told.write_text("0.6")
    done = watchdog.call("reload", "web")
    assert (done.returncode, done.stdout) == (0, "web: reloaded\n")
    assert watchdog.program("web")["pid"] == pid and watchdog.program("web")["health"] == "healthy"
    assert watchdog.call("reload").stdout == "nothing changed\n"
    told.write_text("never")
    done = watchdog.call("reload", "web", "deaf")
    assert done.returncode == 1
    assert "web: ERROR (not healthy within 3 s of the signal: " in done.stdout
    assert "503 Service Unavailable" in done.stdout
    assert "deaf: ERROR (it has no `reload` in the configuration" in done.stdout
    assert watchdog.program("web")["pid"] == pid
    told.write_text("bad")
    done = watchdog.call("reload", "web")
    assert done.returncode == 1 and "the configuration is bad" in done.stdout
    assert watchdog.wait_state("web", "RUNNING")["restarts"] == 1
    lines = [line for line in watchdog.journal() if line["event"] == "reload"]
    phases = ["begun", "done", "begun", "failed", "begun", "failed"]
    assert [line["phase"] for line in lines] == phases
    assert "the configuration is bad" in lines[-1]["reason"]


def test_a_program_that_says_so_itself_is_done_when_it_is_ready(world: World) -> None:
    """RELOADING=1 and READY=1, as systemd's Type=notify-reload has them."""
    (world.place / "notifier.py").write_text(NOTIFIER)
    watchdog = world.up(NOTIFYING)
    watchdog.wait_state("web", "RUNNING")
    assert watchdog.call("reload", "web").stdout == "web: reloaded\n"
    assert (world.place / "told").read_text() == "again"
