"""Adoption: a watchdog is SIGKILLed, and the next one takes over exactly what it left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

if sys.platform != "linux":
    pytest.skip("adoption is Linux's", allow_module_level=True)

from tests.process.lives import ROOT, Life, alive, children, collect, end_all, until
from watchdog.process import Birth, evidence, linux, proc

Begin = Callable[..., Life]

READY = "open(os.environ['LIFE'] + '/ready', 'w').close()"
QUIET = f"import os,time\n{READY}\ntime.sleep(60)"
DAEMON = """
import os, signal, time
def escape():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            return True
        os._exit(0)
    os.wait()
    return False
def sleep():
    time.sleep(60)
"""
HOSTILE = {
    "ignores TERM": f"{DAEMON}signal.signal(15, signal.SIG_IGN)\n{READY}\nsleep()",
    "double fork before": f"{DAEMON}if not escape(): {READY}\nsleep()",
    "double fork after": f"{DAEMON}signal.signal(10, lambda *_: escape())\n{READY}\nsleep()",
    "sheds its environment": f"{DAEMON}if escape():\n"
    " os.execve('/bin/sleep', ['sleep', '60'], {'LIFE': os.environ['LIFE']})\n"
    f"{READY}\nsleep()",
    "stopped daemon": f"{DAEMON}if escape(): os.kill(os.getpid(), 19)\n{READY}\nsleep()",
    "breeds daemons": f"{DAEMON}for n in range(20):\n if os.fork() == 0:\n  escape()\n  sleep()\n"
    f"{READY}\nsleep()",
    "flees by forking": f"{DAEMON}if escape():\n for n in range(3000):\n"
    f"  if os.fork(): os._exit(0)\n  os.setsid(); time.sleep(0.002)\n{READY}\nsleep()",
    "flees as fast as it can": f"{DAEMON}if escape():\n for n in range(20000):\n"
    f"  if os.fork(): os._exit(0)\n  os.setsid()\n{READY}\nsleep()",
}


@pytest.fixture
def life(tmp_path: Path) -> Iterator[str]:
    """The mark of this test's processes; the directory in which they say that they are ready."""
    linux.become_subreaper()  # what the dead watchdogs leave comes to us, and no zombie stays
    known = children()
    yield str(tmp_path)
    end_all(str(tmp_path))
    collect(known)


@pytest.fixture
def begin(life: str) -> Iterator[Begin]:
    begun: list[Life] = []

    def start(*wrap: str) -> Life:
        begun.append(Life(*wrap))
        return begun[-1]

    yield start
    for watchdog in begun:
        watchdog.end()


def start(watchdog: Life, life: str, code: str, nonce: int = 0) -> dict[str, Any]:
    """Have it started, and wait until its tree stands."""
    birth: dict[str, Any] = watchdog.ask("spawn", life, code, nonce)
    until((Path(life) / "ready").exists)
    return birth


def succeed(begin: Begin, life: str, code: str) -> tuple[Life, dict[str, Any]]:
    """A process that was started by one watchdog, and adopted by the next."""
    first = begin()
    birth = start(first, life, code)
    first.end()
    second = begin()
    assert second.ask("adopt", birth) is True
    return second, birth


def test_adopted_process_is_the_same_one(begin: Begin, life: str) -> None:
    """After the SIGKILL the next watchdog has the same process, untouched, with its birth."""
    second, birth = succeed(begin, life, QUIET)
    assert second.ask("pid", "bot") == birth["pid"]
    assert second.ask("birth", "bot") == birth
    assert second.ask("members", "bot") == [birth["pid"]]
    assert second.ask("memory", "bot") > 1 << 20
    assert alive(life) == [birth["pid"]]
    assert second.events == []


def test_spawn_beside_an_adopted_process_is_refused(begin: Begin, life: str) -> None:
    """While the adopted one lives, another spawn of the program is a bug, and is stopped."""
    second, birth = succeed(begin, life, QUIET)
    second.tell("spawn", life, QUIET)
    with pytest.raises(AssertionError, match="has ended"):
        second.answer()
    assert alive(life) == [birth["pid"]]


@pytest.mark.parametrize(
    ("code", "expected"),
    [("os._exit(7)", {"code": 7}), ("os.kill(os.getpid(), 9)", {"signal": 9})],
)
def test_exit_of_an_adopted_process_is_noticed(
    begin: Begin, life: str, code: str, expected: dict[str, int]
) -> None:
    """Its end is posted once, with how it ended, and then the empty tree."""
    code = f"import os,signal,time\nsignal.signal(10, lambda *_: {code})\n{READY}\n" + (
        "time.sleep(60)"
    )
    second, birth = succeed(begin, life, code)
    second.ask("signal", "bot", 1, "USR1", False)
    second.event("TreeEmpty")
    assert [what for _, what, _ in second.events] == ["Exited", "TreeEmpty"]
    found = second.event("Exited")["exit"]
    assert {key: found[key] for key in expected} == expected
    assert second.ask("pid", "bot") is None
    assert birth["pid"] not in alive(life)


