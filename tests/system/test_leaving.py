"""Stopping: stubborn children, order, hurry."""

from __future__ import annotations

import os
import signal
import time

from tests.system.harness import World, is_alive, wait_until

STUBBORN = (
    '[programs.a]\ncommand = ["sh", "-c", "trap \'\' TERM; echo deaf; while :; do sleep 1; done"]\n'
)


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(world: World) -> None:
    """SIGKILL comes when the grace is over, not before, and takes the whole tree."""
    watchdog = world.up(STUBBORN + 'stop = { grace = "1s" }\n')
    watchdog.wait_log("a", "deaf")
    pid = watchdog.program("a")["pid"]
    began = time.monotonic()
    told = watchdog.call("stop", "a")
    assert told.returncode == 0
    assert time.monotonic() - began >= 1.0
    assert watchdog.program("a")["state"] == "STOPPED"
    assert "killed by SIGKILL (9)" in watchdog.text
    wait_until(lambda: list(world.marked()) == [watchdog.process.pid], "the tree to be gone")
    assert not is_alive(pid)


def test_a_second_sigterm_hurries(world: World) -> None:
    """One SIGTERM waits for the grace, a second one kills what is left; the exit code is 0."""
    watchdog = world.up(STUBBORN + 'stop = { grace = "5m" }\n')
    watchdog.wait_log("a", "deaf")
    watchdog.signal(signal.SIGTERM)
    watchdog.wait_text("stopping everything; a second signal hurries")
    assert watchdog.program("a")["state"] == "STOPPING"
    watchdog.signal(signal.SIGTERM)
    assert watchdog.wait_exit() == 0
    assert "SIGTERM again: killing what is left" in watchdog.text
    assert not list(world.marked())


def test_sigterm_stops_the_children_in_the_reverse_order_of_their_start(world: World) -> None:
    """What depends on others goes before them; exit code 0."""
    script = "trap 'echo {0} >> {1}/order; exit 0' TERM; echo up; while :; do sleep 0.1; done"
    programs = "".join(
        f'[programs.{name}]\ncommand = ["sh", "-c", "{script.format(name, world.place)}"]\n'
        f"start_seconds = 0.1\n{more}"
        for name, more in (
            ("bot", 'depends_on = ["web"]\n'),
            ("base", ""),
            ("web", 'depends_on = ["base"]\n'),
        )
    )
    watchdog = world.up(programs)
    watchdog.wait_state("bot", "RUNNING")
    watchdog.wait_log("bot", "up")
    assert watchdog.leave() == 0
    assert (world.place / "order").read_text().split() == ["bot", "web", "base"]


def test_a_stopped_watchdog_does_not_kill_healthy_programs_when_it_wakes(world: World) -> None:
    """SIGSTOP and SIGCONT of the watchdog itself are no reason to end anything."""
    watchdog = world.up(
        '[programs.a]\ncommand = "sleep 600"\n'
        'liveness = { exec = "true", period = "200ms", timeout = "2s", failure_threshold = 2 }\n'
    )
    watchdog.wait("a", lambda p: p["health"] == "healthy", "health")
    watchdog.signal(signal.SIGSTOP)
    time.sleep(3)  # longer than the bound on a hang
    watchdog.signal(signal.SIGCONT)
    seen = watchdog.wait("a", lambda p: p["health"] == "healthy", "health again")
    assert seen["incarnation"] == 1
    assert seen["restarts"] == 0


def test_what_a_program_leaves_behind_is_gone_before_the_next_start(world: World) -> None:
    """A worker in a session of its own does not outlive its program into the next incarnation."""
    (world.place / "forks.py").write_text(
        "import os, subprocess, time\n"
        "worker = subprocess.Popen(['sleep', '600'], start_new_session=True)\n"
        "print('worker', worker.pid, flush=True)\ntime.sleep(600)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python forks.py"\n')
    worker = int(watchdog.wait_log("a", "worker").split()[-1])
    os.kill(watchdog.program("a")["pid"], signal.SIGKILL)
    watchdog.wait("a", lambda p: p["incarnation"] == 2 and p["pid"], "the next incarnation")
    assert not is_alive(worker)
