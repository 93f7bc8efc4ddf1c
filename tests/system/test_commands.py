"""Commands that cannot run, or do not run for long."""

from __future__ import annotations

import os
import time

import pytest

from tests.system.harness import World

IMPOSSIBLE = [
    ("/no/such/thing", "cannot run '/no/such/thing': no such file"),
    ("no-such-thing", "no such file in PATH"),
    ("./plain", "is not executable; chmod +x it"),
    ("./folder", "is a directory"),
]


@pytest.mark.parametrize(("command", "reason"), IMPOSSIBLE)
def test_a_command_that_cannot_run_is_fatal_with_the_cause(
    world: World, command: str, reason: str
) -> None:
    """A command that is missing or may not run is FATAL, says why, and is not tried again."""
    (world.place / "plain").write_text("#!/bin/sh\n")
    (world.place / "folder").mkdir()
    watchdog = world.up(f'[programs.a]\ncommand = ["{command}"]\n')
    seen = watchdog.wait_state("a", "FATAL")
    assert reason in seen["reason"]
    assert seen["restarts"] == 0
    told = watchdog.call("start", "a")
    assert told.returncode == 1
    assert reason in told.stdout
    assert watchdog.leave() == 0


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to be refused as somebody else")
def test_a_command_in_a_closed_directory_is_named(world: World) -> None:
    """A command that the program's user may not reach is FATAL and says so."""
    closed = world.place / "closed"
    closed.mkdir(mode=0o700)
    script = closed / "script"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    world.place.chmod(0o755)
    watchdog = world.up(f'[programs.a]\ncommand = ["{script}"]\ndirectory = "/"\nuser = "nobody"\n')
    seen = watchdog.wait_state("a", "FATAL")
    assert "cannot run" in seen["reason"]
    assert "permission" in seen["reason"].lower() or "may not" in seen["reason"]


def test_a_command_that_exits_at_once_is_never_restarted_in_a_hot_loop(world: World) -> None:
    """A command that ends at once is restarted at once only the first time, then ever later."""
    watchdog = world.up('[programs.a]\ncommand = ["sh", "-c", "echo I cannot; exit 3"]\n')
    seen = watchdog.wait("a", lambda p: p["restarts"] >= 2, "two restarts")
    times = [line for line in watchdog.journal() if line.get("from") == "WAITING"]
    assert "exit status 3: I cannot" in seen["reason"] or seen["state"] == "STARTING"
    before = watchdog.program("a")["incarnation"]
    began = time.monotonic()
    watchdog.wait("a", lambda p: p["incarnation"] > before, "a further restart")
    assert time.monotonic() - began < 30
    assert seen["incarnation"] <= 4, times


def test_a_crash_loop_is_parked_and_says_so(world: World) -> None:
    """At the limit of restarts a program is held as FATAL, with the count and the last words."""
    watchdog = world.up(
        '[programs.a]\ncommand = ["sh", "-c", "echo it is broken >&2; exit 1"]\n'
        'restart = { limit = 2, maximum = "100ms" }\n'
    )
    watchdog.wait("a", lambda p: p["restarts"] >= 2, "the restarts")
    text = watchdog.wait_text("FATAL")
    assert "a: FATAL: 2 restarts within 600 s; exit status 1: it is broken" in text


def test_the_last_words_of_a_killed_program_are_not_its_reason(world: World) -> None:
    """A program that is killed by a signal has the signal as its reason, and no line of its log."""
    watchdog = world.up(
        '[programs.a]\ncommand = ["sh", "-c", "echo all is well; kill -9 $$$$"]\n'
        'restart = { initial = "10m", maximum = "10m", jitter = 0 }\n'
    )
    assert watchdog.wait_state("a", "BACKOFF")["reason"] == "killed by SIGKILL (9)"


def test_an_earlier_incarnations_words_are_not_repeated(world: World) -> None:
    """A silent failure is not explained with the words of the incarnation before."""
    script = world.place / "script"
    script.write_text(
        "#!/bin/sh\n[ -e seen ] && exit 4\ntouch seen\necho the first one speaks\nexit 3\n"
    )
    script.chmod(0o755)
    watchdog = world.up(
        '[programs.a]\ncommand = ["./script"]\n'
        'restart = { initial = "0s", factor = 100, jitter = 0 }\nexit_codes = { fatal = [4] }\n'
    )
    reason = watchdog.wait_state("a", "FATAL")["reason"]
    assert reason == "exit status 4; exit code 4 is in exit_codes.fatal"
    assert "exit status 3: the first one speaks" in watchdog.text
