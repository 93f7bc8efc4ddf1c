"""A SIGKILL of the watchdog at any system call loses no line, doubles none and tears none.

The pump runs in a fork of this process that kills itself for good before its n-th system call, or
in the middle of it; then another fork goes on. Everything is made small, so that a few lines pass
through every step: compaction, rotation, formats, secrets on the edges of chunks.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from watchdog.logs import fifo, pump, scratch
from watchdog.logs.lines import formatter
from watchdog.logs.pump import LinePump
from watchdog.logs.record import HEADER, Record, judge, newest
from watchdog.logs.redaction import Redactor
from watchdog.logs.rotation import RotatingFile
from watchdog.logs.scratch import Scratch
from watchdog.logs.shelf import Shelf

SECRET = "hunter-22"
CALLS = (
    *("open", "close", "read", "write", "pread", "pwrite", "splice"),
    *("ftruncate", "replace", "unlink", "mkdir"),
)
TEARABLE = {"write": 1, "pwrite": 1, "splice": 2}
"""Calls that a kill can leave half done, with the position of what says how much."""


def line(number: int) -> bytes:
    """One line as the program writes it."""
    return b"%04d %s pw=%s\n" % (number, b"x" * (number * 7 % 41), SECRET.encode())


def clean(data: bytes) -> bytes:
    """What should be in the log of it."""
    return data.replace(SECRET.encode(), b"[redacted]")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes at which a few lines take every step."""
    sizes = ((pump, "_FIRST_READ", 100), (pump, "_NEXT_READ", 150), (pump, "TURN", 400))
    for module, name, size in (*sizes, (scratch, "COMPACT", 120)):
        monkeypatch.setattr(module, name, size)


class Rig:
    """A FIFO full of lines, and forks that move them into a log."""

    def __init__(self, place: Path, form: str = "raw", maximum: int = 300, backups: int = 99):
        self.log = place / "bot.log"
        self.shelf = place / "scratch"
        self.form, self.maximum, self.backups = form, maximum, backups
        self.fifo = str(place / "bot.out")
        self.reader = fifo.open_reader(self.fifo)
        self.writer = fifo.open_child_end(self.reader, self.fifo)

    def close(self) -> None:
        os.close(self.reader)
        os.close(self.writer)

    def pump(self) -> LinePump:
        """What a watchdog makes, with no memory of an earlier one."""
        made = Scratch(Shelf((str(self.shelf),)), self.fifo)
        form = formatter(self.form, "bot", "stdout")
        file = RotatingFile(
            str(self.log), self.maximum, self.backups, lambda text: None,
            lambda text: form(text.encode() + b"\n", 0.0), witness=made,
        )  # fmt: skip
        return LinePump(file, Redactor(frozenset({SECRET})), form, scratch=made)

    def life(self, prepare: Callable[[], object]) -> bool:
        """Run one watchdog in a fork until the FIFO is empty; whether it was killed before."""
        pid = os.fork()
        if not pid:
            try:
                mover = self.pump()
                prepare()
                self._move(mover)
                mover.leave()
                os._exit(0)
            finally:
                os._exit(1)
        status = os.waitpid(pid, 0)[1]
        assert os.WIFSIGNALED(status) or status == 0, "the watchdog failed"
        return os.WIFSIGNALED(status)

    def end(self) -> None:
        """The last watchdog reads the last output; the process is gone."""
        mover = self.pump()
        self._move(mover)
        mover.close()
        self.close()

    def _move(self, mover: LinePump) -> None:
        mover.recover()
        while _waiting(self.reader):
            mover.turn(self.reader)

    def files(self) -> list[bytes]:
        """The log with its rotated files, oldest first."""
        names = [*(f"{self.log}.{n}" for n in range(self.backups, 0, -1)), str(self.log)]
        return [path.read_bytes() for path in map(Path, names) if path.exists()]


def _waiting(reader: int) -> int:
    import fcntl
    import struct
    import termios

    return int(struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"\0" * 4))[0])


def die_at(number: int, half: bool) -> None:
    """Be killed before the `number`-th system call, or when it is `half` done."""
    left = [number]

    def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **named: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                if half and name in TEARABLE:
                    real(*_halved(args, TEARABLE[name]), **named)
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*args, **named)

        return call

    for name in CALLS:
        setattr(os, name, wrap(name, getattr(os, name)))
    scratch._splice = os.splice


