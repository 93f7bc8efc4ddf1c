"""`watchdog holders` and `watchdog unlock`, as a user calls them."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import PATIENCE, Watchdog, World, is_alive, unused_key, wait_until

# It leaves a helper in a session of its own that inherits all and does not listen to SIGTERM.
SCRIPT = """
import os, signal, sys, time
if "alone" not in sys.argv and os.fork() == 0:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(1000)
print("up", flush=True)
time.sleep(1000)
"""


@pytest.fixture
def key() -> str:
    return unused_key()


def configuration(world: World, key: str, *words: str, more: str = "", state: str = "state") -> str:
    (world.place / "prog.py").write_text(SCRIPT)
    command = json.dumps(["python", "prog.py", *words])
    return (
        f'[watchdog]\nstate = "{state}"\n[programs.bot]\ncommand = {command}\n'
        f'singleton = "{key}"\nstop = {{ grace = "500ms" }}\n{more}'
    )


def up(world: World, key: str, *words: str) -> Watchdog:
    watchdog = world.up(configuration(world, key, *words))
    watchdog.wait_log("bot", "up")
    return watchdog


def orphaned(world: World, key: str, *words: str) -> Watchdog:
    """A watchdog that was killed; its program lives on."""
    watchdog = up(world, key, *words)
    watchdog.process.kill()
    watchdog.process.wait()
    return watchdog


def keepers(world: World, *words: str) -> dict[str, dict[str, Any]]:
    """By role."""
    told = json.loads(world.call("holders", *words, "--json").stdout)
    return {keeper["role"]: keeper for survey in told for keeper in survey["keepers"]}


def test_holders_need_no_watchdog(world: World, key: str) -> None:
    """After a SIGKILL of the watchdog the program and its helper are listed; exit 0, then 3."""
    watchdog = orphaned(world, key)
    found = keepers(world, "-c", watchdog.config, "bot")
    assert set(found) == {"program", "helper"}
    assert found["program"]["keeps"] == ["file", "socket"]
    told = world.call("holders", "-c", watchdog.config)
    assert (told.returncode, told.stdout.count("python prog.py")) == (0, 2)
    assert world.call("unlock", "-c", watchdog.config, "bot", "--yes").returncode == 0
    told = world.call("holders", "-c", watchdog.config)
    assert (told.returncode, told.stdout) == (3, f"{key}: nobody holds it\n")


def test_unlock_ends_them_and_the_next_watchdog_starts(world: World, key: str) -> None:
    """Both are gone, the file is the same one, and another watchdog is not refused any more."""
    watchdog = orphaned(world, key)
    pids = [keeper["pid"] for keeper in keepers(world, "--key", key).values()]
    (file,) = [path for path in (world.place / "locks").iterdir() if key in path.name]
    inode = file.stat().st_ino
    told = world.call("unlock", "-c", watchdog.config, "bot", "--yes")
    assert told.returncode == 0, told.stdout
    assert "ended by SIGTERM" in told.stdout
    assert "ended by SIGKILL" in told.stdout
    assert f"{key} is free" in told.stdout
    assert not any(map(is_alive, pids))
    assert file.stat().st_ino == inode
    other = world.start(configuration(world, key, "alone", state="other"), name="other.toml")
    other.wait_text("started as pid")


def test_a_stray_is_found_and_ended(world: World, key: str) -> None:
    """Watchdog and program are dead; what inherited the lock refuses the next one no more."""
    watchdog = orphaned(world, key)
    program = keepers(world, "--key", key)["program"]["pid"]
    os.kill(program, signal.SIGKILL)
    wait_until(lambda: not is_alive(program), "the program to be gone")
    found = keepers(world, "--key", key)
    assert set(found) == {"stray"}
    told = world.call("unlock", "-c", watchdog.config, "bot", "--yes")
    assert told.returncode == 0, told.stdout
    assert not is_alive(found["stray"]["pid"])


def test_unlock_asks_the_living_watchdog_to_stop(world: World, key: str) -> None:
    """Nothing is done behind its back: the program is STOPPED, and was not restarted."""
    watchdog = up(world, key)
    assert set(keepers(world, "--key", key)) == {"watchdog", "program", "helper"}
    told = watchdog.world.call("unlock", "-c", watchdog.config, "bot", "--yes")
    assert told.returncode == 0, told.stdout
    assert "bot: stopped" in told.stdout
    program = watchdog.program("bot")
    assert (program["state"], program["restarts"]) == ("STOPPED", 0)
    assert not keepers(world, "--key", key)


def test_unlock_does_not_fight_a_watchdog_that_it_cannot_ask(world: World, key: str) -> None:
    """Exit 1 with what to do, and the program is untouched."""
    watchdog = up(world, key, "alone")
    pid = watchdog.program("bot")["pid"]
    told = world.call("unlock", "--key", key, "--yes")
    assert told.returncode == 1
    assert "watchdog stop bot" in told.stdout
    assert watchdog.program("bot")["pid"] == pid
    assert is_alive(pid)


def test_nobody_is_ended_without_a_word(world: World, key: str) -> None:
    """Without a terminal and without --yes: exit 2, and all live."""
    watchdog = orphaned(world, key)
    told = world.call("unlock", "-c", watchdog.config, "bot")
    assert told.returncode == 2
    assert "--yes" in told.stdout
    assert set(keepers(world, "--key", key)) == {"program", "helper"}


@pytest.mark.parametrize(("answer", "code", "left"), [("n", 1, 1), ("", 1, 1), ("y", 0, 0)])
def test_on_a_terminal_it_asks(world: World, key: str, answer: str, code: int, left: int) -> None:
    """Only a yes ends anything."""
    watchdog = orphaned(world, key, "alone")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "watchdog", "unlock", "-c", watchdog.config, "bot"],
        env=world.environment,
        cwd=world.place,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    os.write(ours, f"{answer}\n".encode())
    out, _ = process.communicate(timeout=PATIENCE)
    os.close(ours)
    os.close(theirs)
    assert "end 1 process? [y/N]" in out
    assert process.returncode == code, out
    assert len(keepers(world, "--key", key)) == left


def test_a_watchdog_that_stood_by_takes_over(world: World, key: str) -> None:
    """The holder is ended for it: exit 0, and its program starts."""
    orphaned(world, key, "alone")
    standby = world.start(
        configuration(world, key, "alone", more='when_held = "wait"\n', state="other"),
        name="other.toml",
    )
    standby.state = world.place / "other"
    standby.wait_state("bot", "WAITING")
    told = world.call("unlock", "--key", key, "--yes")
    assert told.returncode == 0, told.stdout
    standby.wait_state("bot", "RUNNING")


def test_what_has_no_lock_is_said(world: World) -> None:
    """A program without a singleton, an unknown one, no configuration: words, and no trace."""
    config = str(world.write('[programs.bot]\ncommand = "sleep 1"\n'))
    for words, code, text in (
        (("unlock", "-c", config, "bot"), 2, "has no `singleton`"),
        (("holders", "-c", config), 2, "no program of the configuration has a `singleton`"),
        (("holders", "-c", config, "nope"), 2, "there is no program nope; there are: bot"),
        (("holders", "-c", "nowhere.toml"), 78, "--key KEY needs none"),
        (("unlock",), 2, "say which lock"),
    ):
        told = world.call(*words)
        assert told.returncode == code, told.stdout
        assert text in told.stdout
        assert "Traceback" not in told.stdout


def test_the_help_has_examples(world: World) -> None:
    """And says what the exit codes mean."""
    for command in ("holders", "unlock", "doctor"):
        text = world.call(command, "--help").stdout
        assert "Exit code" in text
        assert f"watchdog {command}" in text.partition("example")[2]


def test_the_place_is_clean(world: World, key: str) -> None:
    """Looking makes no directory."""
    world.call("holders", "--key", key)
    assert not Path(world.environment["WATCHDOG_LOCK_DIR"]).exists()
