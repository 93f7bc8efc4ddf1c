"""Nothing that happens to disks, directories, descriptors or the watchdog stops a child."""

from __future__ import annotations

import fcntl
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from watchdog.logs.capture import Captures
from watchdog.logs.fifo import PIPE_SIZE, Allowance

if TYPE_CHECKING:
    from tests.logs.conftest import Bench


def open_fifos() -> list[str]:
    """The FIFOs that this process has open."""
    names = []
    for entry in Path("/proc/self/fd").iterdir():
        try:
            names.append(str(entry.readlink()))
        except FileNotFoundError:
            continue
    return [name for name in names if "/fifo/" in name]


def count_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_the_fifo_is_private(bench: Bench, log: Path) -> None:
    """Nobody else may open the FIFO: mode 0600 in a directory of mode 0700, under a safe name."""
    bench.start(bench.config(log), "import os; os.read(0, 1)", program="grp:a/b")
    path = bench.state / "fifo" / "grp%3Aa%2Fb.out"
    assert path.is_fifo()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


async def test_a_foreign_file_at_the_fifos_path_is_replaced(bench: Bench, log: Path) -> None:
    """A regular file where the FIFO belongs does not stop the program."""
    (bench.state / "fifo").mkdir(parents=True)
    (bench.state / "fifo" / "bot.out").write_bytes(b"in the way")
    await bench.run(bench.config(log), "import os; os.write(1, b'fine\\n')")
    assert log.read_bytes() == b"fine\n"


async def test_a_child_that_closes_its_output(bench: Bench, log: Path) -> None:
    """A child without output lives on, and its closed FIFO is not watched (it would spin)."""
    code = "import os\nos.write(1, b'bye')\nos.close(1); os.close(2)\nos.read(0, 1)"
    child = bench.start(bench.config(log), code)
    await bench.until(lambda: log.read_bytes() == b"bye")
    assert open_fifos() == []
    assert child.poll() is None


async def test_a_full_disk_never_blocks_the_child(bench: Bench) -> None:
    """With a log that takes nothing the child writes 10 MB and ends; the trouble is told once."""
    code = "import os\nfor _ in range(160): os.write(1, b'abcdefg\\n' * 8192)"
    assert await bench.run(bench.config(Path("/dev/full")), code) == 0
    (program, text), *rest = bench.troubles
    assert program == "bot"
    assert "No space left on device" in str(text)
    assert rest == []


async def test_an_unwritable_state_directory(bench: Bench, log: Path) -> None:
    """Without a place for the FIFO output is captured all the same, and the weakness is told."""
    bench.state.write_bytes(b"a file, not a directory")
    await bench.run(bench.config(log), "import os; os.write(1, b'heard\\n')")
    assert log.read_bytes() == b"heard\n"
    assert "would not survive" in str(bench.troubles[0][1])
    bench.state.unlink()
    await bench.run(bench.config(log), "import os; os.write(1, b'again\\n')")
    assert log.read_bytes() == b"heard\nagain\n"
    assert bench.troubles[1:] == [("bot", None)]


async def test_state_directory_removed_while_running(bench: Bench, log: Path) -> None:
    """Output goes on when the state directory vanishes, and the next incarnation makes it anew."""
    child = bench.start(bench.config(log), "import os\nos.read(0, 1)\nos.write(1, b'still\\n')")
    shutil.rmtree(bench.state)
    bench.poke(child)
    await bench.finish(child)
    assert log.read_bytes() == b"still\n"
    bench.start(bench.config(log), "import os; os.read(0, 1)")
    assert (bench.state / "fifo" / "bot.out").is_fifo()


async def test_a_new_fifo_does_not_lose_what_is_in_the_old_one(bench: Bench, log: Path) -> None:
    """The FIFO vanished under a straggler: its words are read before a new FIFO is made."""
    old = bench.captures.open("bot", bench.config(log), frozenset())
    shutil.rmtree(bench.state)
    os.write(old.stdout_fd, b"straggler\n")
    new = bench.captures.open("bot", bench.config(log), frozenset())
    assert (bench.state / "fifo" / "bot.out").is_fifo()
    os.write(new.stdout_fd, b"new\n")
    new.close()
    bench.captures.release("bot")
    old.close()
    assert log.read_bytes() == b"straggler\nnew\n"


async def test_fifos_are_enlarged_as_far_as_allowed(bench: Bench, log: Path) -> None:
    """A FIFO takes 1 MiB while the user's allowance lasts, and gives its share back."""
    bench.captures.allowance = Allowance(1)
    for _ in range(3):
        first = bench.captures.open("first", bench.config(log), frozenset())
        second = bench.captures.open("second", bench.config(log), frozenset())
        sizes = [fcntl.fcntl(ends.stdout_fd, fcntl.F_GETPIPE_SZ) for ends in (first, second)]
        assert sizes == [PIPE_SIZE, 65536]
        for name, ends in (("first", first), ("second", second)):
            ends.close()
            bench.captures.release(name)


