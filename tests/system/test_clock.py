"""A clock that jumps: nothing is decided by the wall clock, and nothing happens when it moves."""

from __future__ import annotations

import ast
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import ROOT, World

# The functions that read the wall clock, and the only modules that may: they label what people
# read (a log line, a start time), or compare file times, and no deadline comes of it.
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.today"}
MAY_LABEL = {
    "control/supervisor_methods.py",
    "control/observe_methods.py",
    "daemon/announcer.py",  # when an event of a listener happened
    "daemon/clock.py",
    "daemon/console.py",
    "daemon/crier.py",  # when an alert was raised, and how long the watchdog was gone
    "daemon/drills.py",  # when a fault was done
    "daemon/meter.py",
    "daemon/rehearsals.py",  # drills by the calendar
    "daemon/schedules.py",  # restarts by the calendar
    "daemon/signs.py",  # how old a file is, as a bound of a gap; no deadline
    "daemon/tally.py",
    "daemon/views.py",
    "locks/holders.py",
    "logs/lines.py",
    "logs/pump.py",
    "logs/rotation.py",  # rotation by age goes by the calendar
}
ADAPTERS = ("core", "daemon", "process", "probes", "locks", "logs", "control")

SHIM = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long long shift(void) {  /* seconds, read anew from a file each time */
    long long seconds = 0;
    const char *path = getenv("CLOCK_SHIFT");
    FILE *file = path ? fopen(path, "r") : NULL;
    if (file) { if (fscanf(file, "%lld", &seconds) != 1) seconds = 0; fclose(file); }
    return seconds;
}
int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int code = real(which, at);
    if (!code && which == CLOCK_REALTIME) at->tv_sec += shift();
    return code;
}
"""


def wall_clock_uses(path: Path) -> Iterator[int]:
    """The lines in which a module calls, or hands on, a function that reads the wall clock."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in WALL:
            yield node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "time":
            yield from (node.lineno for name in node.names if f"time.{name.name}" in WALL)


def test_only_labels_are_made_from_the_wall_clock() -> None:
    """In the resident process no module reads the wall clock but those that label for people."""
    package = ROOT / "watchdog"
    found = {
        f"{path.relative_to(package)}:{line}"
        for part in ADAPTERS
        for path in (package / part).rglob("*.py")
        for line in wall_clock_uses(path)
    }
    elsewhere = {place for place in found if place.partition(":")[0] not in MAY_LABEL}
    assert not elsewhere
    assert found  # the search itself works


@pytest.fixture
def shim(world: World) -> Path:
    """A library that moves the wall clock of a process by what a file says."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("needs a C compiler")
    source, library = world.place / "shim.c", world.place / "shim.so"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


@pytest.mark.parametrize("jump", [400_000_000, -400_000_000])
def test_a_jump_of_the_wall_clock_ends_and_delays_nothing(
    world: World, shim: Path, jump: int
) -> None:
    """Years forward or back: no program is ended, probes go on, a backoff takes as long as ever."""
    shift = world.place / "shift"
    shift.write_text("0")
    world.write(
        '[programs.well]\ncommand = "sleep 600"\nheartbeat = "10m"\nstart_seconds = 0.1\n'
        'liveness = { exec = "true", period = "200ms", timeout = "5s" }\n'
        '[programs.ill]\ncommand = "sleep 600"\n'
        'restart = { initial = "2s", maximum = "2s", jitter = 0 }\n'
    )
    watchdog = world.run(
        "-c", "w.toml", environment={"LD_PRELOAD": str(shim), "CLOCK_SHIFT": str(shift)}
    )
    watchdog.wait_up()
    watchdog.wait("well", lambda p: p["health"] == "healthy", "health")
    watchdog.wait("ill", lambda p: p["pid"], "a pid")
    assert watchdog.call("signal", "KILL", "ill").returncode == 0
    watchdog.wait_state("ill", "BACKOFF")
    began = time.monotonic()
    shift.write_text(str(jump))
    watchdog.wait("ill", lambda p: p["pid"] and p["incarnation"] == 2, "the end of the backoff")
    assert time.monotonic() - began < 15
    seen = watchdog.wait("well", lambda p: p["health"] == "healthy", "health after the jump")
    assert seen["restarts"] == 0
    assert 0 <= seen["uptime_seconds"] < 120
    years = {line["at"][:4] for line in watchdog.journal()}
    assert len(years) == 2, "the shim moved the clock"
    assert watchdog.leave() == 0
