"""Who of the stamped program lives now, and its end, whoever has started it (Linux)."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from tests.chaos.judge import Life, read_lives

LIFE = Path(__file__).with_name("life.py")
QUIET = 10  # looks in a row that find nothing


def find(place: Path) -> list[Life]:
    """Its processes that live, stopped ones too."""
    return [life for life in read_lives(place) if is_living(life)]


def is_living(life: Life) -> bool:
    """Numbers come round: the process must be of this program, and older than its last stamp."""
    with contextlib.suppress(OSError, IndexError):
        words = Path(f"/proc/{life.pid}/cmdline").read_bytes().split(b"\0")
        fields = Path(f"/proc/{life.pid}/stat").read_text().rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")  # seconds since the boot
        ours = str(LIFE).encode() in words and started <= life.last / 1e9 + 0.02
        return ours and fields[0] not in "ZX"
    return False


def running(place: Path) -> list[int]:
    """Its processes by their command lines: also one that has not come to stamp yet."""
    wanted = {str(LIFE).encode(), str(place).encode()}
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                if wanted <= set((entry / "cmdline").read_bytes().split(b"\0")):
                    found.append(int(entry.name))
    return found  # a zombie has no command line


def end(place: Path) -> list[int]:
    """SIGKILL to all of them until none is left; whom it met."""
    pids: list[int] = []
    quiet = 0
    while quiet < QUIET:  # one of them forks on, and a look may come between two of its lives
        # The command line of a watchdog does not name the two; only the program itself has both.
        found = running(place)
        quiet = 0 if found else quiet + 1
        for pid in found:
            pids.append(pid)
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.005)
    return pids
