"""`watchdog run --take-over`: what becomes of one that was left behind, and of its programs."""

from __future__ import annotations

import signal
import subprocess
import sys

from tests.system.harness import World, is_alive, unused_key, wait_until
from tests.system.supervised import bot_of, status_of

# The shell ends once the watchdog listens, and leaves it behind.
LEAVE = '"$@" > orphan.out 2>&1 & until [ -S state/control.sock ]; do sleep 0.05; done'
WRITER = "n=0; while :; do n=$((n+1)); echo line $n; sleep 0.01; done"


def leave_behind(world: World, more: str = "") -> int:
    """A watchdog whose parent is gone; its pid."""
    world.write(
        f'[programs.bot]\ncommand = ["sh", "-c", "{WRITER}"]\nsingleton = "{unused_key()}"\n{more}'
    )
    words = [sys.executable, "-m", "watchdog", "run", "-c", "w.toml"]
    subprocess.run(
        ["sh", "-c", LEAVE, "sh", *words],
        cwd=world.place,
        env=world.environment,
        stdin=subprocess.DEVNULL,
        check=True,
    )
    bot_of(world)
    status = status_of(world)
    assert status is not None
    return int(status["watchdog"]["pid"])


def test_the_programs_run_on_and_no_line_is_lost(world: World) -> None:
    """Same pid, incarnation and restarts; each line is in the log once, in order."""
    orphan = leave_behind(world)
    before = bot_of(world)
    heir = world.run("--take-over", "-c", "w.toml")
    heir.wait_text(f"adopted pid {before['pid']}")
    after = heir.wait_state("bot", "RUNNING")
    kept = ("pid", "incarnation", "restarts")
    assert {key: after[key] for key in kept} == {key: before[key] for key in kept}
    assert not is_alive(orphan)
    assert "giving way to another one" in (world.place / "orphan.out").read_text()
    assert any(line.get("state") == "GIVEN_WAY" for line in heir.journal())
    seen = len(heir.log("bot").splitlines())
    wait_until(lambda: len(heir.log("bot").splitlines()) > seen + 20, "more lines")
    assert heir.leave() == 0
    lines = heir.log("bot").splitlines()
    assert lines == [f"line {number}" for number in range(1, len(lines) + 1)]


def test_a_program_that_must_not_outlive_its_watchdog_is_started_anew(world: World) -> None:
    """With `on_watchdog_death = "kill"` the old process is gone before the next one begins."""
    leave_behind(world, 'on_watchdog_death = "kill"\n')
    before = bot_of(world)
    heir = world.run("--take-over", "-c", "w.toml")
    heir.wait_text("started as pid")
    assert not is_alive(before["pid"])
    assert heir.wait_state("bot", "RUNNING")["incarnation"] == before["incarnation"] + 1
    assert heir.leave() == 0


def test_where_nobody_is_there_is_nothing_to_take_over(world: World) -> None:
    """Neither without a socket nor with that of a killed watchdog a word is said about it."""
    world.write('[programs.bot]\ncommand = "sleep 600"\n')
    first = world.run("--take-over", "-c", "w.toml")
    first.wait_up()
    first.signal(signal.SIGKILL)
    first.wait_exit()
    assert first.socket.exists()
    second = world.run("--take-over", "-c", "w.toml")
    second.wait_text("adopted pid")
    second.wait_up()
    assert "give" not in first.text + second.text
    assert second.leave() == 0


def test_two_heirs_are_not_one_too_many(world: World) -> None:
    """Of two that want to take over at once one does, the other is refused; one program runs."""
    leave_behind(world)
    before = bot_of(world)
    heirs = [world.run("--take-over", "-c", "w.toml") for _ in range(2)]
    wait_until(lambda: [heir.process.poll() for heir in heirs].count(69) == 1, "one to be refused")
    (winner,) = [heir for heir in heirs if heir.process.poll() is None]
    winner.wait_up()
    assert winner.wait_state("bot", "RUNNING")["pid"] == before["pid"]
    assert winner.leave() == 0
    assert not is_alive(before["pid"])
    assert not list(world.marked())
