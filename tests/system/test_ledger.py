"""The ledger of a real run: a crash, an adoption, and an end that nobody saw."""

from __future__ import annotations

import os
import signal
from typing import Any

from tests.system.harness import Watchdog, World, is_alive, unused_key, wait_until

CONFIGURATION = '[programs.bot]\ncommand = ["sleep", "1000"]\nsingleton = "{}"\nstart_seconds = 0\n'


def handovers(watchdog: Watchdog) -> list[dict[str, Any]]:
    return [line for line in watchdog.journal() if line["event"] == "handover"]


def wait_for(watchdog: Watchdog, count: int) -> dict[str, Any]:
    return wait_until(lambda: handovers(watchdog)[count - 1 :], f"{count} hand-overs")[0]


def kill_watchdog(watchdog: Watchdog) -> None:
    watchdog.process.kill()
    watchdog.process.wait()


def test_each_hand_over_is_in_the_journal_with_its_cost(world: World) -> None:
    """The gap of a crash is exact, of an adoption 0, of an unseen end a bound; none ran double."""
    text = CONFIGURATION.format(unused_key())
    watchdog = world.up(text)
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    os.kill(pid, signal.SIGKILL)
    crash = wait_for(watchdog, 1)
    assert (crash["how"], crash["from_incarnation"], crash["to_incarnation"]) == ("spawned", 1, 2)
    assert 0 < crash["gap_seconds"] < 10
    assert crash["bound"] == "exact"

    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    kill_watchdog(watchdog)
    watchdog = world.up(text)
    adoption = wait_for(watchdog, 2)
    assert (adoption["how"], adoption["gap_seconds"]) == ("adopted", 0)
    assert adoption["from_incarnation"] == adoption["to_incarnation"] == 2

    kill_watchdog(watchdog)
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid), "the program to be gone")
    watchdog = world.up(text)
    unseen = wait_for(watchdog, 3)
    assert (unseen["how"], unseen["from_incarnation"], unseen["bound"]) == ("spawned", 2, "at most")
    assert unseen["gap_seconds"] > 0
    assert [line["double_seconds"] for line in handovers(watchdog)] == [0, 0, 0]


def test_an_upgrade_between_two_processes_loses_no_hand_over(world: World) -> None:
    """A process that ended before an upgrade, and is succeeded after it, has its gap told."""
    text = CONFIGURATION.format(unused_key())
    watchdog = world.up(f'{text}restart = {{ initial = "3s", jitter = 0 }}\n')
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    os.kill(pid, signal.SIGKILL)
    watchdog.wait_state("bot", "BACKOFF")
    assert watchdog.call("upgrade").returncode == 0
    watchdog.wait("bot", lambda p: p["incarnation"] == 2 and p["pid"], "the next process")
    (told,) = handovers(watchdog)
    assert (told["how"], told["from_incarnation"], told["bound"]) == ("spawned", 1, "exact")
    assert 2.9 < told["gap_seconds"] < 60