def _halved(args: tuple[Any, ...], at: int) -> tuple[Any, ...]:
    part = args[at] // 2 if isinstance(args[at], int) else args[at][: len(args[at]) // 2]
    return (*args[:at], part, *args[at + 1 :])


def bare(form: str, data: bytes) -> bytes:
    """The lines of a log without what the format adds."""
    if form == "text":
        return re.sub(rb"(?m)^\d{4}-\S+ ", b"", data)
    if form == "json":
        return b"".join(json.loads(row)["line"].encode() + b"\n" for row in data.splitlines())
    return data


def check(rig: Rig, count: int) -> None:
    """Every line is there once, in order, whole; every file ends with a line; nothing is left."""
    parts = rig.files()
    assert all(part.endswith(b"\n") for part in parts if part)
    assert bare(rig.form, b"".join(parts)) == clean(b"".join(map(line, range(count))))
    assert not list(rig.shelf.iterdir())


def kill_everywhere(place: Path, form: str, half: bool, second: int = 0) -> int:
    """Kill at the first, second, ... call until there is none more; how often it was killed."""
    number = 0
    while True:
        number += 1
        (here := place / str(number)).mkdir()
        rig = Rig(here, form, maximum=900 if form == "json" else 300)
        os.write(rig.writer, b"".join(map(line, range(20))) + line(20)[:9])
        killed = rig.life(lambda at=number: die_at(at, half))
        if killed and second:
            rig.life(lambda at=1 + (number * 5) % second: die_at(at, half))
        os.write(rig.writer, line(20)[9:] + line(21))
        rig.end()
        check(rig, 22)
        if not killed:
            return number - 1


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("form", ["raw", "text", "json"])
def test_a_kill_at_any_system_call(tmp_path: Path, form: str, half: bool) -> None:
    """Whatever the call and the format, the next watchdog completes the log exactly."""
    assert kill_everywhere(tmp_path, form, half) > 40


@pytest.mark.parametrize("half", [False, True])
def test_a_kill_while_recovering_from_a_kill(tmp_path: Path, half: bool) -> None:
    """The recovery itself may be killed, at any of its first calls, and is begun again."""
    assert kill_everywhere(tmp_path, "raw", half, second=17) > 40


def test_a_kill_with_no_backups(tmp_path: Path) -> None:
    """Where the log is emptied instead of moved, what it holds is whole, once and the newest."""
    number, killed = 0, True
    while killed:
        number += 1
        (here := tmp_path / str(number)).mkdir()
        rig = Rig(here, backups=0)
        everything = b"".join(map(line, range(22)))
        os.write(rig.writer, everything)
        killed = rig.life(lambda at=number: die_at(at, half=False))
        rig.end()
        data = rig.log.read_bytes()
        assert data.count(b"\n") > 2
        assert clean(everything).endswith(b"\n" + data)


def test_a_broken_rotation_shifts_nothing_out(tmp_path: Path) -> None:
    """After a kill between the renames the next rotation fills the gap and drops no file."""
    log = tmp_path / "bot.log"
    for name, text in (
        ("bot.log", b"new\n"),
        ("bot.log.2", b"older\n"),
        ("bot.log.3", b"oldest\n"),
    ):
        (tmp_path / name).write_bytes(text)
    file = RotatingFile(str(log), 5, 3, lambda text: None, str.encode)
    file.write(b"next\n")
    file.close()
    texts = [path.read_bytes() for path in sorted(tmp_path.iterdir())]
    assert texts == [b"next\n", b"new\n", b"older\n", b"oldest\n"]


def test_a_log_that_was_moved_away_is_completed(tmp_path: Path) -> None:
    """Logrotate moves the log while no watchdog lives: nothing is written twice."""
    rig = Rig(tmp_path, maximum=0)
    number, killed = 0, True
    total = 0
    while killed:
        number += 1
        os.write(rig.writer, b"".join(map(line, range(total, total + 12))))
        total += 12
        killed = rig.life(lambda at=number: die_at(at, half=True))
        if rig.log.exists():
            rig.log.rename(tmp_path / f"bot.log-2025{number:04d}")
    rig.end()
    moved = sorted(tmp_path.glob("bot.log-*"))
    logs = [*moved, rig.log] if rig.log.exists() else moved
    data = b"".join(path.read_bytes() for path in logs)
    assert data == clean(b"".join(map(line, range(total))))


