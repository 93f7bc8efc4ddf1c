"""Incidents of a real run: what is kept of a hang and a crash, and what is told of them."""

from __future__ import annotations

import json
import os
import signal
import stat
from pathlib import Path
from typing import Any

from tests.system.harness import Watchdog, World, wait_until

PROGRAM = """
import os, signal, socket, sys, time
server = socket.create_server(("127.0.0.1", 0))
open("port", "w").write(str(server.getsockname()[1]))
def search_for_ever():
    time.sleep(1000)
print("up, with", os.environ["API_TOKEN"], flush=True)
while True:
    connection, _ = server.accept()
    request = connection.recv(4096)
    if os.path.exists("hang"):
        os.unlink("hang")
        search_for_ever()
    connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
    connection.close()
"""
PROBE = """
import os, socket
s = socket.create_connection(("127.0.0.1", int(open("port").read())), 1)
s.settimeout(0.5)
s.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
assert s.recv(100)
"""
CONFIGURATION = """
[programs.bot]
command = ["{python}", "program.py"]
environment = {{ API_TOKEN = "{token}" }}
liveness = {{ exec = ["{python}", "-S", "probe.py"], period = "300ms", timeout = "2s", failure_threshold = 1 }}
startup = {{ period = "200ms", failure_threshold = 100 }}
restart = {{ limit = 3, initial = "0s", maximum = "1s", jitter = 0 }}
evidence = {{ within = "10s" }}
"""  # noqa: E501
TOKEN = "123456789:AAExampleExampleExampleExampleExamp"


def begin(world: World) -> Watchdog:
    import sys

    (world.place / "program.py").write_text(PROGRAM)
    (world.place / "probe.py").write_text(PROBE)
    watchdog = world.up(CONFIGURATION.format(python=sys.executable, token=TOKEN))
    watchdog.wait("bot", lambda program: program["health"] == "healthy", "health")
    return watchdog


def incidents(watchdog: Watchdog) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = watchdog.client().incidents("bot")
    return listed


def wait_recovered(watchdog: Watchdog, count: int) -> dict[str, Any]:
    def recovered() -> bool:
        listed = incidents(watchdog)
        return len(listed) == count and all(line["recovered"] for line in listed)

    wait_until(recovered, f"{count} incidents to be over")
    return watchdog.client().incident(incidents(watchdog)[0]["id"])


def test_a_hang_leaves_its_evidence_and_its_story(world: World) -> None:
    """The line that blocked is told, the pid that died is examined, and no secret is kept."""
    watchdog = begin(world)
    pid = watchdog.program("bot")["pid"]
    (world.place / "hang").touch()
    incident = wait_recovered(watchdog, 1)
    assert incident["cause"] == "hang"
    assert incident["pid"] == incident["processes"][0]["pid"] == pid
    assert incident["examined_in"] < 10
    assert incident["exit"]["signal"] == signal.SIGKILL
    functions = [f["function"] for f in incident["processes"][0]["stacks"][0]["frames"]]
    assert functions[0] == "search_for_ever"
    assert "seen within 2.3 s" in incident["promised"]
    assert incident["timeline"][0]["state"] == "STOPPING"
    assert incident["timeline"][-1]["state"] == "RUNNING"
    assert watchdog.program("bot")["last_incident"] == incident["id"]

    told = watchdog.call("why", "bot")
    words = " ".join(told.stdout.split())
    assert "bot was found hanging" in words
    assert "program.py line 6 (search_for_ever)" in words
    assert "Now bot is RUNNING and healthy." in words
    everything = "".join(path.read_text() for path in kept(watchdog))
    assert "up, with" in everything and TOKEN not in everything
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept(watchdog)} == {0o600}


def kept(watchdog: Watchdog) -> list[Path]:
    return list((watchdog.world.place / "state" / "incidents").glob("*.json"))


def test_a_crash_is_told_while_and_after_the_watchdog_runs(world: World) -> None:
    """A crash has its exit and last line; the list, a page and the files outlive the watchdog."""
    watchdog = begin(world)
    os.kill(watchdog.program("bot")["pid"], signal.SIGSEGV)
    incident = wait_recovered(watchdog, 1)
    assert incident["cause"] == "crash"
    assert incident["exit"]["signal"] == signal.SIGSEGV
    assert incident["output"].startswith("up, with")

    assert watchdog.leave() == 0
    listed = watchdog.call("incidents", "--json")
    assert "told from the files" in listed.stdout
    assert json.loads(listed.stdout[listed.stdout.index("\n[") :])[0]["id"] == incident["id"]
    assert "ended by itself" in " ".join(watchdog.call("why", "bot").stdout.split())
    page = world.place / "page.html"
    assert watchdog.call("incidents", "latest", "--html", str(page)).returncode == 0
    html = page.read_text()
    assert "SIGSEGV" in html and "<script" not in html
    missing = watchdog.call("incidents", "bot-19990101-000000")
    assert missing.returncode == 1
    assert "there is no incident" in missing.stdout


