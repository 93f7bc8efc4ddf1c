"""Under a real systemd: the sockets of programs, which outlive even the watchdog's own restart."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from tests.systemd.box import Service, wait_until

Install = Callable[..., Service]

PORT = 8123  # the box has a network of its own
SERVER = """
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid())
listener = socket.socket(fileno=3)
while True:
    client, _ = listener.accept()
    with client:
        client.recv(999)
        client.sendall(b"ok")
"""
CLIENT = f"""
import json, os, socket, sys, time
answers, failures = 0, []
while not os.path.exists(sys.argv[1]):
    try:
        with socket.create_connection(("127.0.0.1", {PORT}), 30) as client:
            client.sendall(b"ask")
            answers += client.recv(9) == b"ok"
    except OSError as error:
        failures.append(str(error))
    time.sleep(0.005)
print(json.dumps([answers, failures]))
"""


def test_a_restart_of_the_watchdog_refuses_nobody(install: Install) -> None:
    """With --socket systemd listens for the program, and the watchdog passes it on."""
    command = json.dumps(["python", "-u", "-c", SERVER])
    text = f'[programs.web]\ncommand = {command}\nsockets = ["127.0.0.1:{PORT}"]\n'
    service = install(text, "--socket")
    service.make("--install")
    service.wait("ActiveState", "active")
    done, said = f"{service.directory}/done", []

    def ask() -> None:
        said.append(service.box.run("python3", "-c", CLIENT, done).stdout)

    client = threading.Thread(target=ask)
    client.start()
    try:
        before = service.pid_of("web")
        service.systemctl("restart")
        wait_until(lambda: service.pid_of("web") != before, "another process")
    finally:
        service.box.path(done).touch()
        client.join(60)
    answers, failures = json.loads(said[0])
    assert (answers > 0, failures) == (True, [])
    listening = [one for one in service.changes() if one["event"] == "socket"]
    assert listening == []