def test_what_a_full_disk_dropped_is_counted_after_a_kill(tmp_path: Path) -> None:
    """What was dropped stays dropped, and the next watchdog says how much it was."""
    rig = Rig(tmp_path, maximum=0)
    sent = b"".join(map(line, range(300)))
    limit = 7000

    def suffer() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        LinePump.leave = lambda self: os.kill(os.getpid(), signal.SIGKILL)

    os.write(rig.writer, sent)
    assert rig.life(suffer)
    kept = rig.log.read_bytes()
    assert len(kept) == limit
    os.write(rig.writer, b"back\n")
    rig.end()
    lost = len(clean(sent)) - limit
    notice = b"\n[watchdog: %d bytes of output were lost: File too large]\n" % lost
    assert rig.log.read_bytes() == kept + notice + b"back\n"


def test_without_room_for_scratch_output_flows_all_the_same(tmp_path: Path) -> None:
    """Where no scratch file can be made, the FIFO is read directly."""
    rig = Rig(tmp_path)
    rig.shelf.write_bytes(b"in the way")
    os.write(rig.writer, b"".join(map(line, range(22))))
    rig.end()
    assert b"".join(rig.files()) == clean(b"".join(map(line, range(22))))


def test_scratch_that_comes_and_goes(tmp_path: Path) -> None:
    """A place that vanishes in the middle of a line costs nothing while the watchdog lives."""
    rig = Rig(tmp_path)
    everything = b"".join(map(line, range(60)))

    def quarrel() -> None:
        real, count = os.splice, [0]

        def splice(*args: Any, **named: Any) -> int:
            count[0] += 1
            if count[0] % 3 == 0:
                raise OSError(28, "No space left on device")
            return real(*args, **named)

        os.splice = splice
        scratch._splice = splice

    os.write(rig.writer, everything)
    assert not rig.life(quarrel)
    rig.end()
    check(rig, 60)


# -- places ---------------------------------------------------------------------------------


def test_a_foreign_directory_is_not_used(tmp_path: Path) -> None:
    """A directory that others may enter holds no output; the next place is taken."""
    (tmp_path / "open").mkdir(mode=0o755)
    shelf = Shelf((str(tmp_path / "open"), str(tmp_path / "own")))
    fd, path = shelf.create("bot.out", b"head")
    os.close(fd)
    assert path == str(tmp_path / "own" / "bot.out")
    assert Path(path).stat().st_mode & 0o777 == 0o600
    (tmp_path / "open" / "bot.out").write_bytes(b"planted")
    found = shelf.find("bot.out")
    assert found is not None and found[1] == path
    os.close(found[0])


@pytest.mark.parametrize("kind", ["link", "symlink"])
def test_a_planted_name_is_not_written(tmp_path: Path, kind: str) -> None:
    """A link where the scratch file belongs is refused, and what it leads to stays as it is."""
    other = tmp_path / "precious"
    other.write_bytes(b"untouched")
    (tmp_path / "own").mkdir(mode=0o700)
    planted = tmp_path / "own" / "bot.out"
    planted.hardlink_to(other) if kind == "link" else planted.symlink_to(other)
    with pytest.raises(OSError, match=r".+"):
        Shelf((str(tmp_path / "own"),)).create("bot.out", b"head")
    assert other.read_bytes() == b"untouched"


# -- records --------------------------------------------------------------------------------


def test_a_torn_record_leaves_the_one_before() -> None:
    """Of two slots the newest whole one counts, and without any the file is new."""
    old, new = Record(7, 5000, 5000), Record(8, 6000, 6000)
    header = bytearray(HEADER)
    assert newest(bytes(header)) == Record()
    for record in (old, new):
        header[record.slot : record.slot + len(record.pack())] = record.pack()
    assert newest(bytes(header)) == new
    header[new.slot + 20] ^= 1
    assert newest(bytes(header)) == old


@pytest.mark.parametrize(("size", "start", "left"), [(10, 1, 10), (13, 1, 10), (15, 2, 15)])
def test_a_half_done_append_is_cut_back(tmp_path: Path, size: int, start: int, left: int) -> None:
    """An append of 5 bytes at 10 is whole with 15 bytes, and cut back to 10 with fewer."""
    log = tmp_path / "bot.log"
    log.write_bytes(b"x" * size)
    found = log.stat()
    record = Record(1, 1, 2, 10, 5, found.st_dev, found.st_ino)
    assert judge(record, str(log)).start == start
    assert log.stat().st_size == left
