"""The log file rotates at whole lines, and no trouble with the disk ever reaches its caller."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchdog.logs.rotation import OVERSHOOT, RotatingFile, cut_for_rotation


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Rig:
    """A rotating file with its clock and what it told."""

    def __init__(self, path: Path, maximum: int = 0, backups: int = 3) -> None:
        self.path = path
        self.clock = Clock()
        self.told: list[str | None] = []
        self.file = RotatingFile(
            str(path), maximum, backups, self.told.append, lambda s: s.encode() + b"\n", self.clock
        )

    def text(self) -> bytes:
        return self.path.read_bytes()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path / "bot.log")
    yield made
    made.file.close()


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes."""
    old = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, old[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, old)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A tmpfs of 64 KiB, or a skip where one may not be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs the right to mount a tmpfs")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


# -- the decision -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "size", "maximum", "whole", "expected"),
    [
        (b"abc\n", 100, 0, True, 4),  # never rotated
        (b"abc\n", 6, 10, True, 4),  # fits
        (b"abc\ndef\n", 6, 10, True, 4),  # the first line fits
        (b"abc\n", 7, 10, True, 0),  # does not fit: rotate
        (b"a line over the maximum\nx\n", 0, 10, True, 24),  # has a file of its own
        (b"end\nmore\n", 10, 10, False, 4),  # the line goes on: finish it here
        (b"no end", 10, 10, False, 6),
        (b"no end", 10 + OVERSHOOT, 10, False, 0),  # but not for ever
    ],
)
def test_where_a_rotation_falls(
    data: bytes, size: int, maximum: int, whole: bool, expected: int
) -> None:
    """The cut is at the last newline that fits, and a started line is finished first."""
    assert cut_for_rotation(data, size, maximum, whole) == expected


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=50), st.integers(0, 60), st.integers(0, 40), st.booleans())
def test_a_rotation_always_makes_progress(
    data: bytes, size: int, maximum: int, whole: bool
) -> None:
    """An empty file takes at least a line, so that writing never rotates for ever."""
    room = cut_for_rotation(data, size, maximum, whole)
    assert 0 <= room <= len(data)
    assert room or size


# -- rotating -----------------------------------------------------------------------------------


def test_files_move_up_and_the_oldest_goes(tmp_path: Path) -> None:
    """`path` becomes `path.1`, and what would be beyond the last backup is gone."""
    rig = Rig(tmp_path / "bot.log", maximum=4, backups=2)
    for line in (b"one\n", b"two\n", b"thr\n", b"fou\n"):
        rig.file.write(line)
    assert rig.text() == b"fou\n"
    assert (tmp_path / "bot.log.1").read_bytes() == b"thr\n"
    assert (tmp_path / "bot.log.2").read_bytes() == b"two\n"
    assert not (tmp_path / "bot.log.3").exists()


def test_no_backups_empties_the_file(tmp_path: Path) -> None:
    """With no backups the file begins anew, and no other file appears."""
    rig = Rig(tmp_path / "bot.log", maximum=4, backups=0)
    rig.file.write(b"one\n")
    rig.file.write(b"two\n")
    assert rig.text() == b"two\n"
    assert [path.name for path in tmp_path.iterdir()] == ["bot.log"]


def test_an_existing_log_is_continued(rig: Rig) -> None:
    """A log that is there is appended to, and its size counts."""
    rig.path.write_bytes(b"before\n")
    rig.file.write(b"after\n")
    assert rig.text() == b"before\nafter\n"


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.integers(20, 100))
def test_no_line_is_lost_or_torn(lengths: list[int], maximum: int) -> None:
    """Whatever is written in whatever pieces, the files together hold it, each in whole lines."""
    with tempfile.TemporaryDirectory() as place:
        rig = Rig(Path(place) / "log", maximum, backups=1000)
        lines = [b"%d " % number + b"x" * length + b"\n" for number, length in enumerate(lengths)]
        for at in range(0, len(lines), 7):
            rig.file.write(b"".join(lines[at : at + 7]))
        rig.file.close()
        files = sorted(Path(place).iterdir(), key=lambda path: -int(path.suffix[1:] or 0))
        parts = [path.read_bytes() for path in files]
    assert b"".join(parts) == b"".join(lines)
    assert all(part.endswith(b"\n") for part in parts)
    assert all(len(part) <= maximum or part.count(b"\n") == 1 for part in parts)


def test_a_rotation_that_fails_loses_nothing(tmp_path: Path) -> None:
    """Where the file cannot be renamed it grows on, that is said once, and it is tried again."""
    rig = Rig(tmp_path / "bot.log", maximum=4, backups=1)
    in_the_way = tmp_path / "bot.log.1"
    (in_the_way / "x").mkdir(parents=True)
    for line in (b"one\n", b"two\n", b"thr\n"):
        rig.file.write(line)
    assert rig.text() == b"one\ntwo\nthr\n"
    assert len(rig.told) == 1
    assert "cannot rotate" in str(rig.told[0])
    shutil.rmtree(in_the_way)
    rig.clock.now += 1
    rig.file.write(b"fou\n")
    assert (rig.text(), rig.told[1:]) == (b"fou\n", [None])


# -- somebody else moves the file -----------------------------------------------------------------