@pytest.mark.parametrize("habit", HOSTILE)
def test_kill_ends_an_adopted_hostile_tree(begin: Begin, life: str, habit: str) -> None:
    """TERM and then kill end everything that it has started, before the adoption or after."""
    second, _ = succeed(begin, life, HOSTILE[habit])
    if habit == "double fork after":
        second.ask("signal", "bot", 1, "USR1", False)
        until(lambda: len(alive(life)) > 1)
    if habit == "ignores TERM":
        second.ask("signal", "bot", 1, "TERM", True)
        assert not second.seen("Exited")
    second.ask("kill", "bot", 1)
    second.event("TreeEmpty")
    assert alive(life) == []
    assert [what for _, what, _ in second.events] == ["Exited", "TreeEmpty"]


@pytest.mark.parametrize("habit", ["double fork before", "sheds its environment", "breeds daemons"])
def test_strays_of_an_adopted_tree_hold_back_the_proof(begin: Begin, life: str, habit: str) -> None:
    """When only the leader dies, TreeEmpty waits for the strays, and comes without a kill."""
    second, birth = succeed(begin, life, HOSTILE[habit])
    os.kill(birth["pid"], signal.SIGKILL)
    second.event("Exited")
    strays = until(lambda: second.ask("strays", "bot"))
    assert set(strays) == set(alive(life))
    assert not second.seen("TreeEmpty")
    for stray in strays:
        os.kill(stray, signal.SIGKILL)
    second.event("TreeEmpty")
    assert alive(life) == []


def test_spawned_but_not_recorded_is_found_by_its_mark(begin: Begin, life: str) -> None:
    """An intent written before the spawn is enough to find the leader, among its strays."""
    first = begin()
    nonce = first.ask("next_mark")
    birth = start(first, life, HOSTILE["double fork before"], nonce)
    assert birth["nonce"] == nonce
    first.end()
    second = begin()
    assert second.ask("find", "bot", 1, nonce) == birth
    assert second.ask("find", "bot", 1, nonce + 2) is None
    assert second.ask("adopt", second.ask("find", "bot", 1, nonce))


LEADS = "if os.fork() == 0:\n os.setsid()\n "
ORPHANS = {
    "forked only": f"{DAEMON}{LEADS}sleep()\n{READY}\nsleep()",
    "after one in the session": f"{DAEMON}if os.fork() == 0: sleep()\n"
    f"{LEADS}os.execve('/bin/sleep', ['sleep', '60'], os.environ)\n{READY}\nsleep()",
}


@pytest.mark.parametrize("habit", ORPHANS)
def test_stray_of_a_dead_leader_is_not_taken_for_it(begin: Begin, life: str, habit: str) -> None:
    """With the leader dead and nobody's record of it, a stray with a session is no leader."""
    first = begin()
    nonce = first.ask("next_mark")
    birth = start(first, life, ORPHANS[habit], nonce)
    first.end()
    others = [pid for pid in alive(life) if pid != birth["pid"]]
    until(lambda: any(proc.session(pid) == pid for pid in others))
    until(lambda: habit == "forked only" or any("sleep 60" in proc.command(p) for p in others))
    second = begin()
    assert second.ask("find", "bot", 1, nonce) == birth
    os.kill(birth["pid"], signal.SIGKILL)
    until(lambda: not proc.lives(birth["pid"]))
    assert alive(life)
    assert second.ask("find", "bot", 1, nonce) is None
    assert second.ask("has_remains", "bot", 1, nonce) is True


@pytest.mark.parametrize(
    "habit", ["double fork before", "sheds its environment", "flees by forking"]
)
def test_strays_of_a_leader_that_died_unwatched_are_buried(
    begin: Begin, life: str, habit: str
) -> None:
    """A dead leader is not adopted; what it has left is ended by its mark, and proved gone."""
    first = begin()
    birth = start(first, life, HOSTILE[habit])
    first.end()
    os.kill(birth["pid"], signal.SIGKILL)
    until(lambda: not proc.lives(birth["pid"]))
    until(lambda: alive(life))
    second = begin()
    assert second.ask("adopt", birth) is False
    assert second.ask("bury_strays", "bot", 1, birth["nonce"]) is True
    second.event("TreeEmpty")
    assert alive(life) == []
    assert [what for _, what, _ in second.events] == ["TreeEmpty"]
    second.ask("spawn", life, QUIET)
    second.event("Spawned")


