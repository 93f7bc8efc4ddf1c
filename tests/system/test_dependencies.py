"""Order among real programs: readiness, failure as a reason, restarts of one and of a chain."""

from __future__ import annotations

from tests.system.harness import Watchdog, World

SLEEP = 'command = ["sleep", "1000"]\nstart_seconds = 0.1\n'


def platform(world: World) -> str:
    """db is up once a file is there; web needs db, worker needs web, bot needs nobody."""
    probe = f'startup = {{ exec = ["test", "-e", "{world.place}/up"], period = "50ms" }}\n'
    return (
        f"[programs.db]\n{SLEEP}{probe}"
        f'[programs.web]\n{SLEEP}depends_on = ["db"]\n'
        f'[programs.worker]\n{SLEEP}depends_on = ["web"]\n'
        f"[programs.bot]\n{SLEEP}"
    )


def pids(watchdog: Watchdog) -> dict[str, int]:
    """Who runs."""
    return {name: watchdog.program(name)["pid"] for name in ("db", "web", "worker", "bot")}


def all_up(world: World) -> Watchdog:
    """The platform, with everything RUNNING."""
    (world.place / "up").touch()
    watchdog = world.up(platform(world))
    watchdog.wait_state("worker", "RUNNING")
    watchdog.wait_state("bot", "RUNNING")
    return watchdog


def test_start_waits_for_readiness_and_says_what_fails(world: World) -> None:
    """A process id is not enough; the reason at the end of the chain is the one at its root."""
    watchdog = world.up(platform(world))
    watchdog.wait("db", lambda p: p["pid"], "a process")
    told = "waiting for web, which is waiting for db (STARTING: exit 1)"
    watchdog.wait("worker", lambda p: p["reason"] == told, "the reason of the root")
    assert watchdog.program("web")["pid"] is None and watchdog.program("bot")["pid"]
    (world.place / "up").touch()
    watchdog.wait_state("worker", "RUNNING")


def test_restart_of_one_touches_no_other(world: World) -> None:
    """Worker and bot keep their processes when web is restarted."""
    watchdog = all_up(world)
    before = pids(watchdog)
    assert watchdog.call("restart", "web").returncode == 0
    after = pids(watchdog)
    assert {name for name in before if before[name] != after[name]} == {"web"}


def test_restart_with_dependents_goes_up_and_down_in_order(world: World) -> None:
    """Whoever depends on it stops before it and starts after it; the others are left alone."""
    watchdog = all_up(world)
    before = pids(watchdog)
    told = watchdog.call("restart", "--with-dependents", "db")
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines() == ["db: restarted", "web: restarted", "worker: restarted"]
    after = pids(watchdog)
    assert {name for name in before if before[name] != after[name]} == {"db", "web", "worker"}
    moves = [line for line in watchdog.journal() if line.get("event") == "state"]
    stopped = [line["program"] for line in moves if line["state"] == "STOPPED"]
    running = [line["program"] for line in moves if line["state"] == "RUNNING" and "from" in line]
    assert stopped == ["worker", "web", "db"]
    assert [name for name in running if name != "bot"][-3:] == ["db", "web", "worker"]


def test_start_of_all_waits_until_the_last_of_the_chain_runs(world: World) -> None:
    """`start all` does not answer `waiting` for what is on its way up."""
    watchdog = all_up(world)
    assert watchdog.call("stop", "all").returncode == 0
    told = watchdog.call("start", "all")
    assert told.returncode == 0 and "waiting" not in told.stdout, told.stdout
    assert all(pids(watchdog).values())
