"""`/metrics` of a real watchdog, while things happen to its programs."""

from __future__ import annotations

import os
import signal
import socket
import urllib.request

import pytest

from tests.control.exposition import faults, value
from tests.system.harness import PATIENCE, Watchdog, World, wait_until

FAST = 'restart = { initial = "0s", jitter = 0 }\nstop = { grace = "1s" }\n'


@pytest.fixture
def port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def scrape(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
        return str(answer.read().decode())


def wait_value(port: int, name: str, least: float, **labels: str) -> float:
    """The value once it is at least that; a series that is not there yet counts as 0."""

    def reached() -> float:
        try:
            seen = value(scrape(port), name, **labels)
        except AssertionError:
            return 0
        return seen if seen >= least else 0

    return float(wait_until(reached, f"{name} to be {least}"))


def up(world: World, port: int) -> Watchdog:
    watchdog = world.up(
        f'[watchdog]\nstate = "state"\nhttp = "127.0.0.1:{port}"\n'
        f'[programs.a]\ncommand = "sleep 1000"\nstart_seconds = 0\n{FAST}'
        '[programs.h]\ncommand = "sleep 1000"\nautostart = false\n'
        'startup = { exec = "true", period = "100ms" }\n'
        'liveness = { exec = "test -e well", period = "200ms", failure_threshold = 2 }\n'
        f"{FAST}"
    )
    watchdog.wait_state("a", "RUNNING")
    return watchdog


def test_what_happens_is_counted_and_survives_an_upgrade(world: World, port: int) -> None:
    """A crash and a hang show, with their causes and times, before and after an upgrade."""
    watchdog = up(world, port)
    (world.place / "well").touch()
    pid = watchdog.program("a")["pid"]
    os.kill(pid, signal.SIGSEGV)
    watchdog.wait("a", lambda p: p["pid"] not in (None, pid), "a new process")
    watchdog.call("start", "h")
    assert wait_value(port, "watchdog_probe_duration_seconds_count", 1, role="liveness") >= 1
    (world.place / "well").unlink()
    wait_value(port, "watchdog_program_hangs_total", 1, program="h")
    (world.place / "well").touch()
    watchdog.wait_state("h", "RUNNING")
    page = scrape(port)
    assert faults(page) == []
    assert value(page, "watchdog_program_restarts_total", program="a", cause="crash") == 1
    assert value(page, "watchdog_program_crashes_total", program="a") == 1
    assert value(page, "watchdog_program_spawns_total", program="a") == 2
    assert value(page, "watchdog_program_incarnation", program="a") == 2
    assert value(page, "watchdog_program_double_seconds_total", program="a") == 0
    assert value(page, "watchdog_program_gap_seconds_total", program="a") > 0
    assert value(page, "watchdog_program_restarts_total", program="h", cause="hang") >= 1
    assert value(page, "watchdog_program_resident_memory_bytes", program="a") > 100_000
    assert value(page, "watchdog_program_processes", program="a") == 1
    assert value(page, "watchdog_program_open_fds", program="a") >= 3
    assert value(page, "watchdog_probe_failures_total", program="h", role="liveness") >= 2
    assert watchdog.call("upgrade").returncode == 0
    after = scrape(port)
    assert value(after, "watchdog_program_crashes_total", program="a") == 1
    assert value(after, "watchdog_program_hangs_total", program="h") >= 1


def test_an_adoption_and_a_bad_reload_show(world: World, port: int) -> None:
    """The next watchdog tells whom it adopted; a configuration that is refused turns a gauge."""
    first = up(world, port)
    first.process.kill()
    first.process.wait()
    second = up(world, port)
    page = scrape(port)
    assert value(page, "watchdog_program_adoptions_total", program="a") == 1
    assert value(page, "watchdog_program_processes", program="a") == 1
    assert value(page, "watchdog_last_reload_successful") == 1
    config = world.place / "w.toml"
    good = config.read_text()
    config.write_text("nonsense")
    assert second.call("reload").returncode == 1
    assert value(scrape(port), "watchdog_last_reload_successful") == 0
    config.write_text(good)
    assert second.call("reload").returncode == 0
    assert value(scrape(port), "watchdog_last_reload_successful") == 1


def test_a_start_is_always_told_as_the_same(world: World, port: int) -> None:
    """The start of a process does not move by rounding: `changes()` would take it for a restart."""
    up(world, port)
    starts = {
        value(scrape(port), "watchdog_program_start_time_seconds", program="a") for _ in range(5)
    }
    assert len(starts) == 1