def test_a_moved_file_is_noticed_within_a_second(rig: Rig) -> None:
    """After logrotate moved the file, output goes to a new one at the path, and none is lost."""
    rig.file.write(b"one\n")
    moved = rig.path.rename(rig.path.with_name("moved"))
    rig.file.write(b"two\n")
    rig.clock.now += 1
    rig.file.write(b"three\n")
    assert moved.read_bytes() == b"one\ntwo\n"
    assert rig.text() == b"three\n"


def test_reopen_on_demand_needs_no_second(rig: Rig) -> None:
    """Told so, the file is opened anew at once."""
    rig.file.write(b"one\n")
    rig.path.rename(rig.path.with_name("moved"))
    rig.file.reopen()
    rig.file.write(b"two\n")
    assert rig.text() == b"two\n"


def test_a_removed_directory_is_made_again(tmp_path: Path) -> None:
    """When the whole directory vanished it is made anew, with no word of trouble."""
    rig = Rig(tmp_path / "deep" / "er" / "bot.log")
    rig.file.write(b"one\n")
    shutil.rmtree(tmp_path / "deep")
    rig.clock.now += 1
    rig.file.write(b"two\n")
    assert (rig.text(), rig.told) == (b"two\n", [])


def test_clear_begins_anew(rig: Rig) -> None:
    """A cleared log is empty and goes on."""
    rig.file.write(b"one\n")
    rig.file.clear()
    assert rig.text() == b""
    rig.file.write(b"two\n")
    assert rig.text() == b"two\n"


# -- trouble --------------------------------------------------------------------------------------


def test_a_full_disk_is_counted_and_told(small_disk: Path) -> None:
    """On a full disk output is dropped; when there is room again the log says how much was lost."""
    (small_disk / "ballast").write_bytes(b"x" * 40 * 1024)
    rig = Rig(small_disk / "bot.log")
    sent = b"".join(b"line %06d of a flood\n" % number for number in range(4000))
    rig.file.write(sent)
    kept = rig.path.stat().st_size
    rig.file.write(b"dropped too\n")
    rig.clock.now += 1
    rig.file.write(b"and this\n")
    assert [str(text)[-50:] for text in rig.told] == [
        "No space left on device; output is dropped until it can"[-50:]
    ]
    lost = len(sent) + len(b"dropped too\nand this\n") - kept
    (small_disk / "ballast").unlink()
    rig.clock.now += 1
    rig.file.write(b"back\n")
    tail = rig.text()[kept:].lstrip(b"\n")
    notice = b"[watchdog: %d bytes of output were lost: No space left on device]\nback\n" % lost
    assert tail == notice
    assert rig.told[1:] == [None]
    rig.file.close()


def test_trouble_is_tried_again_once_a_second(tmp_path: Path) -> None:
    """Within the second nothing is tried, so that a dead disk costs nothing."""
    place = tmp_path / "a-file"
    place.write_bytes(b"")
    rig = Rig(place / "bot.log")
    rig.file.write(b"one\n")
    place.unlink()
    rig.clock.now += 0.9
    rig.file.write(b"two\n")
    assert not place.exists()
    rig.clock.now += 0.1
    rig.file.write(b"three\n")
    assert rig.text() == b"[watchdog: 8 bytes of output were lost: Not a directory]\nthree\n"
    assert [text is None for text in rig.told] == [False, True]


def test_a_file_size_limit_is_no_exception(tmp_path: Path) -> None:
    """RLIMIT_FSIZE (EFBIG) is met like a full disk, and does not kill the writer."""
    rig = Rig(tmp_path / "bot.log")
    with file_size_limit(10):
        rig.file.write(b"0123456789abc\n")
    assert rig.text() == b"0123456789"
    assert "File too large" in str(rig.told[0])
    rig.clock.now += 1
    rig.file.write(b"on\n")
    lost = b"\n[watchdog: 4 bytes of output were lost: File too large]\non\n"
    assert rig.text() == b"0123456789" + lost


def test_a_notice_that_is_torn_is_made_again(tmp_path: Path) -> None:
    """When the notice of the loss itself does not fit, the count of what is lost stays exact."""
    rig = Rig(tmp_path / "bot.log")
    with file_size_limit(10):
        rig.file.write(b"0123456789abc\n")  # 4 bytes are lost
    rig.clock.now += 1
    with file_size_limit(30):
        rig.file.write(b"a long line that is lost as a whole\n")  # and 36
    rig.clock.now += 1
    with file_size_limit(100):
        rig.file.write(b"the notice fits, this does not\n")  # and 19
    rig.clock.now += 1
    rig.file.write(b"on\n")
    assert rig.text().split(b"\n") == [
        b"0123456789",
        b"[watchdog: 4 bytes ",
        b"[watchdog: 40 bytes of output were lost: File too large]",
        b"the notice f",
        b"[watchdog: 19 bytes of output were lost: File too large]",
        b"on",
        b"",
    ]
    assert [text is None for text in rig.told] == [False, True]


def test_a_full_device_stays_in_trouble_quietly() -> None:
    """/dev/full never takes a byte: one report, no exception, everything counted."""
    rig = Rig(Path("/dev/full"), maximum=10)
    for _ in range(5):
        rig.file.write(b"hello\n")
        rig.clock.now += 1
    rig.file.close()
    assert len(rig.told) == 1


def test_a_stopped_reader_of_a_pipe_never_blocks_us(tmp_path: Path) -> None:
    """A log path that is a full pipe drops output instead of stopping the watchdog."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    rig = Rig(path)
    for _ in range(40):
        rig.file.write(b"x" * 65536)
    os.close(reader)
    assert len(rig.told) == 1
    rig.file.close()
