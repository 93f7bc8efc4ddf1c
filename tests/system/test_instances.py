"""Several instances of one program under a real watchdog: their names, and scaling them."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.system.harness import Watchdog, World, is_alive, wait_until

WORKER = """
[programs.worker]
command = ["sh", "-c", "echo $WATCHDOG_INSTANCE $SUPERVISOR_PROCESS_NAME %(process_num)02d; exec sleep 600"]
instances = 2
start_seconds = "100ms"
"""  # noqa: E501
BOT = '[programs.bot]\ncommand = "sleep 600"\ndepends_on = ["worker"]\nstart_seconds = "50ms"\n'


def workers(watchdog: Watchdog) -> dict[str, int]:
    """The pids of the instances that run."""
    programs = watchdog.status()["programs"]
    return {p["name"]: p["pid"] for p in programs if p["group"] == "worker" and p["pid"]}


def names(*numbers: int) -> list[str]:
    return [f"worker:worker_{number:02d}" for number in numbers]


def test_the_plain_name_means_all_instances(world: World) -> None:
    """In every command; and a program that depends on it waits for all of them."""
    watchdog = world.up(WORKER + BOT)
    watchdog.wait_state("bot", "RUNNING")
    held = [line for line in watchdog.journal() if line.get("program") == "bot"]
    assert any("waiting for worker:worker_0" in line["reason"] for line in held)
    assert list(workers(watchdog)) == names(0, 1)
    assert watchdog.log("worker:worker_01") == "1 worker_01 01\n"
    stopped = watchdog.call("stop", "worker")
    assert stopped.stdout.split("\n")[:2] == [f"{name}: stopped" for name in names(0, 1)]
    assert watchdog.call("status", "worker").stdout.count("STOPPED") == 2
    assert watchdog.call("status", "bot").returncode == 0
    assert watchdog.call("start", "worker:*").stdout.count(": started") == 2
    before = workers(watchdog)
    watchdog.call("restart", "worker_01")
    after = workers(watchdog)
    assert [before[name] == after[name] for name in names(0, 1)] == [True, False]
    assert watchdog.call("logs", "worker", "--raw").stdout.count("worker_0") >= 4
    assert watchdog.call("why", "worker").stdout.count("is RUNNING") == 2
    ctl = Path(sys.executable).with_name("supervisorctl")
    shown = subprocess.run(
        [ctl, "-s", f"unix://{watchdog.socket}", "status", "worker:*"],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert [line.split()[:2] for line in shown.stdout.splitlines()] == [
        [name, "RUNNING"] for name in names(0, 1)
    ]


def test_scaling_touches_only_what_comes_and_goes(world: World) -> None:
    """More are started, the highest numbers are proved gone; it is told, and kept."""
    watchdog = world.up(WORKER + BOT)
    watchdog.wait_state("bot", "RUNNING")
    first, bot = workers(watchdog), watchdog.program("bot")["pid"]
    done = watchdog.call("scale", "worker=4")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        *(f"{name}: started" for name in names(2, 3)),
        "worker: scaled to 4 (file: 2)",
    ]
    assert list(workers(watchdog)) == names(0, 1, 2, 3)
    assert workers(watchdog).items() >= first.items()
    assert "worker: scaled to 4 (file: 2)" in watchdog.call("status").stdout
    assert set(json.loads(watchdog.call("status", "--json").stdout)) == {"watchdog", "programs"}
    gone = {name: workers(watchdog)[name] for name in names(1, 2, 3)}
    done = watchdog.call("scale", "worker=1")
    assert not any(map(is_alive, gone.values()))
    assert done.stdout.count(": stopped") == 3 and list(workers(watchdog)) == names(0)
    assert watchdog.call("scale", "worker=0").returncode == 0 and workers(watchdog) == {}
    assert watchdog.call("scale").stdout == "worker: scaled to 0 (file: 2)\n"
    done = watchdog.call("scale", "worker=default", "--no-wait")
    assert done.stdout == "worker: 2 instances\n"
    for name in names(0, 1):
        watchdog.wait_state(name, "RUNNING")
    assert watchdog.program("bot")["pid"] == bot
    assert not (watchdog.state / "scale.json").exists()
    told = [line for line in watchdog.journal() if line["event"] == "scale"]
    assert [(line["previous"], line["count"]) for line in told] == [(2, 4), (4, 1), (1, 0), (0, 2)]


def test_a_number_outlives_the_watchdog_until_the_file_changes(world: World) -> None:
    """An upgrade, a SIGKILL and a reload keep it; another number in the file does not."""
    watchdog = world.up(WORKER)
    assert watchdog.call("scale", "worker=3").returncode == 0
    pids = workers(watchdog)
    assert list(pids) == names(0, 1, 2)
    watchdog.call("upgrade")
    assert workers(watchdog) == pids
    watchdog.signal(signal.SIGKILL)
    watchdog.process.wait()
    watchdog = world.up(WORKER)
    assert workers(watchdog) == pids and "as scaled before: worker=3" in watchdog.text
    world.write(WORKER.replace('"100ms"', '"101ms"'))
    assert "removed" not in watchdog.call("reload").stdout and workers(watchdog) == pids
    world.write(WORKER.replace("instances = 2", "instances = 1"))
    reloaded = watchdog.call("reload").stdout
    assert "worker: its instances are those of the file again" in reloaded
    wait_until(lambda: list(workers(watchdog)) == names(0), "the file's number to count")
    assert workers(watchdog)[names(0)[0]] == pids[names(0)[0]]
    assert not (watchdog.state / "scale.json").exists()


def test_what_cannot_be_scaled_is_said(world: World) -> None:
    """Nothing changes then, and the words say what to do."""
    single = '[programs.one]\ncommand = "sleep 600"\ninstances = 1\nsingleton = "${WHO}"\n'
    world.environment["WHO"] = world.mark
    watchdog = world.up(WORKER + BOT + single)
    for word, text in (
        ("bot=2", "bot has no `instances` in the configuration; write `instances = 1` under"),
        ("nobody=2", "there is no program nobody with `instances`; there are: worker, one"),
        ("worker=-1", "worker: found -1; allowed: 0 to 1000 instances"),
        ("worker=1001", "worker: found 1001; allowed: 0 to 1000 instances"),
        ("one=2", "would be that of one:one_00 and of one:one_01; write %(process_num)d into"),
    ):
        done = watchdog.call("scale", "worker=1", word)
        assert done.returncode == 1 and text in done.stdout, done.stdout
    assert watchdog.call("scale", "worker").returncode == 2
    assert list(workers(watchdog)) == names(0, 1)


def test_an_instance_that_does_not_come_up_fails_the_scaling(world: World) -> None:
    """It is said which, and why; the number counts all the same, and it is tried again."""
    script = "test %(process_num)d -lt 2 || { echo no room; exit 3; }; exec sleep 600"
    watchdog = world.up(
        WORKER.split("command")[0] + f'command = ["sh", "-c", "{script}"]\n'
        'instances = 2\nstart_seconds = "200ms"\nrestart.initial = "1h"\n'
        'restart.maximum = "1h"\n'
    )
    done = watchdog.call("scale", "worker=3")
    assert done.returncode == 1
    assert f"{names(2)[0]}: ERROR (exit status 3: no room)" in done.stdout
    assert watchdog.program(names(2)[0])["state"] == "BACKOFF"
