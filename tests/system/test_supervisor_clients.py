"""Other programs that speak supervisor's API, unchanged, against a real watchdog.

supervisor's own client, superlance and supervisor-checks; the latter two are event listeners,
which are told a TICK here as their protocol has it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import xmlrpc.client
from pathlib import Path

import pytest

from tests.system.harness import World, is_alive, wait_until
from tests.system.supervisors import Daemon

HERE = Path(sys.executable).parent
TICK = "ver:3.0 server:supervisor serial:1 pool:x poolserial:1 eventname:TICK_60 len:15\n"
PAYLOAD = "when:1700000000"


@pytest.fixture
def ours(world: World) -> Daemon:
    """Our daemon, up."""
    daemon = Daemon(world, "toml")
    daemon.start()
    return daemon


def fault_of(call: object, *arguments: object) -> int:
    """The code with which a call is refused."""
    with pytest.raises(xmlrpc.client.Fault) as caught:
        call(*arguments)  # type: ignore[operator]
    return caught.value.faultCode


def test_no_method_of_supervisor_is_missing(world: World, ours: Daemon) -> None:
    """Everything that supervisord lists is there, with the same types."""
    theirs = Daemon(world, "ini")
    theirs.start()
    known, wanted = ours.proxy().system, theirs.proxy().system
    names = wanted.listMethods()
    assert set(names) <= set(known.listMethods())
    assert len(names) > 40
    signatures = [(name, wanted.methodSignature(name)) for name in names]
    assert [(name, known.methodSignature(name)) for name in names] == signatures


def test_the_structs_have_the_same_keys_and_types(world: World, ours: Daemon) -> None:
    """Process and configuration structs are those of supervisord."""
    theirs = Daemon(world, "ini")
    theirs.start()
    for method in ("getAllProcessInfo", "getAllConfigInfo"):
        here = getattr(ours.proxy().supervisor, method)()
        there = getattr(theirs.proxy().supervisor, method)()
        assert [kinds(one) for one in here] == [kinds(one) for one in there]
    same = ("name", "group", "inuse", "autostart", "group_prio", "process_prio", "startsecs")
    assert [[one[key] for key in same] for one in here] == [
        [one[key] for key in same] for one in there
    ]


def kinds(struct: dict[str, object]) -> dict[str, str]:
    """The type of each value."""
    return {key: type(value).__name__ for key, value in sorted(struct.items()) if key != "uid"}


def test_supervisors_own_client_gets_the_faults_it_knows(ours: Daemon) -> None:
    """Groups, logs and input are refused with supervisor's codes."""
    api = ours.proxy().supervisor
    assert fault_of(api.addProcessGroup, "bot") == 90
    assert fault_of(api.addProcessGroup, "nope") == 10
    assert fault_of(api.removeProcessGroup, "bot") == 91
    assert fault_of(api.removeProcessGroup, "nope") == 10
    assert fault_of(api.sendProcessStdin, "web", "x") == 70
    assert fault_of(api.startProcess, "missing") == 20
    assert fault_of(api.startProcess, "plain") == 21
    assert fault_of(api.startProcess, "quick") == 50
    assert api.startProcess("web")
    assert fault_of(api.sendProcessStdin, "web", "x") == 20
    assert api.sendRemoteCommEvent("type", "data")
    assert api.clearLog()
    assert api.readLog(0, 0) == ""


def test_a_bad_configuration_is_refused_and_stops_nothing(ours: Daemon) -> None:
    """reloadConfig and restart say why, and the program goes on with the same pid."""
    api = ours.proxy().supervisor
    pid = api.getProcessInfo("bot")["pid"]
    ours.write(tail="[programs.bot\n")
    assert fault_of(api.reloadConfig) == 92
    assert fault_of(api.restart) == 92
    assert api.getState()["statename"] == "RUNNING"
    assert api.getProcessInfo("bot")["pid"] == pid
    assert is_alive(pid)


SLOW = """
[programs.slow]
command = ["sh", "-c", "trap 'sleep 0.7; exit 0' TERM; echo up; while :; do sleep 0.1; done"]
start_seconds = 0
"""


def restart_slowly(ours: Daemon) -> None:
    """Ask for a new start; a program takes its time to stop."""
    ours.write(tail=SLOW)
    ours.ask([("update", "")])
    ours.wait_log("logs/slow.log", "up")
    assert ours.proxy().supervisor.restart()


