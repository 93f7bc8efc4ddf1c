"""Drills of real programs: promises kept and broken, refusals, and leaving in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import Watchdog, World, wait_until
from watchdog.client.errors import Refused

BEATING = """
import os, socket, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
late = float(os.environ.get("LATE", "0"))
if os.path.exists("born"):
    time.sleep(late)
open("born", "w").close()
tell = lambda text: s.sendto(text, os.environ["NOTIFY_SOCKET"].replace("@", "\\0", 1))
tell(b"READY=1")
while not os.path.exists("block"):
    tell(b"WATCHDOG=1")
    time.sleep(0.1)
os.unlink("block")
time.sleep(1000)
"""
CONFIGURATION = """
[programs.bot]
command = ["{python}", "program.py"]
heartbeat = "1500ms"
startup = {{ heartbeat = true, period = "1s", failure_threshold = {allowed} }}
environment = {{ LATE = "{late}" }}
restart = {{ initial = "0s", jitter = 0, limit = {limit}, when = "{when}" }}
evidence = {{ within = "500ms" }}
{more}
"""


def begin(world: World, late: float = 0, allowed: int = 20, **given: Any) -> Watchdog:
    (world.place / "program.py").write_text(BEATING)
    values = {"limit": 10, "when": "always", "more": "", **given}
    text = CONFIGURATION.format(python=sys.executable, late=late, allowed=allowed, **values)
    watchdog = world.up(text)
    watchdog.wait("bot", lambda p: p["health"] == "healthy", "health")
    return watchdog


def drill(watchdog: Watchdog, *words: str) -> tuple[int, dict[str, Any]]:
    done = watchdog.call("drill", "bot", "--yes", "--json", *words)
    assert done.stdout.startswith("{"), done.stdout
    return done.returncode, json.loads(done.stdout)


def journal_of_drills(watchdog: Watchdog) -> list[dict[str, Any]]:
    return [line for line in watchdog.journal() if line["event"] == "drill"]


def test_a_program_that_keeps_its_promises_passes(world: World) -> None:
    """Killed, stopped and blocked, it is noticed and back in time, with evidence of a drill."""
    watchdog = begin(world, more='drill = { block = "touch block" }')
    code, told = drill(watchdog)
    assert (code, told["result"]) == (0, "kept"), told
    verdicts = {fault["fault"]: fault["verdict"] for fault in told["faults"]}
    assert verdicts == {"kill": "kept", "stop": "kept", "block": "kept", "mute": "skipped"}
    kill, stop, block, _ = (fault["seen"] for fault in told["faults"])
    assert (kill["cause"], stop["cause"], block["cause"]) == ("crash", "hang", "hang")
    assert stop["examined"] and kill["double"] == stop["double"] == 0
    assert 0 < kill["detect"] < 1 < stop["detect"]
    client = watchdog.client()
    assert all(client.incident(seen["incident"])["drill"] for seen in (kill, stop, block))
    begins, over = journal_of_drills(watchdog)
    assert (begins["phase"], over["result"], len(over["faults"])) == ("begins", "kept", 4)

    os.kill(watchdog.program("bot")["pid"], signal.SIGKILL)
    earlier = block["incident"]
    watchdog.wait("bot", lambda p: p["last_incident"] != earlier, "the incident of a real crash")
    assert not client.incident(watchdog.program("bot")["last_incident"])["drill"]


def test_a_start_that_takes_longer_than_it_may_breaks_the_promise(world: World) -> None:
    """A program that does not come back in time makes the drill fail, with the reason, and end."""
    watchdog = begin(world, late=1000, allowed=1)
    code, told = drill(watchdog, "--only", "kill,stop")
    assert (code, told["result"]) == (1, "broken")
    kill, stop = told["faults"]
    assert "did not get well again" in kill["reason"]
    assert (stop["verdict"], stop["reason"]) == ("skipped", "a promise was broken before")


def test_a_stop_that_a_probe_cannot_see_is_undone(world: World) -> None:
    """Nobody notices SIGSTOP behind a port that another answers; then the process goes on."""
    (world.place / "listen.py").write_text(
        "import os, socket, time\n"
        "s = socket.create_server(('127.0.0.1', 0), backlog=4096)\n"
        "open('p', 'w').write(str(s.getsockname()[1])); os.rename('p', 'port')\n"
        "time.sleep(1000)\n"
    )
    listener = subprocess.Popen(
        [sys.executable, "listen.py"], cwd=world.place, env=world.environment
    )
    world.adopt(listener)
    wait_until((world.place / "port").exists, "the listener")
    port = (world.place / "port").read_text()
    watchdog = world.up(
        '[programs.bot]\ncommand = ["sleep", "1000"]\n'
        f'liveness = {{ tcp = "127.0.0.1:{port}", period = "100ms", failure_threshold = 1 }}\n'
    )
    pid = watchdog.wait("bot", lambda p: p["health"] == "healthy", "health")["pid"]
    done = watchdog.call("drill", "bot", "--yes", "--only", "stop")
    assert done.returncode == 1
    assert "nobody noticed it" in done.stdout and "the kernel accepts connections" in done.stdout
    assert watchdog.program("bot")["pid"] == pid
    wait_until(lambda: not is_stopped(pid), "the process to go on")


def is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.mark.parametrize(
    ("given", "words", "reason"),
    [
        ({"when": "never"}, (), "would not come back"),
        ({"limit": 1}, ("--only", "kill,stop"), "has 1 left before it counts as a crash loop"),
    ],
)
def test_a_drill_that_would_do_harm_is_refused(
    world: World, given: dict[str, Any], words: tuple[str, ...], reason: str
) -> None:
    """The program is not touched, and the reason is told."""
    watchdog = begin(world, **given)
    pid = watchdog.program("bot")["pid"]
    done = watchdog.call("drill", "bot", "--yes", *words)
    assert done.returncode == 1
    assert reason in done.stdout
    assert watchdog.program("bot")["pid"] == pid
    assert not journal_of_drills(watchdog)


def test_nobody_who_can_be_asked_and_no_yes_means_no_drill(world: World) -> None:
    """Without a terminal and without --yes nothing is done; a program that is down is refused."""
    watchdog = begin(world)
    done = watchdog.call("drill", "bot")
    assert done.returncode == 2 and "--yes" in done.stdout
    assert watchdog.call("stop", "bot").returncode == 0
    done = watchdog.call("drill", "bot", "--yes")
    assert done.returncode == 1 and "bot is STOPPED" in done.stdout
    done = watchdog.call("drill", "web", "--yes")
    assert done.returncode == 1 and "web" in done.stdout


def test_one_drill_at_a_time_and_it_ends_by_itself(world: World) -> None:
    """A second drill is refused; one whose holder vanished is over, and its process goes on."""
    watchdog = world.up('[programs.bot]\ncommand = ["sleep", "1000"]\nstart_seconds = 0\n')
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    client = watchdog.client()
    token = client.call("watchdog.drillBegin", "bot")
    with pytest.raises(Refused, match="under way"):
        client.call("watchdog.drillBegin", "bot")
    done = watchdog.call("drill", "bot", "--yes")
    assert done.returncode == 1 and "a drill of bot is under way" in done.stdout
    client.call("watchdog.drillStrike", token, "stop")
    wait_until(lambda: is_stopped(pid), "the process to stand still")
    wait_until(lambda: not is_stopped(pid), "the lease to run out")
    with pytest.raises(Refused, match="this drill is over"):
        client.call("watchdog.drillRenew", token)
    assert journal_of_drills(watchdog)[-1]["result"] == "abandoned"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_drill_leaves_the_program_as_it_was(world: World, number: int) -> None:
    """Ctrl-C while the process stands still: it goes on, and the drill is over at once."""
    watchdog = begin(world, more="")
    watchdog.world.write(
        (world.place / "w.toml").read_text().replace('"1500ms"', '"600s"'), "w.toml"
    )
    assert watchdog.call("reload").returncode == 0
    watchdog.wait("bot", lambda p: p["health"] == "healthy", "health")
    pid = watchdog.program("bot")["pid"]
    words = [sys.executable, "-m", "watchdog", "drill", "-s", str(watchdog.socket)]
    held = subprocess.Popen(
        [*words, "bot", "--yes", "--only", "stop"], cwd=world.place, env=world.environment
    )
    world.adopt(held)
    wait_until(lambda: is_stopped(pid), "the process to stand still")
    held.send_signal(number)
    assert held.wait(30) == 128 + number
    assert not is_stopped(pid)
    over = journal_of_drills(watchdog)[-1]
    assert (over["phase"], over["result"]) == ("over", "interrupted")
    assert watchdog.program("bot")["pid"] == pid


def test_a_drill_that_is_due_is_held_by_itself(world: World) -> None:
    """One that was missed is made up for at once, in its own process, and is in the journal."""
    state = world.place / "state"
    state.mkdir()
    (state / "drills.json").write_text('{"bot": 1000.0}')
    watchdog = begin(world, more='drill = { every = "7d" }')

    def over() -> list[dict[str, Any]]:
        return [line for line in journal_of_drills(watchdog) if line["phase"] == "over"]

    line = wait_until(over, "the drill")[0]
    assert line["by"] == "its schedule"
    assert line["result"] == "kept"
    assert "scheduled drill:" in watchdog.wait_text("scheduled drill:")
    assert json.loads((state / "drills.json").read_text())["bot"] > 1000.0


def test_a_drill_whose_watchdog_began_anew_ends_and_mends(world: World) -> None:
    """After an upgrade in its middle nobody knows the drill; the process goes on all the same."""
    watchdog = begin(world)
    text = (world.place / "w.toml").read_text()
    watchdog.world.write(text.replace('"1500ms"', '"600s"'))
    assert watchdog.call("reload").returncode == 0
    pid = watchdog.wait("bot", lambda p: p["health"] == "healthy", "health")["pid"]
    words = [sys.executable, "-m", "watchdog", "drill", "-s", str(watchdog.socket)]
    held = subprocess.Popen(
        [*words, "bot", "--yes", "--only", "stop"], cwd=world.place, env=world.environment
    )
    world.adopt(held)
    wait_until(lambda: is_stopped(pid), "the process to stand still")
    assert watchdog.call("upgrade").returncode == 0
    assert held.wait(30) != 0
    wait_until(lambda: not is_stopped(pid), "the process to go on")
    assert watchdog.program("bot")["pid"] == pid


def test_also_what_is_over_in_a_moment_leaves_evidence(world: World) -> None:
    """A program that is back within milliseconds has its incident, marked as that of a drill."""
    watchdog = world.up('[programs.bot]\ncommand = ["sleep", "1000"]\nstart_seconds = 0\n')
    watchdog.wait_state("bot", "RUNNING")
    code, told = drill(watchdog, "--only", "kill")
    assert code == 0
    incident = watchdog.client().incident(told["faults"][0]["seen"]["incident"])
    assert incident["drill"] and incident["recovered"]


def test_what_a_client_tells_of_a_drill_cannot_harm(world: World) -> None:
    """What is not well formed does not reach the journal, and the drill is over all the same."""
    watchdog = world.up('[programs.bot]\ncommand = ["sleep", "1000"]\nstart_seconds = 0\n')
    watchdog.wait_state("bot", "RUNNING")
    client = watchdog.client()
    token = client.call("watchdog.drillBegin", "bot")
    with pytest.raises(Refused, match="no fault"):
        client.call("watchdog.drillStrike", token, "explode")
    with pytest.raises(Refused, match="is not set"):
        client.call("watchdog.drillStrike", token, "block")
    told = {"result": "x" * 10_000, "faults": [{"fault": 5}, "kill"], "program": "other"}
    assert client.call("watchdog.drillEnd", token, told)
    line = journal_of_drills(watchdog)[-1]
    assert (line["program"], len(line["result"]), "faults" in line) == ("bot", 500, False)
    assert client.call("watchdog.drillBegin", "bot") != token
