"""Rotated files: packed without losing or doubling a line, a total that holds, files by period."""

from __future__ import annotations

import gzip
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from watchdog.logs.attic import Attic, Log, choose_to_remove, unfinished_name
from watchdog.logs.backups import Backup
from watchdog.logs.packing import Packer
from watchdog.logs.rotation import RotatingFile
from watchdog.logs.shifting import is_outdated
from watchdog.logs.tail import Follower, last_lines


class Rules(msgspec.Struct, frozen=True):
    compress: bool = False
    total: int = 0
    age: float = 0.0


class Rig:
    """A log with an attic, whose packing goes on only when told to."""

    def __init__(self, path: Path, rules: Rules, maximum: int = 1000, backups: int = 5) -> None:
        self.path = path
        self.calls: list[Callable[[], None]] = []
        self.packer = Packer(lambda seconds, call: self.calls.append(call))
        self.attic = Attic(self.packer.wake)
        self.attic.configure((Log(str(path), maximum, backups),), rules)
        self.file = RotatingFile(
            str(path), maximum, backups, print, lambda s: s.encode() + b"\n", attic=self.attic
        )
        self.count = 0

    def write(self, lines: int) -> None:
        for _ in range(lines):
            self.file.write(b"line %06d %s\n" % (self.count, b"x" * 86))
            self.count += 1

    def step(self) -> bool:
        """One step of packing; False when nothing is left to do."""
        if not self.calls:
            return False
        self.calls.pop(0)()
        return True

    def pack_all(self) -> None:
        while self.step():
            pass

    def used(self) -> int:
        return sum(file.stat().st_size for file in self.path.parent.glob("bot.log*"))

    def names(self) -> list[str]:
        return sorted(file.name for file in self.path.parent.glob("bot.log*"))


@pytest.fixture
def rig(log: Path) -> Iterator[Rig]:
    made = Rig(log, Rules(compress=True))
    yield made
    made.file.close()
    made.packer.close()


def numbers(data: bytes) -> list[int]:
    return [int(line.split()[1]) for line in data.splitlines()]


def test_all_but_the_newest_are_packed_and_read_all_the_same(rig: Rig) -> None:
    """gunzip reads what was packed, and readers of the log see every line once, in order."""
    rig.write(45)
    rig.pack_all()
    assert rig.names() == [
        "bot.log", "bot.log.1", "bot.log.2.gz", "bot.log.3.gz", "bot.log.4.gz"
    ]  # fmt: skip
    assert numbers(last_lines(rig.path, 1000)) == list(range(45))
    assert set(numbers(gzip.decompress(Path(f"{rig.path}.2.gz").read_bytes()))) <= set(range(45))
    assert numbers(last_lines(rig.path, 30)) == list(range(15, 45))
    follower = Follower(rig.path)
    assert numbers(b"".join(follower.look_back())) == list(range(45))[::-1]
    follower.close()


def test_a_rotation_between_two_steps_changes_nothing(rig: Rig) -> None:
    """Wherever the file has been moved meanwhile, each line stays there once."""
    for _ in range(60):
        rig.write(3)
        rig.step()
        kept = numbers(last_lines(rig.path, 1000))
        assert kept == list(range(kept[0], rig.count))
    rig.write(200)  # what was being packed is shifted out
    rig.pack_all()
    assert not Path(unfinished_name(str(rig.path))).exists()


@pytest.mark.parametrize("lag", [0, 15, 35])
def test_a_follower_goes_on_through_rotation_and_packing(rig: Rig, lag: int) -> None:
    """However far behind it is, it reads every line that is still kept, once and in order."""
    rig.write(5)
    follower = Follower(rig.path)
    assert numbers(follower.begin(2)) == [3, 4]
    rig.write(lag)
    rig.pack_all()
    rig.write(3)
    seen = b""
    while data := follower.read():
        seen += data
    assert numbers(seen) == list(range(5, 8 + lag))
    follower.close()


def test_a_kill_between_naming_and_removing_is_made_up_for(rig: Rig) -> None:
    """With both forms there readers take one, and the next time the plain one goes."""
    rig.write(25)
    plain = Path(f"{rig.path}.2").read_bytes()
    rig.pack_all()
    Path(f"{rig.path}.2").write_bytes(plain)
    assert numbers(last_lines(rig.path, 1000)) == list(range(25))
    rig.attic.tidy()
    rig.pack_all()
    assert "bot.log.2" not in rig.names()
    assert numbers(last_lines(rig.path, 1000)) == list(range(25))


