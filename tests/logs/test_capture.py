"""What real children write ends where it should, whole, once, in order and without secrets."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from watchdog.logs.lines import as_raw
from watchdog.logs.pump import TURN, LinePump
from watchdog.logs.redaction import Redactor
from watchdog.logs.rotation import RotatingFile

if TYPE_CHECKING:
    from tests.logs.conftest import Bench

TOKEN = "123456789:AAExampleExampleExampleExampleExamp"
BOTH = "import os; os.write(1, b'out\\n'); os.write(2, b'err\\n')"
SEQUENCE = """
import os
for at in range(0, {count}, 1000):
    block = b"".join(b"%08d %s\\n" % (n, b"x" * (n % 90)) for n in range(at, at + 1000))
    while block:
        block = block[os.write(1, block[:65536]):]
"""


def count_descriptors() -> int:
    """How many descriptors this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def numbers(data: bytes) -> list[int]:
    """The numbers that begin the lines."""
    return [int(line[:8]) for line in data.splitlines()]


async def test_output_reaches_the_log(bench: Bench, log: Path) -> None:
    """Both streams of a child arrive in one file, with nothing added."""
    await bench.run(bench.config(log), BOTH)
    assert log.read_bytes() == b"out\nerr\n"
    assert bench.troubles == []


async def test_output_arrives_while_the_child_lives(bench: Bench, log: Path) -> None:
    """A line is in the log as soon as it was written, not at the end."""
    bench.start(bench.config(log), "import os; os.write(1, b'ready\\n'); os.read(0, 1)")
    await bench.until(lambda: log.read_bytes() == b"ready\n")


async def test_separate_standard_error(bench: Bench, log: Path, tmp_path: Path) -> None:
    """With "separate" each stream has its own file."""
    await bench.run(bench.config(log, stderr="separate", stderr_path=tmp_path / "err"), BOTH)
    assert (log.read_bytes(), (tmp_path / "err").read_bytes()) == (b"out\n", b"err\n")


async def test_separate_into_the_same_file_is_merged(bench: Bench, log: Path) -> None:
    """Naming one file for both streams is one file with one order, not two that rotate it."""
    await bench.run(bench.config(log, stderr="separate", stderr_path=log), BOTH)
    assert log.read_bytes() == b"out\nerr\n"


async def test_discarded_standard_error(bench: Bench, log: Path) -> None:
    """With "discard" standard error goes nowhere, and the child does not notice."""
    code = "import os; os.write(2, b'e' * 3000000); os.write(1, b'done\\n')"
    await bench.run(bench.config(log, stderr="discard"), code)
    assert log.read_bytes() == b"done\n"


async def test_nothing_is_captured_to_the_null_device(bench: Bench) -> None:
    """A program whose log is the null device writes to it directly: no FIFO, no wake-up."""
    code = "import os; os.write(1, b'x' * 3000000)"
    assert await bench.run(bench.config(Path(os.devnull)), code) == 0
    assert not (bench.state / "fifo").exists()


async def test_twenty_rotations_lose_nothing(bench: Bench, log: Path) -> None:
    """Under 64 KiB writes and over 20 rotations every line is whole, once, and in order."""
    config = bench.config(log, maximum=500_000, backups=100)
    await bench.run(config, SEQUENCE.format(count=200_000))
    rotated = [path for n in range(100, 0, -1) if (path := Path(f"{log}.{n}")).exists()]
    parts = [path.read_bytes() for path in (*rotated, log)]
    assert len(parts) > 20
    assert all(part.endswith(b"\n") and len(part) <= 500_000 for part in parts)
    assert numbers(b"".join(parts)) == list(range(200_000))


async def test_a_flood_without_newlines(bench: Bench, log: Path) -> None:
    """20 MB without a newline pass through complete, and the child is never held up for good."""
    code = "import os\nfor _ in range(320): os.write(1, b'y' * 65536)\nos.write(1, b'end')"
    await bench.run(bench.config(log), code)
    assert log.read_bytes() == b"y" * (320 * 65536) + b"end"


async def test_the_last_words_are_flushed(bench: Bench, log: Path) -> None:
    """A last line without a newline is written when the process is gone."""
    await bench.run(bench.config(log, format="text"), "import os; os.write(1, b'a\\nb')")
    lines = log.read_bytes().split(b"\n")
    assert [line.split(b" ", 1)[-1] for line in lines] == [b"a", b"b", b""]


async def test_json_lines_name_program_and_stream(bench: Bench, log: Path, tmp_path: Path) -> None:
    """In JSON every line says by whom and on which stream."""
    err = tmp_path / "err"
    config = bench.config(log, format="json", stderr="separate", stderr_path=err)
    await bench.run(config, "import os; os.write(2, b'oops \\xff\\n')")
    row = json.loads(err.read_bytes())
    assert (row["program"], row["stream"], row["line"]) == ("bot", "stderr", "oops \\xff")


async def test_a_token_split_across_writes_is_redacted(bench: Bench, log: Path) -> None:
    """A token that arrives byte by byte, and one torn in a flood without newlines, stay hidden."""
    code = f"""
import os, time
for byte in b"token {TOKEN} ends\\n":
    os.write(1, bytes([byte])); time.sleep(0.0002)
for piece in (b"z" * 65490 + b" {TOKEN[:20]}", b"{TOKEN[20:]} " + b"z" * 200000):
    os.write(1, piece); time.sleep(0.05)
"""
    await bench.run(bench.config(log), code)
    data = log.read_bytes()
    assert b"Example" not in data
    assert data.count(b"123456789:[redacted]") == 2
    assert len(data) > 265_000


