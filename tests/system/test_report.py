"""The report of a scripted life: a crash, a stop, a killed watchdog, and an orderly end."""

from __future__ import annotations

import json
import os
import signal
from typing import Any

from tests.system.harness import World, wait_until

TEXT = """
[programs.bot]
command = ["sleep", "1000"]
start_seconds = 0
liveness = { exec = ["true"], period = "200ms" }
restart = { initial = "500ms", jitter = 0 }
[programs.web]
command = ["sleep", "1000"]
start_seconds = 0
"""


def report(world: World, *words: str) -> dict[str, dict[str, Any]]:
    done = world.call("report", "-c", str(world.place / "w.toml"), "--json", *words)
    assert done.returncode == 0, done.stdout
    return {program["name"]: program for program in json.loads(done.stdout)["programs"]}


def test_a_life_is_told_with_and_without_a_watchdog(world: World) -> None:
    """What happened is in the report, by its cause, and what nobody saw is said to be unknown."""
    watchdog = world.up(TEXT)
    pid = watchdog.wait("bot", lambda p: p["health"] == "healthy", "health")["pid"]
    os.kill(pid, signal.SIGKILL)
    watchdog.wait("bot", lambda p: p["incarnation"] == 2 and p["health"] == "healthy", "health")
    assert watchdog.call("stop", "web").returncode == 0
    told = report(world)
    assert (told["bot"]["failures"], told["bot"]["restarts"]) == (1, 1)
    assert told["bot"]["downtime"]["crash"] > 0.4
    assert 0 < told["bot"]["availability"] < 1
    assert told["bot"]["probes"][0]["role"] in ("liveness", "startup")
    assert told["web"]["apart"]["operator"] > 0 and told["web"]["failures"] == 0

    watchdog.process.kill()
    watchdog.process.wait()
    watchdog = world.up(TEXT)
    watchdog.wait("bot", lambda p: p["health"] == "healthy", "adoption")
    wait_until(lambda: report(world)["bot"]["up_seconds"] > 0, "the bot to be up")
    kinds = [span["kind"] for span in report(world)["bot"]["timeline"]]
    assert kinds[-2:] == ["unknown", "up"], kinds

    assert watchdog.leave() == 0
    told = report(world, "bot")
    assert list(told) == ["bot"]
    assert told["bot"]["timeline"][-1]["cause"] == "shutdown"
    assert told["bot"]["probes"] == []

    page = world.place / "page.html"
    done = world.call("report", "-c", str(world.place / "w.toml"), "--html", str(page))
    assert done.returncode == 0 and "<svg" in page.read_text()
    text = world.call("report", "-c", str(world.place / "w.toml"), "--since", "1h").stdout
    assert "availability" in text and "no watchdog answers" in text and "\x1b" not in text


def test_mistakes_are_told(world: World) -> None:
    """An unknown program, a time in the future, no state directory: a sentence each, no trace."""
    config = str(world.write(TEXT))
    missing = world.call("report", "-c", config)
    assert missing.returncode == 1 and "there is no state directory" in missing.stdout
    (world.place / "state").mkdir()
    (world.place / "state" / "journal.jsonl").write_text('{"at":"2026\n')
    empty = world.call("report", "-c", config)
    assert empty.returncode == 0
    assert "Nothing is known" in empty.stdout and "1 line of the journal" in empty.stdout
    unknown = world.call("report", "-c", config, "cat")
    assert unknown.returncode == 1 and "knows no program cat" in unknown.stdout
    for since in ("yesterday", "2999-01-01", "-5d"):
        assert world.call("report", "-c", config, f"--since={since}").returncode == 2
