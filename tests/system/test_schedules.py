"""Planned restarts and ceilings with real processes, as journal, why, report and metrics tell."""

from __future__ import annotations

from typing import Any

from tests.system.harness import Watchdog, World, wait_until

SLEEPER = """
[programs.a]
command = ["sleep", "1000"]
start_seconds = 0
"""


def causes(watchdog: Watchdog) -> list[Any]:
    """Why the program was ended, in order."""
    lines = watchdog.journal()
    return [one["cause"] for one in lines if one.get("state") == "STOPPING" and "from" in one]


def test_an_old_process_is_replaced_and_nothing_else(world: World) -> None:
    """A cause of its own in the journal, in why, in the report and in the metrics; no incident."""
    watchdog = world.up(
        SLEEPER
        + """
maximum_age = "1s"
[programs.b]
command = ["sleep", "1000"]
depends_on = ["a"]
start_seconds = 0
"""
    )
    other = watchdog.wait_state("b", "RUNNING")["pid"]
    found = watchdog.wait("a", lambda p: p["incarnation"] >= 3, "two planned restarts")
    assert found["restarts"] == 0 and found["last_incident"] is None
    assert watchdog.program("b")["pid"] == other
    assert set(causes(watchdog)) == {"age"}
    assert "1 s old, at most 1 s are allowed" in watchdog.text
    assert "planned: age" in watchdog.call("why", "a").stdout
    wait_until(lambda: "age" in watchdog.call("report", "a").stdout, "the cause in the report")


def test_a_process_that_computes_too_much_is_replaced_with_evidence(world: World) -> None:
    """A ceiling of processor time over a time: an incident, and counted as a failure."""
    watchdog = world.up(
        """
[programs.a]
command = ["python", "-c", "while True: pass"]
start_seconds = 0
cpu = { limit = "5%", over = "1s" }
"""
    )
    found = watchdog.wait("a", lambda p: p["restarts"] >= 1, "a restart")
    assert causes(watchdog)[0] == "cpu"
    watchdog.wait("a", lambda p: p["last_incident"], "an incident")
    told = watchdog.call("why", "a").stdout.replace("\n", " ")
    assert "used too much processor time" in told and "5 % allowed" in told
    assert found["incarnation"] >= 2


def test_memory_over_a_time(world: World) -> None:
    """What stays above its ceiling is replaced; the reason names the time."""
    grow = "x = bytearray(80 << 20); import time; time.sleep(1000)"
    watchdog = world.up(
        f"""
[programs.a]
command = ["python", "-c", "{grow}"]
start_seconds = 0
memory = {{ limit = "40MB", over = "1s" }}
"""
    )
    watchdog.wait("a", lambda p: p["restarts"] >= 1, "a restart")
    assert "used over 1 s, 40 MB allowed" in watchdog.text
    assert causes(watchdog)[0] == "memory"


def test_a_schedule_comes_and_goes_with_a_reload(world: World) -> None:
    """It is checked, taken without a restart, and a line that is wrong changes nothing."""
    watchdog = world.up(SLEEPER)
    pid = watchdog.wait_state("a", "RUNNING")["pid"]
    world.write(SLEEPER + 'restart_at = "0 4 * * 1"\n')
    assert watchdog.call("reload").returncode == 0
    assert watchdog.program("a")["pid"] == pid
    world.write(SLEEPER + 'restart_at = "0 25 * * 1"\n')
    told = watchdog.call("reload")
    assert told.returncode != 0
    for part in ("restart_at", '"0 25 * * 1"', "a cron line", "not understood: hour"):
        assert part in told.stdout
