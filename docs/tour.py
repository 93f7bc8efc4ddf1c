"""Draws the tour of the README, `docs/tour.svg`: real commands in a terminal, and what they print.

    python -m docs.tour

Nothing is staged: a watchdog is started in a temporary directory, its program is killed and hung,
and each command is run on a pseudo-terminal.
"""

from __future__ import annotations

import io
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDTH = 100
LONGEST = 60.0
"""Seconds for anything that is waited for."""
CONFIG = """[watchdog]
state = "state"
[programs.bot]
command = ["python", "bot.py"]
liveness = { exec = ["sh", "alive.sh"], period = "1s", timeout = "2s" }
logs = { format = "text" }
"""
ALIVE = 'test -n "$(find alive -newermt -2seconds)"\n'
BOT = """import pathlib, time
print("INFO polling", flush=True)
for number in range(10**6):
    pathlib.Path("alive").touch()
    if number % 20 == 19:
        print("INFO answered", number, flush=True)
    time.sleep(0.1)
"""


def main() -> int:
    """Play it, and draw it."""
    with tempfile.TemporaryDirectory(prefix="tour") as place:
        Path(place, "watchdog.toml").write_text(CONFIG)
        Path(place, "alive.sh").write_text(ALIVE)
        Path(place, "bot.py").write_text(BOT)
        os.chdir(place)
        os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        os.environ.update(COLUMNS=str(WIDTH), TERM="xterm-256color")
        with Path("out").open("wb") as out:
            watchdog = subprocess.Popen(["watchdog", "run"], stdout=out, stderr=out)
        try:
            screen = play()
        finally:
            watchdog.terminate()
            watchdog.wait(LONGEST)
    draw(screen, Path(__file__).with_name("tour.svg"))
    return 0


def play() -> str:
    """All that the terminal shows."""
    wait("healthy", 0)
    shown = [prompt("watchdog run &"), run("watchdog status")]
    pid = main_pid()
    os.kill(pid, signal.SIGKILL)
    shown.append(prompt(f"kill -9 {pid}"))
    wait("healthy", 1)
    shown.append(run("watchdog why bot"))
    pid = main_pid()
    os.kill(pid, signal.SIGSTOP)
    shown.append(prompt(f"kill -STOP {pid}    # now it hangs"))
    wait("healthy", 2)
    shown += [run("watchdog why bot"), run("watchdog incidents"), run("watchdog logs -n 4")]
    return "\n".join(shown)


def status() -> dict[str, object]:
    import json

    told = subprocess.run(["watchdog", "status", "--json"], capture_output=True, text=True)
    return dict(json.loads(told.stdout)["programs"][0]) if told.stdout else {}


def main_pid() -> int:
    return int(str(status()["pid"]))


def wait(health: str, restarts: int) -> None:
    """Until the program is well again, after so many restarts."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        found = status()
        if found.get("health") == health and found.get("restarts") == restarts:
            return
        time.sleep(0.2)
    raise SystemExit(f"never {health} after {restarts} restarts: {status()}")


def prompt(command: str) -> str:
    return f"\x1b[1;32m$\x1b[0m \x1b[1m{command}\x1b[0m"


def run(command: str) -> str:
    """The command line, and what it prints on a terminal."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command.split(), stdout=slave, stderr=slave)
    os.close(slave)
    printed = b""
    while True:
        try:
            printed += os.read(master, 65536)
        except OSError:
            break
    process.wait()
    os.close(master)
    return f"{prompt(command)}\n{printed.decode().replace(chr(13), '').rstrip()}\n"


def draw(screen: str, path: Path) -> None:
    """Turn the terminal's own colours into a picture."""
    from rich.console import Console
    from rich.text import Text

    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(screen))
    console.save_svg(str(path), title="watchdog")


if __name__ == "__main__":
    sys.exit(main())
