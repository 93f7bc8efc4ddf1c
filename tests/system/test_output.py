"""Programs that are hard on their output, and disks that do not take it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.system.harness import World, memory_of, wait_until

SECRET = "123456789:AAExampleExampleExampleExampleExamp"


def test_a_flood_without_newlines_is_captured_in_bounded_memory(world: World) -> None:
    """64 MB on one line are written and rotated, the watchdog answers meanwhile and stays small."""
    flood = (
        "import os\nfor _ in range(1024): os.write(1, b'x' * 65536)\nimport time; time.sleep(600)"
    )
    (world.place / "flood.py").write_text(flood)
    watchdog = world.up(
        '[programs.a]\ncommand = "python flood.py"\nlogs = { maximum = "20MB", backups = 2 }\n'
    )
    logs = watchdog.state / "logs"
    small = memory_of(watchdog.process.pid)

    def written() -> int:
        assert watchdog.status()["watchdog"]["state"] == "RUNNING"
        return sum(file.stat().st_size for file in logs.glob("a.log*"))

    wait_until(lambda: written() > 40_000_000, "the flood to be captured")
    assert memory_of(watchdog.process.pid) - small < 16 * 1024
    assert watchdog.program("a")["restarts"] == 0
    assert watchdog.leave() == 0


def test_a_program_that_closes_its_output_is_supervised_on(world: World) -> None:
    """Closed standard streams are no end of the program, and wake nobody up."""
    (world.place / "quiet.py").write_text(
        "import os, time\nprint('hello', flush=True)\nos.closerange(0, 3)\n"
        "open('closed', 'w').close()\ntime.sleep(600)\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "python quiet.py"\nstart_seconds = 0.1\n')
    wait_until((world.place / "closed").exists, "the output to be closed")
    watchdog.wait_state("a", "RUNNING")
    assert watchdog.log("a") == "hello\n"
    before = cpu_of(watchdog.process.pid)
    wait_until(lambda: watchdog.program("a")["uptime_seconds"] > 2, "some time to pass")
    assert cpu_of(watchdog.process.pid) - before < 100  # ticks of 10 ms: no spinning
    assert watchdog.program("a")["restarts"] == 0


def cpu_of(pid: int) -> int:
    """Ticks of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """A file system with 256 KB."""
    place = world.place / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("needs root and the right to mount")
    yield place
    world.end()
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_costs_lines_but_no_program_and_is_reported(
    world: World, small_disk: Path
) -> None:
    """With the logs' disk full the program runs on, the loss is said, and capture comes back."""
    (world.place / "chatty.py").write_text(
        "import time\n"
        "while True:\n    print('a line of some length, again and again' * 20, flush=True)\n"
        "    time.sleep(0.0005)\n"
    )
    watchdog = world.up(
        f'[programs.a]\ncommand = "python chatty.py"\nlogs = {{ path = "{small_disk}/a.log" }}\n'
    )
    watchdog.wait_text("No space left on device")
    assert "a: " in next(line for line in watchdog.text.splitlines() if "No space" in line)
    assert watchdog.wait_state("a", "RUNNING")["restarts"] == 0
    (small_disk / "a.log").unlink()
    (small_disk / "spare").write_text("")
    watchdog.signal(12)  # SIGUSR2: open the logs anew
    wait_until(
        lambda: "captured again" in watchdog.text, f"the capture to be back: {watchdog.text}"
    )
    assert watchdog.program("a")["restarts"] == 0
    assert watchdog.leave() == 0


def test_a_full_disk_for_everything_does_not_stop_the_watchdog(
    world: World, small_disk: Path
) -> None:
    """With no room even for the journal and its own log the watchdog restarts programs as ever."""
    watchdog = world.up(
        f'[watchdog]\nstate = "{small_disk}/s"\nsocket = "state/control.sock"\n'
        '[programs.a]\ncommand = "sleep 600"\n'
    )
    first = watchdog.wait("a", lambda p: p["pid"], "a pid")["pid"]
    with (small_disk / "filler").open("wb", buffering=0) as filler, suppress(OSError):
        while True:
            filler.write(b"x" * 4096)
    os.kill(first, 9)
    watchdog.wait("a", lambda p: p["pid"] not in (None, first), "another process")
    assert watchdog.call("status").returncode in (0, 3)
    assert watchdog.leave() == 0