@pytest.mark.parametrize(
    "change",
    [
        {"start": 1},
        {"boot": "another"},
        {"nonce": 5},
        {"program": "web", "nonce": 5},
        {"pid": os.getpid()},
        {"pid": 1},
        {"pid": 2**22 - 1},
    ],
)
def test_nobody_else_is_adopted(begin: Begin, life: str, change: dict[str, Any]) -> None:
    """A pid that is another's by now, another boot, another mark: none is taken for it."""
    first = begin()
    birth = start(first, life, QUIET)
    first.end()
    second = begin()
    assert second.ask("adopt", {**birth, **change}) is False
    assert second.ask("adopt", birth) is True


def test_reexecuted_watchdog_goes_on_with_its_children(begin: Begin, life: str) -> None:
    """After an exec of itself it adopts its own children, the dead one too, and misses no end."""
    watchdog = begin()
    birth = start(watchdog, life, HOSTILE["double fork before"])
    dying = watchdog.ask("spawn", life, "import os,time; time.sleep(0.3); os._exit(3)", 0, "web")
    watchdog.tell("execute")
    assert watchdog.answer() == "up"
    until(lambda: not proc.lives(dying["pid"]))
    assert watchdog.ask("adopt", birth) is True
    assert watchdog.ask("adopt", dying) is True
    assert watchdog.event("Exited", "web")["exit"]["code"] == 3
    watchdog.event("TreeEmpty", "web")
    watchdog.ask("kill", "bot", 1)
    watchdog.event("TreeEmpty")
    assert alive(life) == []


def test_many_watchdogs_one_process(begin: Begin, life: str) -> None:
    """Watchdog after watchdog is killed; the process is the first one all the time."""
    first = begin()
    birth = start(first, life, HOSTILE["double fork before"])
    tree = set(alive(life))
    slowest = 0.0
    first.end()
    for _ in range(15):
        following = begin()
        began = time.monotonic()
        assert following.ask("adopt", birth) is True
        slowest = max(slowest, time.monotonic() - began)
        assert following.ask("pid", "bot") == birth["pid"]
        assert set(alive(life)) == tree
        following.end()
    assert slowest < 5
    last = begin()
    assert last.ask("adopt", birth)
    last.ask("kill", "bot", 1)
    last.event("TreeEmpty")
    assert alive(life) == []


def test_birth_survives_a_record(begin: Begin, life: str) -> None:
    """What is written down as JSON proves as much when it is read again."""
    first = begin()
    birth = msgspec.convert(start(first, life, QUIET), Birth)
    again = msgspec.json.decode(msgspec.json.encode(birth), type=Birth)
    assert evidence.is_the_one(again)


REUSE = """
import asyncio, os, signal, sys, time
from pathlib import Path
Path("/proc/sys/kernel/pid_max").write_text("320")
from watchdog.core.events import TreeEmpty
from watchdog.process import Processes, SpawnSpec
from watchdog.process.sweep import Kin

def take_number(wanted):
    for _ in range(5000):
        pid = os.fork()
        if pid == 0:
            if os.getpid() == wanted:
                os.setsid()
                time.sleep(60)
            os._exit(0)
        if pid == wanted:
            return
        os.waitpid(pid, 0)
    sys.exit("the number never came again")

async def main():
    over = asyncio.Event()
    post = lambda program, event: over.set() if isinstance(event, TreeEmpty) else None
    for _ in range(300):  # the numbers below 300 are given out once only
        os.waitpid(os.spawnv(os.P_NOWAIT, "/bin/true", ["true"]), 0)
    processes = Processes(post)
    processes.spawn("bot", 1, SpawnSpec(("sleep", "60")))
    birth = processes.birth("bot")
    processes.close()
    os.kill(birth.pid, signal.SIGKILL)
    os.waitpid(birth.pid, 0)
    take_number(birth.pid)
    while os.getsid(birth.pid) != birth.pid:
        time.sleep(0.001)
    belongs = Kin(birth.mark, birth).has(birth.pid)
    print(processes.find("bot", 1, birth.nonce), processes.adopt(birth), belongs)
    processes.bury_strays("bot", 1, birth.nonce)
    await asyncio.wait_for(over.wait(), 20)
    os.kill(birth.pid, 0)
    print(os.waitpid(birth.pid, os.WNOHANG), flush=True)

asyncio.run(main())
"""


def test_number_that_is_used_again_is_nobodys_proof(life: str) -> None:
    """With the very pid now a stranger's, and its session too, he is not adopted nor killed."""
    if tuple(int(part) for part in os.uname().release.split(".")[:2]) < (6, 14):
        pytest.skip("before Linux 6.14 pid_max is the whole machine's")
    command = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", REUSE]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    if done.returncode and ("unshare" in done.stderr or "pid_max" in done.stderr):
        pytest.skip("no pid namespace with few numbers can be had here")
    assert done.stdout == "None False False\n(0, 0)\n", done.stderr