def test_a_signal_to_stop_is_stronger_than_a_new_start(ours: Daemon) -> None:
    """SIGTERM while everything is being stopped for a new start ends the watchdog."""
    pid = ours.proxy().supervisor.getPID()
    restart_slowly(ours)
    os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not is_alive(pid), "the watchdog to end")
    assert not (ours.place / "s.sock").exists()


def test_the_place_is_never_free_during_a_new_start(world: World, ours: Daemon) -> None:
    """A second watchdog is refused while the first one starts anew, in the same process."""
    pid = ours.proxy().supervisor.getPID()
    restart_slowly(ours)
    for _ in range(3):
        assert world.run("-c", str(ours.file)).wait_exit() == 69
    ours.wait("slow", "RUNNING")
    assert ours.proxy().supervisor.getPID() == pid


FLOOD = """
[programs.flood]
command = ["python", "-u", "-c", "import itertools\\nfor n in itertools.count(): print(n)"]
start_seconds = 0
logs.maximum = "100KB"
"""


def test_a_log_is_cleared_while_it_is_written(ours: Daemon) -> None:
    """Each clear leaves whole lines in their order, and the file at the path is the one written."""
    ours.write(tail=FLOOD)
    ours.ask([("update", "")])
    path = ours.place / "logs/flood.log"
    for _ in range(5):
        wait_until(lambda: path.exists() and path.stat().st_size > 1000, "output")
        assert ours.proxy().supervisor.clearProcessLogs("flood")
    wait_until(lambda: path.exists() and path.stat().st_size > 1000, "output after it")
    assert ours.proxy().supervisor.stopProcess("flood")
    numbers = [int(text) for text in path.read_text().splitlines()]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_input_reaches_a_program_whose_watchdog_was_killed(world: World, ours: Daemon) -> None:
    """A program that was adopted still reads what it is sent."""
    pid = ours.proxy().supervisor.getProcessInfo("bot")["pid"]
    os.kill(ours.proxy().supervisor.getPID(), signal.SIGKILL)
    assert is_alive(pid)
    ours.start()
    assert ours.proxy().supervisor.getProcessInfo("bot")["pid"] == pid
    assert ours.proxy().supervisor.sendProcessStdin("bot", "again\n")
    ours.wait_log("bot.out", "heard again")


def test_a_program_that_does_not_read_blocks_nobody(ours: Daemon) -> None:
    """A full pipe is told to the sender, and meanwhile others are answered."""
    api = ours.proxy().supervisor
    os.kill(api.getProcessInfo("bot")["pid"], signal.SIGSTOP)
    sender = subprocess.Popen(
        [sys.executable, "-c", SEND, ours.url], stdout=subprocess.PIPE, text=True
    )
    assert api.getState()["statename"] == "RUNNING"
    assert sender.communicate(timeout=40)[0].strip() == "20"


SEND = """
import sys, xmlrpc.client
from supervisor.xmlrpc import SupervisorTransport
transport = SupervisorTransport(None, None, sys.argv[1])
api = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport).supervisor
try:
    api.sendProcessStdin("bot", "x" * 500000)
except xmlrpc.client.Fault as fault:
    print(fault.faultCode)
"""


@pytest.mark.parametrize(
    "command",
    [
        ["memmon", "-p", "bot=1KB"],
        ["supervisor_memory_check", "-n", "check", "-m", "1", "-N", "bot"],
        ["supervisor_tcp_check", "-n", "check", "-N", "bot", "-p", "1", "-r", "1", "-t", "1"],
    ],
    ids=lambda command: command[0],
)
def test_a_listener_of_others_restarts_a_program(command: list[str], ours: Daemon) -> None:
    """superlance and supervisor-checks see what they check, and restart it through the API."""
    pid = ours.proxy().supervisor.getProcessInfo("bot")["pid"]
    around = ours.world.environment | {"SUPERVISOR_SERVER_URL": ours.url}
    words = [str(HERE / command[0]), *command[1:]]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, env=around, stdin=pipe, stdout=pipe, stderr=pipe) as listener:
        assert listener.stdin is not None
        listener.stdin.write((TICK + PAYLOAD).encode())
        listener.stdin.flush()
        wait_until(
            lambda: ours.proxy().supervisor.getProcessInfo("bot")["pid"] not in (0, pid),
            f"{command[0]} to restart the program",
        )
        listener.kill()
