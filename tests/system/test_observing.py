"""What a live view asks for: the timeline from the journal, and a program looked at closely."""

from __future__ import annotations

import time
from typing import Any

from tests.system.harness import World, wait_until
from watchdog.control.observe_methods import MOST_CHANGES, changes_of, seconds_of

NAMES = ["bot", "web"]


def line(second: int, state: str, program: str = "bot") -> dict[str, Any]:
    at = f"2026-01-01T00:{second // 60:02}:{second % 60:02}.000+00:00"
    return {"at": at, "event": "state", "program": program, "state": state}


BEGIN = seconds_of("2026-01-01T00:00:00.000+00:00")


def test_a_timeline_begins_with_the_change_before_it() -> None:
    """So its first minutes are known; what was before that is left out."""
    lines = [line(1, "STARTING"), line(2, "RUNNING"), line(30, "BACKOFF"), line(31, "STARTING")]
    assert changes_of(lines, NAMES, BEGIN + 20) == {
        "bot": [[BEGIN + 2, "RUNNING"], [BEGIN + 30, "BACKOFF"], [BEGIN + 31, "STARTING"]],
        "web": [],
    }


def test_the_end_of_a_watchdog_is_a_gap_for_all_programs() -> None:
    """From then on nobody looked; and only programs that are configured are told of."""
    ended = {"at": line(9, "")["at"], "event": "watchdog", "state": "SHUTDOWN"}
    lines = [line(1, "RUNNING"), line(2, "RUNNING", "gone"), ended, line(10, "RUNNING")]
    lines += [{"at": ended["at"], "event": "watchdog", "state": "RUNNING"}, {"event": "lost"}]
    found = changes_of(lines, NAMES, BEGIN)
    assert found["bot"] == [[BEGIN + 1, "RUNNING"], [BEGIN + 9, ""], [BEGIN + 10, "RUNNING"]]
    assert found["web"] == [[BEGIN + 9, ""]]
    assert "gone" not in found


def test_a_timeline_is_bounded() -> None:
    """A crash loop does not make an answer long; the newest changes are kept."""
    lines = [line(second, ("RUNNING", "BACKOFF")[second % 2]) for second in range(1000)]
    found = changes_of(lines, NAMES, BEGIN)["bot"]
    assert len(found) == MOST_CHANGES and found[-1] == [BEGIN + 999, "BACKOFF"]


CONFIG = """
[programs.bot]
command = ["sh", "-c", "sleep 600 & exec sleep 601"]
environment = { API_TOKEN = "made-up-secret-value-1", TZ = "UTC", LC_TIME = "C" }
[programs.probed]
command = ["sleep", "600"]
liveness = { exec = ["true"], period = "200ms" }
"""


def test_what_is_observed_of_real_programs(world: World) -> None:
    """CPU, memory, new probes only; the processes; names of variables, values of harmless ones."""
    watchdog = world.up(CONFIG)
    watchdog.wait_state("bot", "RUNNING")
    client = watchdog.client()

    def look(since: float) -> dict[str, Any]:
        answer = client.call("watchdog.observe", since)
        return {"now": answer["now"], **{one["name"]: one for one in answer["programs"]}}

    first = wait_until(lambda: (seen := look(0.0))["probed"].get("probes") and seen, "a probe")
    assert first["bot"]["processes"] == 2 and first["bot"]["resident_bytes"] > 0
    assert abs(first["now"] - time.time()) < 60
    assert "probes" not in first["bot"]
    at, role, ok, seconds = first["probed"]["probes"][0]
    assert role in ("startup", "liveness") and ok is True and 0 < seconds < 60
    later = look(first["now"])
    assert all(probe[0] > first["now"] for probe in later["probed"].get("probes", []))
    assert at <= first["now"]
    assert client.call("watchdog.probes", "probed")[0]["role"] == role

    tree = client.call("watchdog.processes", "bot")
    assert {one["command"] for one in tree} == {"sleep 600", "sleep 601"}
    assert {one["parent"] for one in tree} <= {watchdog.process.pid, first["bot"]["pid"]}

    variables = client.call("watchdog.environment", "bot")
    assert variables["API_TOKEN"] is None and variables["TZ"] == "UTC"
    assert variables["LC_TIME"] == "C" and variables["WATCHDOG_PROGRAM"] == "bot"
    states = [state for _, state in client.call("watchdog.timeline", 3600)["bot"]]
    assert states == ["STARTING", "RUNNING"]