def test_the_next_incarnation_has_no_word_in_it(world: World) -> None:
    """The last line is that of the process that failed, however fast the next one writes."""
    watchdog = world.up(
        '[programs.bot]\ncommand = ["sh", "-c", "echo I am $$$$; test -e well && exec sleep 1000; '
        'sleep 0.2; touch well; exit 3"]\nstart_seconds = 0\nrestart = { initial = "0s" }\n'
    )
    incident = wait_recovered(watchdog, 1)
    wait_until(lambda: watchdog.log("bot").count("I am") == 2, "the line of the next")
    assert incident["output"] == f"I am {incident['pid']}\n"


def test_a_crash_loop_is_one_incident(world: World) -> None:
    """Failures of the same kind before a recovery are counted, not kept one by one."""
    watchdog = world.up(
        '[programs.bot]\ncommand = ["sh", "-c", "echo no database; exit 3"]\n'
        'start_seconds = "30s"\n'
        'restart = { limit = 3, initial = "0s", factor = 1, maximum = "100ms", jitter = 0 }\n'
    )
    watchdog.wait_state("bot", "FATAL")
    wait_until(lambda: incidents(watchdog) and incidents(watchdog)[0]["repeats"] >= 3, "repeats")
    (line,) = incidents(watchdog)
    assert line["cause"] == "crash" and line["recovered"] is None
    story = watchdog.client().why("bot")
    assert "It has not recovered; since" in story and "FATAL" in story


def test_an_incident_goes_on_under_the_next_watchdog(world: World) -> None:
    """What had not recovered when the watchdog was killed is followed to its end by the next."""
    text = (
        '[programs.bot]\ncommand = ["sh", "-c", "test -e well || exit 3; exec sleep 1000"]\n'
        'start_seconds = "1s"\nrestart = { limit = 0 }\n'
    )
    watchdog = world.up(text)
    watchdog.wait_state("bot", "FATAL")
    wait_until(lambda: incidents(watchdog), "the incident")
    watchdog.process.kill()
    watchdog.process.wait()
    (world.place / "well").touch()
    watchdog = world.up(text)
    incident = wait_recovered(watchdog, 1)
    assert incident["timeline"][-1]["state"] == "RUNNING"


def test_what_is_known_of_a_program_is_told_and_no_more(world: World) -> None:
    """A wrong name is told as one; a program that left the configuration still has its story."""
    failing = '[programs.bot]\ncommand = ["sh", "-c", "exit 77"]\n'
    other = '[programs.other]\ncommand = ["sleep", "1000"]\n'
    watchdog = world.up(failing + other)
    watchdog.wait_state("bot", "FATAL")
    wait_until(lambda: incidents(watchdog), "the incident")
    story = watchdog.client().why("bot")
    assert story.count("FATAL") == 1
    assert story.endswith("It stays down until: watchdog start bot")
    for command in (("why", "bto"), ("incidents", "--program", "bto")):
        assert "there is no program bto" in watchdog.call(*command).stdout
    (world.place / "w.toml").write_text(other)
    assert watchdog.call("reload").returncode == 0
    assert "no longer in the configuration" in " ".join(watchdog.call("why", "bot").stdout.split())
    assert "bot-2" in watchdog.call("incidents", "--program", "bot").stdout


def test_a_silent_incarnation_has_no_last_line(world: World) -> None:
    """What the one before it said is kept, and not told as its own."""
    program = "test -e second || { touch second; echo no database; exit 3; }; exec sleep 1000"
    watchdog = world.up(f'[programs.bot]\ncommand = ["sh", "-c", "{program}"]\n')
    incident = wait_recovered(watchdog, 1)
    assert "no database" in incident["told"]
    os.kill(watchdog.program("bot")["pid"], signal.SIGKILL)
    incident = wait_recovered(watchdog, 2)
    assert incident["output"] == "no database\n" and incident["own_lines"] == 0
    assert "no database" not in incident["told"]
