"""`watchdog upgrade`: the watchdog is executed anew; its programs never notice."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import sysconfig
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.system.harness import ROOT, Watchdog, World, is_alive, unused_key, wait_until
from watchdog.locks import PairLock
from watchdog.locks.file import FileLock
from watchdog.locks.holders import ourselves

UPGRADES = int(os.environ.get("WATCHDOG_UPGRADES", "4"))
"""How many the storm below has; a figure for a report wants more."""

WRITER = """
import os, signal, sys, time
stopped = []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
number, began = 0, time.monotonic()
while not stopped:
    text = "".join(f"{n:012d} {'x' * 86}\\n" for n in range(number, number + 1000)).encode()
    while text:
        text = text[os.write(1, text):]
    number += 1000
    time.sleep(max(0, began + number * 100 / 10e6 - time.monotonic()))
os.write(1, b"the end\\n")
"""  # 10 MB/s in lines of 100 bytes

COUNTER = "n=0; while :; do n=$$((n+1)); echo line $$n; sleep 0.02; done"


def executed_anew(pid: int) -> bool:
    """Whether the watchdog of this pid is a new version that took over."""
    return b"WATCHDOG_HANDOVER=" in Path(f"/proc/{pid}/environ").read_bytes()


def upgrade(watchdog: Watchdog) -> str:
    """`watchdog upgrade`, which must succeed; what it printed."""
    told = watchdog.call("upgrade")
    assert told.returncode == 0, f"{told.stdout}\n{watchdog.text}"
    return told.stdout


def refused(watchdog: Watchdog) -> str:
    """`watchdog upgrade`, which must fail and leave everything as it was; what it printed."""
    before = {p["name"]: p["pid"] for p in watchdog.status()["programs"]}
    told = watchdog.call("upgrade")
    assert told.returncode == 1, told.stdout
    assert {p["name"]: p["pid"] for p in watchdog.status()["programs"]} == before
    assert any(line.get("state") == "REFUSED" for line in watchdog.journal())
    return told.stdout


@contextmanager
def meanwhile(do: Callable[[], object], pause: float) -> Iterator[list[str]]:
    """Do it again and again in a thread; what went wrong, in words."""
    troubles: list[str] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            try:
                do()
            except Exception as error:
                troubles.append(f"{time.strftime('%T')} {error!r}")
            over.wait(pause)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield troubles
    finally:
        over.set()
        thread.join()


def expect_held(world: World, key: str, file_only: bool = False) -> None:
    """The lock is somebody else's."""
    lock = (
        FileLock(key, world.place / "locks") if file_only else PairLock(key, world.place / "locks")
    )
    if lock.acquire(ourselves("", key)) is None:
        lock.close()
        raise AssertionError(f"{key} was free")


def expect_all_lines(log: Path) -> None:
    """Every line is there once, in order, whole, and the last one is the farewell."""
    number = 0
    with log.open("rb") as file:
        for line in file:
            if line == b"the end\n":
                break
            assert line == b"%012d %s\n" % (number, b"x" * 86), f"at {number}: {line[:120]!r}"
            number += 1
        assert line == b"the end\n", f"the log ends with {line[:120]!r}"
        assert not file.read(1)
    assert number % 1000 == 0


def expect_more_lines(watchdog: Watchdog) -> None:
    """The output of `a` is read on."""
    seen = len(watchdog.log("a").splitlines())
    wait_until(lambda: len(watchdog.log("a").splitlines()) > seen + 5, "more output")


def test_a_storm_of_upgrades(world: World) -> None:
    """Same pids, each line once, every question answered, and no lock free for a moment."""
    key = unused_key()  # of a program in BACKOFF: nobody but the watchdog holds it
    (world.place / "writer.py").write_text(WRITER)
    watchdog = world.up(
        '[programs.writer]\ncommand = "python writer.py"\nlogs = { maximum = 0 }\n'
        f'[programs.waits]\ncommand = "false"\nsingleton = "{key}"\n'
        'restart = { initial = "1h", maximum = "1h" }\n'
    )
    before = watchdog.wait_state("writer", "RUNNING")
    retry = watchdog.wait_state("waits", "BACKOFF")
    own = f"watchdog:{watchdog.state.resolve()}"
    with (
        meanwhile(watchdog.status, 0.02) as unanswered,
        meanwhile(lambda: expect_held(world, key), 0.01) as free,
        meanwhile(lambda: expect_held(world, own, file_only=True), 0.01) as own_free,
    ):
        for _ in range(UPGRADES):
            upgrade(watchdog)
            assert watchdog.status()["watchdog"]["pid"] == watchdog.process.pid
    assert (unanswered, free, own_free) == ([], [], []), watchdog.text
    after = watchdog.program("writer")
    assert [after[k] for k in ("pid", "incarnation", "restarts")] == [before["pid"], 1, 0]
    assert watchdog.program("waits")["incarnation"] == retry["incarnation"]
    assert watchdog.client().upgrades()["count"] == UPGRADES
    assert watchdog.leave() == 0
    expect_all_lines(watchdog.state / "logs" / "writer.log")