def test_a_damaged_packed_file_hides_no_other(rig: Rig) -> None:
    """What is whole is read; the rest of the log is there."""
    rig.write(45)
    rig.pack_all()
    os.truncate(f"{rig.path}.3.gz", 40)
    assert numbers(last_lines(rig.path, 1000))[-20:] == list(range(25, 45))


def test_the_total_holds_at_every_moment(log: Path) -> None:
    """Logs, rotated files and what is being packed are never more than the total."""
    for compress in (False, True):
        rig = Rig(log, Rules(compress, total=3500), backups=50)
        for _ in range(200):
            rig.write(1)
            assert rig.used() <= 3500
            rig.step()
            assert rig.used() <= 3500
        kept = numbers(last_lines(log, 1000))
        assert kept == list(range(kept[0], rig.count))
        assert rig.used() > 1500
        rig.file.close()
        for file in log.parent.glob("bot.log*"):
            file.unlink()


def test_the_total_holds_for_both_streams_and_a_line_without_end(log: Path) -> None:
    """An endless line takes the room of the oldest files, also of the other stream."""
    rig = Rig(log, Rules(total=10_000), maximum=2000)
    other = Path(f"{log}.stderr")
    rig.attic.configure((Log(str(log), 2000, 5), Log(str(other), 1000, 5)), Rules(total=10_000))
    Path(f"{other}.1").write_bytes(b"x" * 4000)
    rig.write(40)
    assert rig.used() <= 10_000
    rig.file.write(b"y" * 8500 + b"\n")
    assert rig.used() <= 10_000
    rig.file.close()


def test_the_oldest_go_first() -> None:
    """Whatever their numbers and streams; of the same age the highest number."""
    backups = [Backup(n, f"a.{n}", False, 10, 100.0 - n) for n in (1, 2, 3)]
    backups.append(Backup(1, "b.1", True, 10, 98.5))
    assert [one.path for one in choose_to_remove(backups, 25)] == ["a.3", "a.2"]
    assert choose_to_remove(backups, 40) == []
    assert len(choose_to_remove(backups, -5)) == 4


def test_each_period_has_its_own_file(log: Path) -> None:
    """The first line of another day rotates, also after a restart; the lines of one day do not."""
    rig = Rig(log, Rules(age=86400.0))
    rig.write(2)
    rig.file.close()
    yesterday = time.time() - 86400
    os.utime(log, (yesterday, yesterday))
    again = Rig(log, Rules(age=86400.0))
    again.write(2)
    assert again.names() == ["bot.log", "bot.log.1"]
    again.file.close()


def test_a_day_begins_at_local_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second before and after midnight are two periods, noon and evening are one."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    midnight = 1764457200.0  # 2025-11-30 00:00 +01:00
    assert is_outdated(midnight - 1, midnight, 86400)
    assert not is_outdated(midnight, midnight + 86399, 86400)
    assert not is_outdated(midnight, midnight - 1, 86400)  # the clock was set back
    assert not is_outdated(0, midnight, 0)
    monkeypatch.undo()
    time.tzset()


_WRITER = """
import asyncio, sys
from watchdog.logs.attic import Attic, Log
from watchdog.logs.packing import Packer
from watchdog.logs.rotation import RotatingFile
from tests.logs.test_attic import Rules

async def main(path, number):
    attic = Attic(Packer().wake)
    attic.configure((Log(path, 50_000, 60),), Rules(compress=True))
    attic.tidy()
    file = RotatingFile(path, 50_000, 60, print, str.encode, attic=attic)
    file.write(b"")
    print("ready", flush=True)
    for number in range(number, number + 30_000):
        file.write(b"line %06d %s\\n" % (number, b"x" * 86))
        if not number % 20:
            await asyncio.sleep(0)
    await asyncio.sleep(60)

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def is_packed(log: Path) -> bool:
    return any(file.suffix == ".gz" for file in log.parent.iterdir())


def test_no_line_is_lost_or_doubled_by_a_kill_while_packing(log: Path) -> None:
    """A SIGKILL at any instruction of writing, rotating and packing leaves each line once."""
    chance = random.Random(5)
    number = 0
    for turn in range(8):
        writer = subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(log), str(number)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"ready\n"
        time.sleep(chance.uniform(0.02, 0.25))  # the moment of the kill, which is drawn
        deadline = time.monotonic() + 60
        while turn == 7 and not is_packed(log) and time.monotonic() < deadline:
            time.sleep(0.01)  # on a slow machine none of the others came so far
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        seen = numbers(last_lines(log, 10**6))
        assert seen == list(range(seen[0], seen[0] + len(seen)))
        number = seen[-1] + 1
    assert is_packed(log)