async def test_known_secrets_never_reach_the_file(bench: Bench, log: Path) -> None:
    """A secret of the configuration is replaced although it has no special shape."""
    code = "import os; os.write(1, b'pw=hunter-22\\n')"
    child = bench.start(bench.config(log), code, secrets=frozenset({"hunter-22"}))
    await bench.finish(child)
    assert log.read_bytes() == b"pw=[redacted]\n"


async def test_one_flooding_program_does_not_starve_another(bench: Bench, log: Path) -> None:
    """While one program floods as fast as it can, another's lines arrive at once."""
    flood = "import os\nwhile True: os.write(1, b'flood\\n' * 10000)"
    bench.start(bench.config(Path("/dev/full")), flood, program="flood")
    pong = "import os\nwhile os.read(0, 1): os.write(1, b'pong\\n')"
    calm = bench.start(bench.config(log), pong, program="calm")
    slowest = 0.0
    for number in range(1, 21):
        began = time.monotonic()
        bench.poke(calm)
        wanted = 5 * number
        await bench.until(lambda size=wanted: log.stat().st_size == size)
        slowest = max(slowest, time.monotonic() - began)
    assert slowest < 2.0


def test_a_turn_is_bounded(log: Path, tmp_path: Path) -> None:
    """However much is there to read, one turn takes about 1 MiB, so that others have theirs."""
    source = tmp_path / "source"
    source.write_bytes(b"line\n" * 2_000_000)
    file = RotatingFile(str(log), 0, 0, lambda text: None, str.encode)
    pump = LinePump(file, Redactor(frozenset()), as_raw)
    with source.open("rb", buffering=0) as reader:
        assert pump.turn(reader.fileno())
        assert 0.5 * TURN < reader.tell() < 1.5 * TURN
    pump.close()


async def test_a_straggler_is_read_on_after_the_release(bench: Bench, log: Path) -> None:
    """What a process of the tree writes after the main process was released still arrives."""
    code = """
import os
if os.fork() == 0:
    os.read(0, 1)
    os.write(1, b"straggler\\n")
    os._exit(0)
os.write(1, b"main\\n")
"""
    child = bench.start(bench.config(log), code)
    await bench.finish(child)
    assert log.read_bytes() == b"main\n"
    bench.poke(child)
    await bench.until(lambda: log.read_bytes() == b"main\nstraggler\n")


async def test_incarnations_share_one_log(bench: Bench, log: Path) -> None:
    """Fifty incarnations one after another leave fifty lines and no open descriptor."""
    before = count_descriptors()
    for number in range(50):
        ends = bench.captures.open("bot", bench.config(log), frozenset())
        os.write(ends.stdout_fd, b"%08d\n" % number)
        ends.close()
        bench.captures.release("bot")
    assert numbers(log.read_bytes()) == list(range(50))
    assert count_descriptors() == before


async def test_a_moved_log_is_reopened_on_demand(bench: Bench, log: Path) -> None:
    """After `reopen_all` output goes to a new file at the path, and nothing is lost."""
    code = "import os\nos.write(1, b'one\\n')\nos.read(0, 1)\nos.write(1, b'two\\n')"
    child = bench.start(bench.config(log), code)
    await bench.until(lambda: log.read_bytes() == b"one\n")
    moved = log.rename(log.with_name("moved"))
    bench.captures.reopen_all()
    bench.poke(child)
    await bench.finish(child)
    assert (moved.read_bytes(), log.read_bytes()) == (b"one\n", b"two\n")


async def test_a_new_configuration_takes_effect_at_once(
    bench: Bench, log: Path, tmp_path: Path
) -> None:
    """Another path, format and set of secrets apply to the running process."""
    code = "import os\nwhile os.read(0, 1): os.write(1, b'say hunter-22\\n')"
    child = bench.start(bench.config(log), code)
    bench.poke(child)
    await bench.until(lambda: log.read_bytes() == b"say hunter-22\n")
    other = bench.config(tmp_path / "other", format="json")
    bench.captures.reconfigure("bot", other, frozenset({"hunter-22"}))
    bench.poke(child)
    await bench.until(lambda: other.path.stat().st_size)
    assert json.loads(other.path.read_bytes())["line"] == "say [redacted]"


async def test_an_idle_program_wakes_nobody(bench: Bench, log: Path) -> None:
    """While programs write nothing, captured or ended, the watchdog sleeps."""
    bench.start(bench.config(log), "import os; os.read(0, 1)")
    await bench.run(bench.config(log.with_name("ended")), BOTH, program="ended")
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
    await asyncio.sleep(0.5)
    assert resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before <= 3


async def test_an_idle_program_weighs_at_most_two_kilobytes(bench: Bench, tmp_path: Path) -> None:
    """At rest one captured program costs at most 2 KB of Python memory."""
    count = 200
    held = [bench.captures.open("warm", bench.config(tmp_path / "warm"), frozenset())]
    configs = [bench.config(tmp_path / f"{number}.log") for number in range(count)]
    held += [held[0]] * count
    gc.collect()
    tracemalloc.start()
    for number, config in enumerate(configs, 1):
        held[number] = bench.captures.open(f"program-{number}", config, frozenset())
    gc.collect()
    weight = tracemalloc.get_traced_memory()[0] / count
    tracemalloc.stop()
    for ends in held:
        ends.close()
    assert weight < 2048, f"{weight:.0f} bytes a program"