async def test_a_stream_no_longer_captured_does_not_block(
    bench: Bench, log: Path, tmp_path: Path
) -> None:
    """When a reload discards standard error, the running child may go on writing to it."""
    config = bench.config(log, stderr="separate", stderr_path=tmp_path / "err")
    code = "import os\nos.read(0, 1)\nos.write(2, b'e' * 3000000)\nos.write(1, b'through\\n')"
    child = bench.start(config, code)
    bench.captures.reconfigure("bot", bench.config(log, stderr="discard"), frozenset())
    bench.poke(child)
    await bench.finish(child)
    assert log.read_bytes() == b"through\n"
    before = config.stderr_path.stat().st_size
    again = "import os\nos.write(2, b'e' * 100)"
    await bench.run(bench.config(log, stderr="discard"), again)
    assert config.stderr_path.stat().st_size == before == 3_000_000


async def test_out_of_descriptors_leaves_nothing_open(bench: Bench, log: Path) -> None:
    """When descriptors run out `open` raises, as the spawn would, and a later one works."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = count_descriptors()
    config = bench.config(log, stderr="separate", stderr_path=log.with_name("err"))
    outcomes = []
    for spare in range(8):
        resource.setrlimit(resource.RLIMIT_NOFILE, (used + spare, limits[1]))
        try:
            bench.captures.open("bot", config, frozenset()).close()
            outcomes.append("opened")
        except OSError:
            outcomes.append("refused")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        bench.captures.release("bot")
        assert count_descriptors() <= used
    assert set(outcomes) == {"opened", "refused"}
    await bench.run(config, "import os; os.write(1, b'fine\\n')")
    assert log.read_bytes().endswith(b"fine\n")


# -- the watchdog dies ------------------------------------------------------------------------

READER = """
import asyncio, subprocess, sys
from pathlib import Path
from types import SimpleNamespace
from watchdog.logs.capture import Captures

async def main(state, log, code):
    config = SimpleNamespace(
        path=Path(log), maximum=0, backups=0, format="raw", stderr="merge", stderr_path=None,
        age=0.0, compress=False, total=0
    )
    captures = Captures(Path(state), print)
    ends = captures.open("bot", config, frozenset())
    child = subprocess.Popen([sys.executable, "-S", "-E", "-c", code], stdout=ends.stdout_fd)
    ends.close()
    print(child.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main(*sys.argv[1:]))
"""
ENDLESS = """
import os
n = 0
while True:
    os.write(1, b"".join(b"%08d\\n" % m for m in range(n, n + 100)))
    n += 100
"""


def start_reader(state: Path, log: Path) -> subprocess.Popen[bytes]:
    """A watchdog's capture in a process of its own, with an endless writer; it prints the pid."""
    return subprocess.Popen(
        [sys.executable, "-c", READER, str(state), str(log), ENDLESS],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


def is_waiting(pid: int) -> bool:
    """Whether the process sleeps, as the endless writer only does at a full pipe."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "S"


@pytest.mark.parametrize("fifo_removed", [False, True])
async def test_output_survives_the_watchdog(bench: Bench, log: Path, fifo_removed: bool) -> None:
    """A SIGKILLed reader leaves a waiting child, and the next reader takes over where it stood.

    Also when the FIFO was removed meanwhile, since the child itself still holds it. Nothing is
    missing, doubled or torn.
    """
    reader = start_reader(bench.state, log)
    assert reader.stdout is not None
    pid = int(reader.stdout.readline())
    try:
        await bench.until(lambda: log.stat().st_size > 500_000)
        reader.kill()
        reader.communicate()
        before = log.stat().st_size
        await bench.until(lambda: is_waiting(pid) and (time.sleep(0.02), is_waiting(pid))[1])
        if fifo_removed:
            shutil.rmtree(bench.state)
        bench.captures.adopt("bot", bench.config(log), frozenset(), pid)
        await bench.until(lambda: log.stat().st_size > before + 3_000_000)
    finally:
        os.kill(pid, signal.SIGKILL)
    lines = log.read_bytes().split(b"\n")[:-2]
    assert lines == [b"%08d" % number for number in range(len(lines))]
    assert bench.troubles == []


async def test_adopting_without_a_fifo_is_told(bench: Bench, log: Path) -> None:
    """A process whose FIFO nobody can find is adopted without its output, and that is said."""
    bench.captures.adopt("bot", bench.config(log), frozenset(), os.getpid())
    assert "output of the adopted process" in str(bench.troubles[0][1])


async def test_a_line_begun_before_an_upgrade_stays_one_line(bench: Bench, log: Path) -> None:
    """Let go of in the middle of a line, and taken up by the same captures and by others."""
    config = bench.config(log, format="text")
    ends = bench.captures.open("bot", config, frozenset())
    os.write(ends.stdout_fd, b"one ")
    bench.captures.close()
    bench.captures.adopt("bot", config, frozenset(), os.getpid())
    os.write(ends.stdout_fd, b"two ")
    bench.captures.close()
    others = Captures(bench.state, lambda program, text: None)
    others.adopt("bot", config, frozenset(), os.getpid())
    os.write(ends.stdout_fd, b"three\n")
    ends.close()
    others.release("bot")
    others.close()
    assert log.read_bytes().partition(b" ")[2] == b"one two three\n"
