"""Two watchdogs and one singleton; two clients and one program."""

from __future__ import annotations

import concurrent.futures
import os
import random
import signal

from tests.system.harness import Watchdog, World, is_alive, unused_key, wait_until


def test_a_standby_takes_over_when_the_holder_ends(world: World) -> None:
    """With `when_held = "wait"` the second says for whom it waits, and starts when that is gone."""
    program = f'[programs.bot]\ncommand = "sleep 600"\nsingleton = "{unused_key()}"\n'
    first = world.up(program)
    pid = first.wait("bot", lambda p: p["pid"], "a pid")["pid"]
    text = f'[watchdog]\nstate = "second"\n{program}when_held = "wait"\n'
    second = world.start(text, name="second.toml")
    second.state = world.place / "second"
    second.wait_up()
    waiting = second.wait("bot", lambda p: p["state"] == "WAITING" and p["reason"], "a reason")
    assert f"pid {pid}" in waiting["reason"]
    assert second.call("status").returncode == 3
    assert first.leave() == 0
    seen = second.wait("bot", lambda p: p["pid"], "the standby to take over")
    assert seen["pid"] != pid
    assert not is_alive(pid)
    assert second.leave() == 0


def test_a_standby_takes_over_when_holder_and_child_are_killed(world: World) -> None:
    """SIGKILL of the holder alone changes nothing; that of its child too lets the standby start."""
    program = f'[programs.bot]\ncommand = "sleep 600"\nsingleton = "{unused_key()}"\n'
    first = world.up(program)
    pid = first.wait("bot", lambda p: p["pid"], "a pid")["pid"]
    text = f'[watchdog]\nstate = "second"\n{program}when_held = "wait"\n'
    second = world.start(text, name="second.toml")
    second.state = world.place / "second"
    second.wait_up()
    second.wait("bot", lambda p: p["state"] == "WAITING" and p["reason"], "a reason")
    first.signal(signal.SIGKILL)
    first.wait_exit()
    assert second.program("bot")["state"] == "WAITING"
    assert is_alive(pid)
    os.kill(pid, signal.SIGKILL)
    second.wait("bot", lambda p: p["pid"], "the standby to take over")


ROUNDS = 25
SENSIBLE = {
    "start": {"done", "already started", "superseded", "waiting"},
    "stop": {"done", "not running", "superseded"},
    "restart": {"done", "superseded", "waiting"},
}


def test_two_clients_at_once_each_get_one_sensible_answer(world: World) -> None:
    """Over many rounds of start, stop and restart at the same moment each client is answered once.

    There is never more than one process, and the last word counts.
    """
    watchdog = world.up(
        f'[programs.a]\ncommand = "sleep 600"\nstart_seconds = 0.02\nsingleton = "{unused_key()}"\n'
    )
    dice = random.Random(7)
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        for _ in range(ROUNDS):
            actions = [dice.choice(["start", "stop", "restart"]) for _ in range(3)]
            answers = [pool.submit(ask, watchdog, action) for action in actions]
            for action, future in zip(actions, answers, strict=True):
                result = future.result(timeout=40)
                assert [answer["name"] for answer in result] == ["a"]
                assert result[0]["outcome"] in SENSIBLE[action], (actions, action, result)
            assert len(sleepers(world, watchdog)) <= 1
    ask(watchdog, "stop")
    assert watchdog.program("a")["state"] == "STOPPED"
    wait_until(lambda: not sleepers(world, watchdog), "no process")
    ask(watchdog, "start")
    seen = watchdog.wait_state("a", "RUNNING")
    assert sleepers(world, watchdog) == [seen["pid"]]
    assert watchdog.leave() == 0


def ask(watchdog: Watchdog, action: str) -> list[dict[str, str]]:
    """What a new client is answered."""
    client = watchdog.client()
    try:
        return client.request(action, ["a"])
    finally:
        client.close()


def sleepers(world: World, watchdog: Watchdog) -> list[int]:
    """The processes of the program."""
    return [pid for pid in world.marked() if pid != watchdog.process.pid and is_alive(pid)]


def test_commands_at_once_from_two_shells(world: World) -> None:
    """Two real `watchdog` commands that contradict each other both end, and with words."""
    watchdog = world.up('[programs.a]\ncommand = "sleep 600"\nstart_seconds = 0.1\n')
    watchdog.wait_state("a", "RUNNING")
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for _ in range(3):
            both = [pool.submit(watchdog.call, action, "a") for action in ("stop", "start")]
            for future in both:
                done = future.result(timeout=60)
                assert done.returncode in (0, 1)
                assert done.stdout.startswith("a: ")
                assert "Traceback" not in done.stdout