def test_secrets_are_struck_out_of_everything_that_is_kept(world: World) -> None:
    """No token, known or only of a token's shape, is in a log, the journal, the status or argv."""
    other = "987654321:BBExampleExampleExampleExampleExamp"
    (world.place / ".env").write_text(f"TELEGRAM_BOT_TOKEN={SECRET}\n")
    (world.place / "leak.py").write_text(
        "import os, sys, time\n"
        "token = os.environ['TELEGRAM_BOT_TOKEN']\n"
        "print('mine is', token, flush=True)\n"
        f"print('another is {other}', flush=True)\n"
        "sys.stdout.write(token[:20]); sys.stdout.flush(); time.sleep(0.2)\n"
        "print(token[20:], 'in two pieces', flush=True)\n"
        "print('refused:', token, flush=True)\nsys.exit(77)\n"
    )
    watchdog = world.up(
        '[programs.a]\ncommand = "python leak.py"\nenv_file = ".env"\n'
        'singleton = "telegram:${TELEGRAM_BOT_TOKEN}"\n'
    )
    watchdog.wait_state("a", "FATAL")
    shown = watchdog.call("status").stdout + watchdog.call("status", "--json").stdout
    kept = [
        file.read_text(errors="replace") for file in watchdog.state.rglob("*") if file.is_file()
    ]
    locks = [file.read_text() for file in (world.place / "locks").rglob("*") if file.is_file()]
    everything = "\n".join([*kept, *locks, shown, watchdog.text, watchdog.call("logs", "a").stdout])
    assert "refused:" in shown
    assert "in two pieces" in watchdog.log("a")
    for secret in (SECRET, other):
        assert secret.partition(":")[2] not in everything
    assert watchdog.leave() == 0


def test_output_is_rotated_at_whole_lines_and_none_is_lost(world: World) -> None:
    """All lines are there, in order and whole, over all rotated files and a restart."""
    (world.place / "count.py").write_text(
        "import sys\nfor number in range(20000): print(f'line {number:06} of many')\n"
        "sys.stdout.flush()\n"
    )
    watchdog = world.up(
        '[programs.a]\ncommand = "python count.py"\nrestart = { when = "never" }\n'
        'logs = { maximum = "100KB", backups = 20 }\n'
    )
    watchdog.wait_state("a", "EXITED")
    logs = watchdog.state / "logs"
    files = sorted(logs.glob("a.log.*"), key=lambda file: -int(file.suffix[1:]))
    texts = [file.read_text() for file in [*files, logs / "a.log"] if file.exists()]
    assert len(texts) > 3
    assert all(text.endswith("\n") for text in texts if text)
    expected = "".join(f"line {number:06} of many\n" for number in range(20000))
    assert "".join(texts) == expected
    told = watchdog.call("logs", "a", "-n", "2")
    assert told.stdout == "line 019998 of many\nline 019999 of many\n"


def test_logs_follow_shows_what_comes(world: World) -> None:
    """`watchdog logs -f` shows the last lines and then each new one as it is written."""
    (world.place / "tick.sh").write_text(
        "echo first\nwhile [ ! -e go ]; do sleep 0.05; done\necho second\nsleep 600\n"
    )
    watchdog = world.up('[programs.a]\ncommand = "sh tick.sh"\n')
    watchdog.wait_log("a", "first")
    follow = subprocess.Popen(
        [sys.executable, "-m", "watchdog", "logs", "-s", str(watchdog.socket), "-f", "a"],
        cwd=world.place,
        env=world.environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert follow.stdout is not None
    assert follow.stdout.readline() == "first\n"
    (world.place / "go").touch()
    assert follow.stdout.readline() == "second\n"
    follow.terminate()
    follow.wait()
    follow.stdout.close()
