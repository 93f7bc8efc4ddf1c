"""The watchdog is killed; its programs live on; the next watchdog takes them over."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import Watchdog, World, is_alive, unused_key, wait_until

COUNTER = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.02; done"


def configuration(command: str = COUNTER, more: str = "") -> str:
    """One program with a singleton of its own."""
    return f'[programs.bot]\ncommand = ["sh", "-c", "{command}"]\n{more}\n'


def be_killed(watchdog: Watchdog) -> dict[str, Any]:
    """SIGKILL it while its program runs; what was known of the program."""
    watchdog.wait_state("bot", "RUNNING")
    before = watchdog.program("bot")
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    assert is_alive(before["pid"])
    return before


def test_an_adopted_program_keeps_its_life(world: World) -> None:
    """Same pid, incarnation, restarts and uptime; its output and its end are seen again."""
    text = configuration(more=f'singleton = "{unused_key()}"')
    first = world.up(text)
    first.wait_state("bot", "RUNNING")
    os.kill(first.program("bot")["pid"], signal.SIGKILL)
    first.wait("bot", lambda p: p["restarts"] == 1 and p["state"] == "RUNNING", "a restart")
    before = be_killed(first)
    second = world.up(text)
    after = second.wait_state("bot", "RUNNING")
    kept = ("pid", "incarnation", "restarts")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert after["uptime_seconds"] > before["uptime_seconds"]
    assert f"adopted pid {before['pid']}" in second.text
    seen = len(second.log("bot").splitlines())
    wait_until(lambda: len(second.log("bot").splitlines()) > seen + 5, "more output")
    os.kill(before["pid"], signal.SIGKILL)
    again = second.wait("bot", lambda p: p["restarts"] == 2 and p["pid"], "its end to be seen")
    assert again["incarnation"] == before["incarnation"] + 1
    assert second.leave() == 0
    assert not is_alive(again["pid"])


def test_an_adopted_program_still_holds_its_lock(world: World) -> None:
    """A contender is refused before, during and after the adoption; and told by whom."""
    key = unused_key()
    text = configuration(more=f'singleton = "{key}"')
    before = be_killed(world.up(text))
    rival = f'[watchdog]\nstate = "rival"\n{text}'
    refused = world.start(rival, name="rival.toml")
    assert refused.wait_exit() == 69
    assert f"pid {before['pid']}" in refused.text
    second = world.up(text)
    refused = world.start(rival, name="rival.toml")
    assert refused.wait_exit() == 69
    assert second.leave() == 0
    assert world.start(rival, name="rival.toml").wait_text("started as pid")


def test_a_program_that_died_unseen_is_started_again(world: World) -> None:
    """Its end while no watchdog ran is said, and the numbers go on."""
    text = configuration(more=f'singleton = "{unused_key()}"')
    before = be_killed(world.up(text))
    os.kill(before["pid"], signal.SIGKILL)
    wait_until(lambda: not is_alive(before["pid"]), "its end")
    second = world.up(text)
    after = second.wait_state("bot", "RUNNING")
    assert after["incarnation"] == before["incarnation"] + 1
    assert "ended while no watchdog ran" in second.text


def test_what_it_left_is_ended_before_anything_starts(world: World) -> None:
    """A helper that left the session outlives its dead program, and is gone before the next."""
    helper = "setsid sleep 4321 & sleep 600"
    text = configuration(helper, f'singleton = "{unused_key()}"')
    first = world.up(text)
    before = be_killed(first)
    strays = [pid for pid in world.marked() if is_stray(pid)]
    assert strays
    os.kill(before["pid"], signal.SIGKILL)
    second = world.up(text)
    second.wait_state("bot", "RUNNING")
    assert not any(map(is_alive, strays))


def is_stray(pid: int) -> bool:
    """Whether this is the helper of the test above."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes() == b"sleep\x004321\x00"
    except OSError:
        return False


@pytest.mark.parametrize("change", ["command", "gone"])
def test_what_cannot_be_adopted_is_ended_first(world: World, change: str) -> None:
    """A program that changed, or left the configuration, is ended politely, and that is said."""
    more = f'singleton = "{unused_key()}"'
    before = be_killed(world.up(configuration(more=more)))
    if change == "command":
        second = world.up(configuration(COUNTER.replace("line", "other"), more))
        after = second.wait("bot", lambda p: p["pid"] not in (None, before["pid"]), "another")
        assert after["incarnation"] == before["incarnation"] + 1
        assert "its configuration changed" in second.text
    else:
        second = world.up('[programs.other]\ncommand = "sleep 600"\n')
        assert "it left the configuration" in second.text
        second.wait_state("other", "RUNNING")
        wait_until(lambda: len(second.status()["programs"]) == 1, "it to be forgotten")
    wait_until(lambda: not is_alive(before["pid"]), "the old one's end")
    assert second.leave() == 0


def test_a_lock_file_that_was_removed_is_put_back(world: World) -> None:
    """The alarm comes at once, the program goes on, and a contender is still refused."""
    key = unused_key()
    text = configuration(more=f'singleton = "{key}"')
    watchdog = world.up(text)
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    path = world.place / "locks" / f"{key}.lock"
    for tamper in (path.unlink, lambda: path.rename(path.with_suffix(".moved"))):
        already = watchdog.text.count("ALARM")
        tamper()
        wait_until(lambda n=already: watchdog.text.count("ALARM") > n, "the alarm")
        wait_until(path.exists, "the file to be back")
    refused = world.start(f'[watchdog]\nstate = "rival"\n{text}', name="rival.toml")
    assert refused.wait_exit() == 69
    assert watchdog.program("bot")["pid"] == pid
    assert any(line["event"] == "lock" and line.get("healed") for line in watchdog.journal())


def test_twenty_kills_leave_one_life(world: World) -> None:
    """Killed and started again twenty times: one pid, one incarnation, never a second copy."""
    text = configuration(more=f'singleton = "{unused_key()}"')
    watchdog = world.up(text)
    before = be_killed(watchdog)
    for _ in range(20):
        watchdog = world.up(text)
        assert watchdog.wait_state("bot", "RUNNING")["pid"] == before["pid"]
        watchdog.signal(signal.SIGKILL)
        watchdog.wait_exit()
    last = world.up(text)
    assert last.program("bot")["incarnation"] == before["incarnation"]
    assert last.leave() == 0


def test_a_program_that_must_not_outlive_the_watchdog_is_ended(world: World) -> None:
    """With `on_watchdog_death = "kill"` the whole tree is gone within a second; an upgrade is none.

    A helper that left the session is part of the tree.
    """
    text = configuration("setsid sleep 4321 & sleep 600", 'on_watchdog_death = "kill"')
    watchdog = world.up(text)
    pid = watchdog.wait_state("bot", "RUNNING")["pid"]
    strays = [stray for stray in world.marked() if is_stray(stray)]
    assert strays
    assert watchdog.call("upgrade").returncode == 0
    assert watchdog.program("bot")["pid"] == pid
    watchdog.signal(signal.SIGKILL)
    watchdog.wait_exit()
    wait_until(lambda: not any(map(is_alive, [pid, *strays])), "their end", 10)
    again = world.up(text)
    assert again.wait_state("bot", "RUNNING")["pid"] != pid
    assert again.leave() == 0
    wait_until(lambda: not list(world.marked()), "the guardian to leave, too", 10)
