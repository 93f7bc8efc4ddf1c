"""`watchdog logs` on the real thing: several programs, restarts, and no watchdog at all."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from tests.system.harness import World, wait_until
from tests.system.telegram import free_port

TICKS = (
    "import itertools, time\n"
    "for n in itertools.count():\n"
    "    print(f'tick {n:06} ' + 'x' * 60, flush=True)\n"
    "    time.sleep(0.002)\n"
)


class Following:
    """A `watchdog logs -f` that runs, and the lines that it has printed."""

    def __init__(self, world: World, *words: str) -> None:
        self.lines: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "watchdog", "logs", "-f", *words],
            cwd=world.place,
            env=world.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.lines.append(line.rstrip("\n"))

    def end(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


@pytest.fixture
def followers() -> Iterator[list[Following]]:
    started: list[Following] = []
    yield started
    for one in started:
        one.end()


def test_several_programs_in_the_order_of_time(world: World) -> None:
    """Named ones or all, prefixed and merged; --json has the times; --grep and --since choose."""
    watchdog = world.up(
        "[programs.a]\ncommand = \"sh -c 'echo one; while [ ! -e go ]; do sleep 0.05; done; "
        'echo three; sleep 600\'"\nlogs = { format = "text" }\n'
        "[programs.long]\ncommand = \"sh -c 'while [ ! -e on ]; do sleep 0.05; done; echo two; "
        'sleep 600\'"\nlogs = { format = "json" }\n'
    )
    watchdog.wait_log("a", "one")
    (world.place / "on").touch()
    watchdog.wait_log("long", "two")
    (world.place / "go").touch()
    watchdog.wait_log("a", "three")
    shown = watchdog.call("logs").stdout.splitlines()
    assert [line[:7] for line in shown] == ["a    | ", "long | ", "a    | "]
    told = [
        json.loads(line)
        for line in watchdog.call("logs", "--json", "a", "long").stdout.splitlines()
    ]
    assert [one["line"] for one in told] == ["one", "two", "three"]
    assert all(one["time"] for one in told)
    assert watchdog.call("logs", "--grep", "T.O|E$", "-v", "--no-prefix").stdout.count("\n") == 3
    assert watchdog.call("logs", "--grep", "T.O|E$", "-iv").stdout == ""
    assert watchdog.call("logs", "--since", "1h").stdout.count("\n") == 3
    assert watchdog.call("logs", "--since", "2100-01-01").stdout == ""
    assert "allowed" in watchdog.call("logs", "--since", "soon").stdout
    assert "no pattern" in watchdog.call("logs", "--grep", "(").stdout


@pytest.mark.parametrize("event", ["upgrade", "killed"])
def test_following_neither_loses_nor_doubles_a_line(
    world: World, followers: list[Following], event: str
) -> None:
    """Through rotations, and an upgrade or a death and restart of the watchdog, each line once."""
    (world.place / "tick.py").write_text(TICKS)
    text = '[programs.a]\ncommand = "python tick.py"\nlogs = { maximum = "20KB", backups = 9 }\n'
    watchdog = world.up(text)
    watchdog.wait_log("a", "tick 000010")
    following = Following(world, "-c", watchdog.config, "a", "-n", "5")
    followers.append(following)
    wait_until(lambda: len(following.lines) > 300, "lines before")
    if event == "upgrade":
        assert watchdog.call("upgrade").returncode == 0
    else:
        watchdog.process.kill()
        watchdog.process.wait()
        world.up(text)
    before = len(following.lines)
    wait_until(lambda: len(following.lines) > before + 300, "lines after")
    numbers = [int(line.split()[1]) for line in following.lines]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_without_a_watchdog_the_files_are_read(world: World) -> None:
    """The logs that a watchdog left are shown all the same, and that is said."""
    watchdog = world.up("[programs.a]\ncommand = \"sh -c 'echo left; exec sleep 600'\"\n")
    watchdog.wait_log("a", "left")
    assert watchdog.leave() == 0
    assert watchdog.call("logs", "a").stdout.endswith("left\n")
    shown = world.call("logs", "a", "-c", watchdog.config)
    assert shown.returncode == 0
    assert "the files that it left" in shown.stdout
    assert shown.stdout.endswith("left\n")
    unknown = world.call("logs", "b", "-c", watchdog.config)
    assert (unknown.returncode, "there are: a" in unknown.stdout) == (1, True)


def test_over_tcp_a_lost_connection_is_taken_up_again(
    world: World, followers: list[Following]
) -> None:
    """A follower over the network connects again after the watchdog's death, and goes on."""
    port = free_port()
    (world.place / "tick.py").write_text(TICKS.replace("0.002", "0.1"))
    text = (
        f'[watchdog]\nstate = "state"\nhttp = "127.0.0.1:{port}"\n'
        'username = "me"\npassword = "secret"\n'
        '[programs.a]\ncommand = "python tick.py"\n'
    )
    world.environment["WATCHDOG_PASSWORD"] = "secret"
    watchdog = world.up(text)
    watchdog.wait_log("a", "tick")
    address = f"http://127.0.0.1:{port}"
    following = Following(world, "--url", address, "--user", "me", "a", "-n", "1")
    followers.append(following)
    wait_until(lambda: len(following.lines) > 3, "lines before")
    watchdog.process.kill()
    watchdog.process.wait()
    world.up(text)
    before = len(following.lines)
    wait_until(lambda: len(following.lines) > before + 3, "lines after")
    numbers = [int(line.split()[1]) for line in following.lines]
    assert numbers == sorted(set(numbers))
