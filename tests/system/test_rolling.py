"""`watchdog restart --rolling` with real processes: one at a time, and what stops it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.system.harness import Watchdog, World, wait_until

WEB = """
[programs.web]
command = ["sh", "-c", "test -e bad-%(process_num)d && exit 3; rm -f up-%(process_num)d; sleep 0.3; touch up-%(process_num)d; exec sleep 600"]
instances = 3
start_seconds = "50ms"
readiness = { exec = "test -e up-%(process_num)d", period = "100ms" }
restart = { initial = "1h", maximum = "1h" }
"""  # noqa: E501
ALL = [f"web:web_0{number}" for number in range(3)]


def incarnations(watchdog: Watchdog) -> list[int]:
    return [watchdog.program(name)["incarnation"] for name in ALL]


def ready(world: World) -> Watchdog:
    watchdog = world.up(WEB)
    for name in ALL:
        watchdog.wait(name, lambda p: p["health"] == "healthy", f"{name} to be ready")
    return watchdog


def most_down(watchdog: Watchdog) -> int:
    """How many were not ready at the same time, at most, by the journal since all were."""
    down: set[str] = set()
    most = 0
    lines = [line for line in watchdog.journal() if line["event"] == "state"]
    for line in lines[next(at for at, one in enumerate(lines) if one["state"] == "STOPPING") :]:
        (down.discard if line["health"] == "healthy" else down.add)(line["program"])
        most = max(most, len(down))
    return most


def test_one_after_the_other_and_no_two_at_a_time(world: World) -> None:
    """The next goes down only when the last is ready; it is told, and journaled."""
    watchdog = ready(world)
    done = watchdog.call("restart", "--rolling", "web")
    assert (done.returncode, done.stdout) == (0, "".join(f"{name}: restarted\n" for name in ALL))
    assert incarnations(watchdog) == [2, 2, 2] and most_down(watchdog) == 1
    last = [line for line in watchdog.journal() if line["event"] == "rolling"][-1]
    assert last["phase"] == "done" and last["done"] == ALL
    assert watchdog.call("restart", "--within", "5s", "web").returncode == 2


def test_it_stops_at_one_that_does_not_come_up(world: World) -> None:
    """The others run on with what they have; exit code 1, and it is said which, and why."""
    watchdog = ready(world)
    (world.place / "bad-1").touch()
    done = watchdog.call("restart", "--rolling", "web")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"{ALL[0]}: restarted",
        f"{ALL[1]}: ERROR (exit status 3)",
        f"{ALL[2]}: left as it was",
    ]
    assert watchdog.program(ALL[2])["incarnation"] == 1
    assert watchdog.program(ALL[2])["state"] == "RUNNING"
    assert f"rolling restart stopped at {ALL[1]}: exit status 3; left as they were: {ALL[2]}" in (
        watchdog.text
    )


def test_a_reload_rolls_where_that_is_wanted(world: World) -> None:
    """What changed for the processes reaches them one after the other; what fails stops it."""
    rolling = WEB + 'update = "rolling"\nenvironment = { VERSION = "1" }\n'
    watchdog = world.up(rolling)
    for name in ALL:
        watchdog.wait(name, lambda p: p["health"] == "healthy", f"{name} to be ready")
    world.write(rolling.replace('"1" }', '"2" }'))
    assert watchdog.call("reload").stdout.count("restarted one after the other") == 1
    watchdog.wait_text("rolling restart done")
    assert incarnations(watchdog) == [2, 2, 2] and most_down(watchdog) == 1
    pid = watchdog.program(ALL[2])["pid"]
    assert b"VERSION=2" in Path(f"/proc/{pid}/environ").read_bytes()
    (world.place / "bad-0").touch()
    world.write(rolling.replace('"1" }', '"3" }'))
    watchdog.call("reload")
    watchdog.wait_text("rolling restart stopped at web:web_00")
    assert incarnations(watchdog)[1:] == [2, 2]
    (world.place / "bad-0").unlink()
    watchdog.call("restart", "--rolling", "web")
    pid = watchdog.program(ALL[2])["pid"]
    assert b"VERSION=3" in Path(f"/proc/{pid}/environ").read_bytes()


def test_it_goes_on_without_its_client_and_over_an_upgrade(world: World) -> None:
    """Who asked may die, and the watchdog be replaced: all are restarted, one at a time."""
    watchdog = ready(world)
    words = [sys.executable, "-m", "watchdog", "restart", "-s", str(watchdog.socket)]
    client = subprocess.Popen(
        [*words, "--rolling", "web"], cwd=world.place, env=world.environment,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    wait_until(lambda: incarnations(watchdog)[0] == 2, "the first to be restarted")
    client.kill()
    client.wait()
    watchdog.call("upgrade")
    wait_until(lambda: incarnations(watchdog) == [2, 2, 2], "all to be restarted")
    watchdog.wait_text("rolling restart done")
    assert most_down(watchdog) == 1
