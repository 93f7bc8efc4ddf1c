"""The guardian: what must not outlive the watchdog is ended, whatever ends the watchdog."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

if sys.platform != "linux":
    pytest.skip("the guardian is Linux's", allow_module_level=True)

from tests.process.lives import Life, alive, children, collect, end_all, until
from tests.process.test_adoption import HOSTILE, QUIET, start
from watchdog.process import linux, proc

Begin = Callable[[], Life]


@pytest.fixture
def life(tmp_path: Path) -> Iterator[str]:
    linux.become_subreaper()
    known = children()
    yield str(tmp_path)
    end_all(str(tmp_path))
    collect(known)


@pytest.fixture
def begin(life: str) -> Iterator[Begin]:
    begun: list[Life] = []

    def start() -> Life:
        begun.append(Life())
        return begun[-1]

    yield start
    for watchdog in begun:
        watchdog.end()


def gone(pid: int) -> Callable[[], bool]:
    return lambda: not proc.lives(pid)


@pytest.mark.parametrize("habit", [h for h in HOSTILE if h != "double fork after"])
def test_tree_ends_with_the_watchdog(begin: Begin, life: str, habit: str) -> None:
    """SIGKILL of the watchdog ends the whole hostile tree, and then the guardian goes too."""
    watchdog = begin()
    start(watchdog, life, HOSTILE[habit])
    guardian = watchdog.ask("guard")
    watchdog.end()
    until(lambda: not alive(life) and not proc.lives(guardian))
    assert not alive(life)


def test_tree_ends_within_a_second(begin: Begin, life: str) -> None:
    """From the watchdog's death to the last process's takes less than a second."""
    watchdog = begin()
    start(watchdog, life, HOSTILE["double fork before"])
    watchdog.ask("guard")
    began = time.monotonic()
    os.kill(watchdog.pid, signal.SIGKILL)
    until(lambda: not alive(life))
    assert time.monotonic() - began < 1.0


def test_mark_alone_is_enough(begin: Begin, life: str) -> None:
    """Charged before the spawn, it ends what was started after, though nobody told the pid."""
    watchdog = begin()
    nonce = watchdog.ask("next_mark")
    watchdog.ask("expect", nonce)
    start(watchdog, life, QUIET, nonce)
    watchdog.end()
    until(lambda: not alive(life))


def test_others_are_spared(begin: Begin, life: str) -> None:
    """What it was not charged with, or is not any more, lives on for the next watchdog."""
    watchdog = begin()
    kept = start(watchdog, life, QUIET)
    other = watchdog.ask("spawn", life, QUIET, 0, "web")
    third = watchdog.ask("spawn", life, QUIET, 0, "worker")
    guardian = watchdog.ask("guard")
    watchdog.ask("guard", "web")
    watchdog.ask("unguard")
    watchdog.end()
    until(gone(guardian))
    until(gone(other["pid"]))
    assert set(alive(life)) == {kept["pid"], third["pid"]}


def test_adopted_tree_is_guarded(begin: Begin, life: str) -> None:
    """Also a process that this watchdog has not started ends with it."""
    first = begin()
    birth = start(first, life, HOSTILE["double fork before"])
    first.end()
    second = begin()
    assert second.ask("adopt", birth)
    second.ask("guard")
    second.end()
    until(lambda: not alive(life))


def test_guardian_heeds_no_polite_signal_and_is_replaced(begin: Begin, life: str) -> None:
    """What can be ignored it ignores; a killed one is followed by another with the same charge."""
    watchdog = begin()
    start(watchdog, life, QUIET)
    guardian = watchdog.ask("guard")
    until(lambda: b"guardian of" in proc.read(f"/proc/{guardian}/cmdline"))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE):
        os.kill(guardian, number)
    time.sleep(0.05)
    assert proc.lives(guardian)
    os.kill(guardian, signal.SIGKILL)
    until(gone(guardian))

    def successor() -> int:
        pids = [pid for pid in proc.children(watchdog.pid) if pid != guardian]
        named = [p for p in pids if b"guardian of" in proc.read(f"/proc/{p}/cmdline")]
        return named[0] if named else 0

    until(successor)
    watchdog.end()
    until(lambda: not alive(life))


def test_guardian_is_light_and_holds_nothing(begin: Begin, life: str) -> None:
    """Under 3 MiB of its own, no descriptor but the pipe, a session and a name of its own."""
    watchdog = begin()
    start(watchdog, life, QUIET)
    guardian = watchdog.ask("guard")
    until(lambda: proc.command(guardian) == f"guardian of {watchdog.pid}")
    assert os.listdir(f"/proc/{guardian}/fd") == ["0"]  # noqa: PTH208
    assert proc.session(guardian) == guardian
    rollup = proc.read(f"/proc/{guardian}/smaps_rollup").decode().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in rollup if " kB" in line}
    assert int(sizes["Private_Dirty"]) + int(sizes["Private_Clean"]) < 3072


def test_reexecution_keeps_the_guardian(begin: Begin, life: str) -> None:
    """An exec of the watchdog is no death: nothing is killed by it, and the guard stays."""
    watchdog = begin()
    birth = start(watchdog, life, QUIET)
    guardian = watchdog.ask("guard")
    watchdog.tell("execute")
    assert watchdog.answer() == "up"
    watchdog.ask("regain")
    assert watchdog.ask("adopt", birth)
    assert watchdog.ask("guard") == guardian
    assert proc.lives(guardian)
    assert alive(life) == [birth["pid"]]
    watchdog.end()
    until(lambda: not alive(life))