def test_a_child_that_dies_during_an_upgrade_is_noticed(world: World) -> None:
    """Its true exit code is known although nobody was there when it ended."""
    (world.place / "dies.py").write_text(
        "import os, pathlib, sys, time\n"
        "while b'WATCHDOG_HANDOVER=' not in pathlib.Path(f'/proc/{os.getppid()}/environ')"
        ".read_bytes():\n    time.sleep(0.001)\n"
        "print('last words', flush=True)\nsys.exit(7)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python dies.py"\nrestart = { when = "never" }\n')
    watchdog.wait_state("a", "RUNNING")
    upgrade(watchdog)
    seen = watchdog.wait_state("a", "EXITED")
    assert seen["last_exit"]["code"] == 7
    assert "last words" in seen["last_exit"]["text"]
    assert "last words" in watchdog.log("a")


def test_states_and_deadlines_are_carried_over(world: World) -> None:
    """What was stopped stays so, a stop under way ends in its time, who waits is let in."""
    key = unused_key()
    foreign = PairLock(key, world.place / "locks")
    assert foreign.acquire(ourselves("other", key)) is None
    watchdog = world.up(
        '[programs.rests]\ncommand = "sleep 600"\n'
        '[programs.deaf]\ncommand = ["sh", "-c", "trap \'\' TERM; echo deaf; while :; do sleep 1;'
        ' done"]\nstop = { grace = "20s" }\n'
        f'[programs.waits]\ncommand = "sleep 600"\nsingleton = "{key}"\nwhen_held = "wait"\n'
        '[programs.fails]\ncommand = "false"\nrestart = { initial = "40s" }\n'
    )
    watchdog.wait_log("deaf", "deaf")
    assert watchdog.call("stop", "rests").returncode == 0
    watchdog.wait_state("waits", "WAITING")
    failed = watchdog.wait_state("fails", "BACKOFF")
    told: list[str] = []
    began = time.monotonic()
    stopping = threading.Thread(target=lambda: told.append(watchdog.call("stop", "deaf").stdout))
    stopping.start()
    watchdog.wait_state("deaf", "STOPPING")
    upgrade(watchdog)
    stopping.join()
    assert "being upgraded" in told[0]
    states = {p["name"]: p["state"] for p in watchdog.status()["programs"]}
    assert states["rests"] == "STOPPED"
    assert states["waits"] == "WAITING"
    assert watchdog.program("fails")["incarnation"] == failed["incarnation"]
    foreign.close()
    watchdog.wait_state("waits", "RUNNING")
    watchdog.wait_state("deaf", "STOPPED")
    assert time.monotonic() - began > 19
    assert "killed by SIGKILL (9)" in watchdog.text


def test_nothing_of_the_handover_reaches_a_child(world: World) -> None:
    """No variable and no descriptor: a process that starts after it is as one before."""
    watchdog = world.up(f'[programs.a]\ncommand = "sleep 600"\nsingleton = "{unused_key()}"\n')

    def look() -> tuple[set[str], int]:
        pid = watchdog.wait_state("a", "RUNNING")["pid"]
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        names = {entry.partition(b"=")[0].decode() for entry in environment}
        return names, len(list(Path(f"/proc/{pid}/fd").iterdir()))

    before = look()
    upgrade(watchdog)
    assert watchdog.call("restart", "a").returncode == 0
    assert look() == before


def test_a_heartbeat_meets_no_closed_door(world: World) -> None:
    """No datagram is refused during an upgrade, and no beat is missed."""
    (world.place / "beats.py").write_text(
        "import os, socket, time\n"
        "address = '\\0' + os.environ['NOTIFY_SOCKET'][1:]\n"
        "out = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n"
        "out.sendto(b'READY=1', address)\nprint('ready', flush=True)\n"
        "while True:\n"
        "    try:\n        out.sendto(b'WATCHDOG=1', address)\n"
        "    except OSError as error:\n        print('ERROR', error, flush=True)\n"
        "    time.sleep(0.01)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python beats.py"\nheartbeat = "10s"\n')
    watchdog.wait_log("a", "ready")
    for _ in range(2):
        upgrade(watchdog)
    assert "ERROR" not in watchdog.log("a")
    assert watchdog.wait_state("a", "RUNNING")["incarnation"] == 1


def test_a_sigterm_during_an_upgrade_is_heeded(world: World) -> None:
    """Whenever it comes, the programs are stopped in order."""
    watchdog = world.up('[programs.a]\ncommand = "sleep 600"\n')
    pid = watchdog.wait_state("a", "RUNNING")["pid"]
    asking = threading.Thread(target=lambda: watchdog.call("upgrade"))
    asking.start()
    wait_until(lambda: executed_anew(watchdog.process.pid), "the new version")
    assert watchdog.leave() == 0
    assert not is_alive(pid)
    asking.join()


def test_an_ad_hoc_run_is_upgraded_too(world: World) -> None:
    """`watchdog run -- COMMAND` goes on under the new version, found by its name."""
    started = world.run("--name", "bot", "--", "sh", "-c", "echo up; exec sleep 600")

    def status() -> str:
        return world.call("status", "--name", "bot").stdout

    wait_until(lambda: "RUNNING" in status(), "it to run")
    line = status().splitlines()[1].split()
    told = world.call("upgrade", "--name", "bot")
    assert told.returncode == 0, told.stdout
    assert f"pid {started.process.pid}" in told.stdout
    assert status().splitlines()[1].split()[:4] == line[:4]
    assert started.leave() == 0


def copy_of_ourselves(world: World) -> Path:
    """An installation that the test may break."""
    library = world.place / "lib"
    shutil.copytree(ROOT / "watchdog", library / "watchdog")
    shutil.copy(ROOT / "watchdog_supervisor.py", library)
    return library / "watchdog"


def test_a_broken_version_is_refused_and_a_good_one_takes_over(world: World) -> None:
    """The old one goes on and says what is wrong; once that is mended the new one is there."""
    package = copy_of_ourselves(world)
    world.environment["PYTHONPATH"] = str(package.parent)
    watchdog = world.up('[programs.a]\ncommand = "sleep 600"\n')
    world.environment["PYTHONPATH"] = str(ROOT)  # of the clients
    pid = watchdog.wait_state("a", "RUNNING")["pid"]
    for module in ("cli/main.py", "control/rpc.py"):
        good = (package / module).read_text()
        (package / module).write_text(good + "\ndef broken(:\n")
        assert module.partition("/")[2] in refused(watchdog)
        (package / module).write_text(good)
    (package / "version.py").write_text('__version__ = "9.9.9"\n')
    assert "now watchdog 9.9.9" in upgrade(watchdog)
    assert watchdog.status()["watchdog"]["version"] == "9.9.9"
    assert watchdog.program("a")["pid"] == pid


def test_a_configuration_that_became_invalid_refuses_the_upgrade(world: World) -> None:
    """So does one that would move the state directory; a changed program is replaced."""
    good = '[programs.a]\ncommand = "sleep 600"\n[programs.b]\ncommand = "sleep 600"\n'
    watchdog = world.up(good)
    b = watchdog.wait_state("b", "RUNNING")["pid"]
    world.write(good.replace("command", "comand"))
    assert 'did you mean "command"' in refused(watchdog)
    world.write(f'[watchdog]\nstate = "elsewhere"\n{good}')
    assert "the state directory would change" in refused(watchdog)
    world.write(good.replace("sleep 600", "sleep 700", 1) + '[programs.c]\ncommand = "sleep 600"\n')
    upgrade(watchdog)
    watchdog.wait("a", lambda p: p["incarnation"] == 2 and p["pid"], "a to be replaced")
    assert watchdog.program("b")["pid"] == b
    watchdog.wait_state("c", "RUNNING")


def test_an_interpreter_that_vanishes_leaves_the_old_version_in_charge(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing can be executed, doors, output and programs go on; another one may follow."""
    python, real = world.place / "python3", Path(sys.executable).resolve()
    python.symlink_to(real)
    world.environment["PYTHONPATH"] = f"{ROOT}:{sysconfig.get_path('purelib')}"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", str(python))
        watchdog = world.up(f'[programs.a]\ncommand = ["sh", "-c", "{COUNTER}"]\n')
    watchdog.wait_state("a", "RUNNING")
    python.unlink()
    python.write_text(f'#!/bin/sh\n[ -n "$WATCHDOG_REHEARSAL" ] && rm "$0"\nexec {real} "$@"\n')
    python.chmod(0o755)
    assert f"{python} cannot be executed: No such file" in refused(watchdog)
    expect_more_lines(watchdog)
    python.symlink_to(real)
    upgrade(watchdog)
    expect_more_lines(watchdog)
    watchdog.signal(signal.SIGTERM)
    assert watchdog.wait_exit() == 0
    lines = watchdog.log("a").splitlines()
    assert lines == [f"line {number}" for number in range(1, len(lines) + 1)]
